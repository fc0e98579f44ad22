"""``fabricate from-hl7``: orders in messages become studies in a PACS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from scenario_runner.cli.making_studies import carry_out
from scenario_runner.cli.options import (
    FILE,
    examples,
    site_option,
)
from scenario_runner.cli.study_options import making_options, requested, target_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.app.study import StudyRequest
    from scenario_runner.cli.making_studies import Ask, Made
    from scenario_runner.engine.services import Control
    from scenario_runner.events import EventHandler


@click.command(
    name="from-hl7",
    epilog=examples(
        "fabricate from-hl7 order.hl7",
        "fabricate from-hl7 feed/*.hl7 --to ORTHANC@127.0.0.1:4242 --yes",
        "fabricate from-hl7 feed.hl7 --modality DX --dicom-dir objects",
    ),
)
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@target_option
@site_option
@click.option("--modality", metavar="MODALITY", help="Of orders that name none.")
@making_options()
def from_hl7(
    files: tuple[Path, ...],
    modality: str | None,
    seed: int | None,
    registry: str | None,
    site: Path | None,
    yes: bool,
    style: Literal["text", "json"],
    open_it: bool,
    **given: Any,
) -> int:
    """Make a study of each order in HL7 v2 messages, send it to a PACS, and check that it arrived.

    FILE may hold one message, several, or a batch: ORM^O01, OMI^O23, OMG^O19 or ORU^R01. Patients, accession
    numbers and UIDs are those of the orders. A message that cannot be used is left aside, with its line and field,
    and the others go on; then the exit code is 1. Otherwise it is that of fabricate run.
    """
    from scenario_runner.app.typical_studies import Wishes

    request = requested(Wishes(seed=seed), registry, site=site, **given)
    return make(request, files, modality, yes=yes, style=style, open_it=open_it)


def make(
    request: StudyRequest,
    files: Sequence[Path],
    modality: str | None,
    *,
    yes: bool,
    style: Literal["text", "json"],
    open_it: bool,
) -> int:
    """Make the studies of orders and show how that came out; the exit code."""
    from scenario_runner.app.order_studies import order_studies

    def made(handlers: Sequence[EventHandler], control: Control, ask: Ask) -> Made:
        result, wrong = order_studies(request, files, modality, handlers, control, ask)
        return result, wrong, result.remarks

    return carry_out(request, made, yes=yes, style=style, open_it=open_it)
