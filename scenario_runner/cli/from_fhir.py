"""``fabricate from-fhir``: imaging studies of a FHIR server become studies in a PACS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from scenario_runner.cli.making_studies import carry_out
from scenario_runner.cli.options import (
    examples,
    site_option,
)
from scenario_runner.cli.study_options import making_options, requested, target_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.cli.making_studies import Ask, Made
    from scenario_runner.engine.services import Control
    from scenario_runner.events import EventHandler


@click.command(
    name="from-fhir",
    epilog=examples(
        "fabricate from-fhir http://127.0.0.1:8080/fhir",
        "fabricate from-fhir http://127.0.0.1:8080/fhir --patient-id Patient/123",
        "fabricate from-fhir ehr --site north.yaml --query modality=CT --write-back",
    ),
)
@click.argument("url", metavar="URL")
@click.option(
    "--max-studies", type=click.IntRange(1, 1_000_000), metavar="N", default=10, show_default=True,
    help="How many studies at most.",
)  # fmt: skip
@click.option("--patient-id", metavar="Patient/ID", help="Studies of this patient of the server.")
@click.option(
    "--query", "queries", multiple=True, metavar="NAME=VALUE",
    help="A search parameter, such as modality=CT; may be given several times.",
)  # fmt: skip
@target_option
@click.option(
    "--write-back",
    is_flag=True,
    help="Bring each ImagingStudy up to date with what was stored, and create an Endpoint for a DICOMweb target.",
)
@site_option
@click.option("--modality", metavar="MODALITY", help="Of studies that name none.")
@making_options("study_ID/series_001_CT/slice_0001.dcm, ID being that of the ImagingStudy")
def from_fhir(
    url: str,
    max_studies: int,
    patient_id: str | None,
    queries: tuple[str, ...],
    write_back: bool,
    modality: str | None,
    seed: int | None,
    registry: str | None,
    site: Path | None,
    yes: bool,
    style: Literal["text", "json"],
    open_it: bool,
    **given: Any,
) -> int:
    """Make the studies of a FHIR server's ImagingStudy resources, send them to a PACS, and check that they arrived.

    URL is the base of the server, R4, R4B or R5, or a target of the site file with 'fhir', where a login can stand.
    Patients, accession numbers and UIDs are those of the resources, and so are series and instances. A study that cannot
    be made is left aside, with the place in its resource, and the others go on; then the exit code is 1. Otherwise it is that
    of fabricate run.
    """
    from scenario_runner.app.fhir_studies import Asked, fhir_studies
    from scenario_runner.app.typical_studies import Wishes

    request = requested(Wishes(seed=seed), registry, site=site, **given)
    asked = Asked(
        url=url,
        query=_query(patient_id, queries),
        max_studies=max_studies,
        modality=modality,
        write_back=write_back,
    )

    def made(handlers: Sequence[EventHandler], control: Control, ask: Ask) -> Made:
        came = fhir_studies(request, asked, handlers, control, ask)
        return came.result, came.wrong, came.remarks

    return carry_out(request, made, yes=yes, style=style, open_it=open_it)


def _query(patient_id: str | None, queries: tuple[str, ...]) -> dict[str, Any]:
    """The search parameters; one that is given twice is a list. Raises BadParameter."""
    found: dict[str, list[str]] = {}
    if patient_id is not None:
        name = patient_id if "/" in patient_id else f"Patient/{patient_id}"
        found["patient"] = [name]
    for one in queries:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"'{one}' is not NAME=VALUE", param_hint="--query")
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}
