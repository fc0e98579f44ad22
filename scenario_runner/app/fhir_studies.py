"""Imaging studies of a FHIR server as studies that are made, sent and compared: ``fabricate from-fhir``.

The server is asked once. Studies that cannot be made are left aside, each with its reason, and the others go on.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scenario_runner.app.destination import asked_server, destination
from scenario_runner.app.kept_objects import in_folder
from scenario_runner.app.load import Loaded
from scenario_runner.app.review import Review
from scenario_runner.app.run import RunResult, plannable_of, run_loaded
from scenario_runner.app.services import targets_of
from scenario_runner.app.study import StudyRequest, run_of, save_scenario
from scenario_runner.app.typical_studies import whole
from scenario_runner.errors import Diagnostic, InvalidInput, UsageError
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.fhir.collecting import collected
from scenario_runner.orders.fhir.mapping import of_site
from scenario_runner.orders.fhir.source import FhirParameters, kept_name
from scenario_runner.orders.fhir.studies import orders
from scenario_runner.orders.order import Order
from scenario_runner.planning.sources import Inputs

if TYPE_CHECKING:
    from scenario_runner.app.plans import Plans
    from scenario_runner.engine.services import Control, Factory
    from scenario_runner.events import EventHandler

_NAME = "from_fhir"
_WRITE_BACK = """\
  - fhir_write: {to: @SERVER@, resource: imaging_study, existing: update@ENDPOINT@}
    title: Write back what was stored
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of the server is wanted. query: search parameters of ImagingStudy."""

    url: str
    query: dict[str, Any]
    max_studies: int
    modality: str | None = None
    write_back: bool = False


@dataclass(frozen=True, slots=True)
class Came:
    """How it went. wrong: of studies that were left aside. remarks: what was taken though it is unusual."""

    result: RunResult
    wrong: Sequence[Diagnostic]
    remarks: Sequence[str]


def fhir_studies(
    request: StudyRequest,
    asked: Asked,
    handlers: Sequence[EventHandler],
    control: Control,
    ask: Callable[[Plans, Factory], bool] | None = None,
) -> Came:
    """Make each study, send it and compare. Raises FabricatorError; InvalidInput when none can be made."""
    plugins, site, target = destination(request.to, request.site, request.around)
    plugins, site, server = asked_server(asked.url, plugins, site, request.around)
    seed = request.wishes.seed
    if request.save is not None and seed is None:
        seed = secrets.randbits(32)
    source: dict[str, Any] = {"fhir": server, "max_studies": asked.max_studies}
    source |= {"query": asked.query} if asked.query else {}
    source |= {"modality": asked.modality} if asked.modality else {}
    file = str(request.save or f"{_NAME}.yaml")
    run = replace(run_of(request, seed), inputs=Inputs())
    wrong: list[Diagnostic] = []
    left_out: set[str] = set()
    while True:
        head: dict[str, Any] = {
            "schema": "scenario/v1",
            "name": _NAME,
            "title": "The studies of the FHIR server reach the PACS and can be found again",
            **({"seed": seed} if seed is not None else {}),
            "patients": [
                {"from": {**source, **({"leave_out": sorted(left_out)} if left_out else {})}}
            ],
        }
        text = whole(head, target)
        if asked.write_back:
            web = site.site.targets[target].dicomweb is not None
            last = _WRITE_BACK.replace("@SERVER@", server)
            text += last.replace("@ENDPOINT@", f", endpoint: {target}" if web else "")
        document = parse_document(text, file)
        loaded = Loaded(plugins, site, (check_scenario(document, plugins, site=site),))
        # Before anybody is asked for anything.
        targets_of(loaded, loaded.scenarios, allow_production=request.allow_production)
        try:
            plannable_of(loaded, run)
        except InvalidInput as error:
            found = {name for one in error.diagnostics if (name := _study_of(one))} - left_out
            if not found:
                if wrong:
                    raise InvalidInput(wrong) from error
                raise _plainly(error, file) from error
            wrong += error.diagnostics
            left_out |= found
            continue
        break
    if request.save is not None:
        save_scenario(request.save, text)
    read, about = collected(run.inputs.read[kept_name(FhirParameters(**_parameters(source)))])
    table = of_site(
        site.site.identifiers.fhir, site.site.zone
    )  # which planning has read without a complaint
    made = [
        one for one in orders(read, table) if isinstance(one, Order) and one.name not in left_out
    ]
    names = {
        one.text("StudyInstanceUID"): re.sub(r"[^A-Za-z0-9.-]", "_", one.name.partition("/")[2])
        for one in made
    }
    remarks = [remark for one in made for remark in one.remarks]
    if about["more"]:
        remarks.append(
            f"the server has more than {asked.max_studies}; --max-studies takes more of them"
        )
    objects = None
    if request.dicom_dir is not None:
        objects = in_folder(request.dicom_dir, lambda study: names.get(study.uid))
    result = run_loaded(loaded, run, handlers, control, Review(ask=ask, objects=objects))
    return Came(result, wrong, remarks)


def _parameters(source: dict[str, Any]) -> dict[str, Any]:
    return {"on" if key == "fhir" else key: value for key, value in source.items()}


def _study_of(diagnostic: Diagnostic) -> str | None:
    """Which study it is about."""
    match = re.match(r"ImagingStudy/[A-Za-z0-9.-]+", diagnostic.where.label)
    return None if match is None else match[0]


def _plainly(error: InvalidInput, file: str) -> InvalidInput | UsageError:
    """What is wrong with what was asked, without the scenario in between."""
    first = error.diagnostics[0]
    if first.where.file != file:
        return error
    return UsageError(first.message, hint=first.hint)
