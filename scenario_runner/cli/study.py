"""``fabricate study``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from scenario_runner.cli import shell_completion
from scenario_runner.cli.from_orders import make
from scenario_runner.cli.making_studies import carry_out
from scenario_runner.cli.options import (
    Day,
    Kind,
    examples,
    site_option,
)
from scenario_runner.cli.study_options import making_options, requested, target_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.cli.making_studies import Ask, Made
    from scenario_runner.engine.services import Control
    from scenario_runner.events import EventHandler

_COUNT = click.IntRange(1, 1_000_000)


@click.command(
    epilog=examples(
        "fabricate study",
        "fabricate study ct --to ORTHANC@127.0.0.1:4242 --images 10",
        "fabricate study mg --site north.yaml --accession 'MG{7digits}' --yes",
        "fabricate study xray --save knee.yaml --dicom-dir objects",
    )
)
@click.argument("kind", metavar="[KIND]", type=Kind(), default="xray")
@target_option
@site_option
@click.option(
    "--patient",
    metavar="ID",
    shell_complete=shell_completion.patients,
    help="PatientID; a patient of the registry is met again as it has them.",
)
@click.option("--name", metavar="FAMILY^GIVEN", help="Name of the patient.")
@click.option("--accession", metavar="TEXT|PATTERN", help="Accession number, such as A{7digits}.")
@click.option("--studies", type=_COUNT, metavar="N", default=1, help="How many studies.")
@click.option("--series", type=_COUNT, metavar="N", help="How many series in each study.")
@click.option("--images", type=_COUNT, metavar="N", help="How many images in each series.")
@click.option("--date", type=Day(), metavar="DAY", help="2026-01-31, today, or -3d.")
@click.option(
    "--from-order",
    "orders",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A study of each order in these HL7 v2 messages instead, as fabricate from-hl7 makes them.",
)
@making_options()
def study(
    kind: str,
    to: str | None,
    site: Path | None,
    out: Path | None,
    dicom_dir: Path | None,
    save: Path | None,
    yes: bool,
    style: Literal["text", "json"],
    open_it: bool,
    registry: str | None,
    allow_production: bool,
    orders: tuple[Path, ...],
    **wishes: Any,
) -> int:
    """Make a typical study, send it to a PACS, and check that it arrived.

    KIND is xray, ct, mr, mg, us or any other modality. It is made as such an examination usually is, sent to
    'pacs' (the embedded PACS, unless --site or --to name another), waited for, found by its accession number,
    fetched back and compared. On a terminal what will be made is shown first, and sent when you say so.

    The exit codes are those of fabricate run; 130 when you say no.
    """
    from scenario_runner.app.study import study as make_study
    from scenario_runner.app.typical_studies import Wishes

    request = requested(
        Wishes(kind=kind, **wishes),
        registry,
        to=to,
        site=site,
        out=out,
        dicom_dir=dicom_dir,
        save=save,
        allow_production=allow_production,
    )
    if orders:
        return make(request, orders, _modality(kind, wishes), yes=yes, style=style, open_it=open_it)

    def made(handlers: Sequence[EventHandler], control: Control, ask: Ask) -> Made:
        result = make_study(request, handlers, control, ask)
        return result, (), result.remarks

    return carry_out(request, made, yes=yes, style=style, open_it=open_it)


def _modality(kind: str, wishes: dict[str, Any]) -> str | None:
    """The modality of orders that name none, where KIND is one; the rest is the orders' to say."""
    said = [name for name, value in wishes.items() if value not in (None, 1) and name != "seed"]
    if said:
        raise click.UsageError(f"--{said[0]} is for the order to say; leave out --from-order or it")
    typed = click.get_current_context().get_parameter_source("kind")
    if typed is not click.core.ParameterSource.COMMANDLINE:
        return None
    modality: str = {"xray": "DX"}.get(kind.lower(), kind.upper())
    return modality
