"""Imaging studies of a FHIR server as studies that are made, sent and compared: ``fabricate from-fhir``.

The server is asked once. Studies that cannot be made are left aside, each with its reason, and the others go on.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scenario_runner.app.destination import asked_server, destination
from scenario_runner.app.kept_objects import in_folder
from scenario_runner.app.load import Loaded
from scenario_runner.app.order_studies import are_numbered
from scenario_runner.app.review import Review
from scenario_runner.app.run import RunRequest, RunResult, plannable_of, run_loaded
from scenario_runner.app.services import targets_of
from scenario_runner.app.study import StudyRequest, run_of, save_scenario
from scenario_runner.app.typical_studies import whole
from scenario_runner.errors import Diagnostic, InvalidInput, UsageError
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.fhir.collecting import collected
from scenario_runner.orders.fhir.mapping import of_site
from scenario_runner.orders.fhir.studies import orders
from scenario_runner.orders.order import Order
from scenario_runner.orders.sources.fhir import FhirParameters, kept_name
from scenario_runner.planning.sources import Inputs

if TYPE_CHECKING:
    from scenario_runner.app.plans import Plans
    from scenario_runner.engine.services import Control, Factory
    from scenario_runner.events import EventHandler
    from scenario_runner.language.site import LoadedSite
    from scenario_runner.plugins import Plugins

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
    wish = _Wish(asked, plugins, site, target, server, seed, str(request.save or f"{_NAME}.yaml"))
    run = replace(run_of(request, seed), inputs=Inputs())
    sieved = _sieved(wish, run, allow_production=request.allow_production)
    if request.save is not None:
        save_scenario(request.save, sieved.text)
    made, more = _made(wish, run, sieved.left_out)
    remarks = [remark for one in made for remark in one.remarks]
    if more:
        remarks.append(
            f"the server has more than {asked.max_studies}; --max-studies takes more of them"
        )
    objects = None
    if request.dicom_dir is not None:
        names = {one.text("StudyInstanceUID"): _file_name(one) for one in made}
        objects = in_folder(request.dicom_dir, lambda study: names.get(study.uid))
    result = run_loaded(sieved.loaded, run, handlers, control, Review(ask=ask, objects=objects))
    return Came(result, sieved.wrong, remarks)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is asked of whom, and where it goes. server, target: names of the site; file: of the scenario."""

    asked: Asked
    plugins: Plugins
    site: LoadedSite
    target: str
    server: str
    seed: int | None
    file: str

    @property
    def source(self) -> dict[str, Any]:
        """Where the scenario has its patients from."""
        asked = self.asked
        return {
            "fhir": self.server,
            "max_studies": asked.max_studies,
            **({"query": asked.query} if asked.query else {}),
            **({"modality": asked.modality} if asked.modality else {}),
        }


@dataclass(frozen=True, slots=True)
class _Sieved:
    """A scenario of the studies that can be made. wrong: what keeps the others from it."""

    text: str
    loaded: Loaded
    left_out: frozenset[str]
    wrong: Sequence[Diagnostic]


def _sieved(wish: _Wish, run: RunRequest, *, allow_production: bool) -> _Sieved:
    """Plan again and again without the studies that cannot be made. Raises InvalidInput when none can."""
    wrong: list[Diagnostic] = []
    left_out: frozenset[str] = frozenset()
    numbered = True
    while True:
        text = _scenario(wish, left_out, numbered=numbered)
        document = parse_document(text, wish.file)
        scenario = check_scenario(document, wish.plugins, site=wish.site)
        loaded = Loaded(wish.plugins, wish.site, (scenario,))
        # Before anybody is asked for anything.
        targets_of(loaded, loaded.scenarios, allow_production=allow_production)
        try:
            plannable_of(loaded, run)
        except InvalidInput as error:
            found = {name for one in error.diagnostics if (name := _study_of(one))} - left_out
            if not found:
                if wrong:
                    raise InvalidInput(wrong) from error
                raise _plainly(error, wish.file) from error
            wrong += error.diagnostics
            left_out |= found
            continue
        made, _ = _made(wish, run, left_out)
        if not numbered or are_numbered(made, wish.site.site):
            return _Sieved(text, loaded, left_out, wrong)
        numbered = False


def _scenario(wish: _Wish, left_out: Collection[str], *, numbered: bool) -> str:
    """The scenario that makes the studies of the server and sends them. left_out: names of those that it leaves aside.

    numbered: as of ``whole``.
    """
    source = {**wish.source, **({"leave_out": sorted(left_out)} if left_out else {})}
    head: dict[str, Any] = {
        "schema": "scenario/v1",
        "name": _NAME,
        "title": "The studies of the FHIR server reach the PACS and can be found again",
        **({"seed": wish.seed} if wish.seed is not None else {}),
        "patients": [{"from": source}],
    }
    text = whole(head, wish.target, numbered=numbered)
    if not wish.asked.write_back:
        return text
    web = wish.site.site.targets[wish.target].dicomweb is not None
    last = _WRITE_BACK.replace("@SERVER@", wish.server)
    return text + last.replace("@ENDPOINT@", f", endpoint: {wish.target}" if web else "")


def _made(wish: _Wish, run: RunRequest, left_out: Collection[str]) -> tuple[list[Order], bool]:
    """The studies that are made, of what planning has read; and whether the server has more."""
    parameters = {"on" if key == "fhir" else key: value for key, value in wish.source.items()}
    read, about = collected(run.inputs.read[kept_name(FhirParameters(**parameters))])
    site = wish.site.site
    table = of_site(site.identifiers.fhir, site.zone)  # planning has read it without a complaint
    every = orders(read, table)
    return (
        [one for one in every if isinstance(one, Order) and one.name not in left_out],
        bool(about["more"]),
    )


def _file_name(order: Order) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "_", order.name.partition("/")[2])


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
