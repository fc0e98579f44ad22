"""What ``fabricate pacs serve`` and ``fabricate pacs rebuild`` do."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenario_runner.amounts import amount
from scenario_runner.app.load import Sources, Surroundings, load_site
from scenario_runner.app.orders_taken import OrdersTaken
from scenario_runner.app.plan import PlanRequest, preview
from scenario_runner.archive.archive import rebuild as rebuild_archive
from scenario_runner.archive.far_files import store_of
from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.authority import authority
from scenario_runner.database.location import DatabaseUrl
from scenario_runner.deadline import Deadline
from scenario_runner.dicom.elements import Elements
from scenario_runner.errors import UsageError
from scenario_runner.language.site_model import Site
from scenario_runner.language.site_services import EmbeddedService
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.crew import Child, Crew, until_told
from scenario_runner.pacs.fault_arguments import parse_faults
from scenario_runner.pacs.post import Post
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.pacs.server import serve as serve_pacs
from scenario_runner.registry.location import Location
from scenario_runner.targets.embedded_options import hl7_mapping, pacs_options
from scenario_runner.targets.schedule import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What to serve, and where.

    target: one of the site file's, whose ``embedded`` is the start; settings: keys of ``embedded`` that
    win over it, paths absolute; faults: further ones, as ``pacs.faults.parse_faults`` reads them. plan: a
    scenario whose studies are on the worklist; seed: of that plan.
    """

    folder: Path
    store: str | None = None
    """The address of an object store that has the studies; by default what the folder has begun with."""
    index: DatabaseUrl | None = None
    """The database of a PostgreSQL that has their index; by default a file in the folder has it."""
    host: str
    port: int
    site: Path | None = None
    target: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[str] = ()
    plan: Path | None = None
    seed: int | None = None
    registry: Location
    """Where the counters of that plan live, and where orders that come in are noted."""
    around: Surroundings = field(default_factory=Surroundings)
    processes: int = 1
    """How many answer, all behind the same ports and with the same studies."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Who is told that it serves. line: told where, in a line for each port; begun: called once all are open."""

    line: Callable[[str], object]
    begun: Callable[[], object] = lambda: None


Items = Sequence[Elements]
"""Worklist items of a plan."""


def serve(
    serving: Serving,
    ready: Ready,
    stop: threading.Event,
    member: Callable[[Serving, Post, Items], tuple[Child, Connection]] | None = None,
) -> int:
    """Serve until ``stop`` is set. Raises MachineError when a port or the folder cannot be had.

    UsageError for a setting or fault that is none, InvalidInput for a site or scenario that is wrong.
    ready: told in a line where it listens, and in another where DICOMweb is; then that it does. member: starts a process that calls
    ``serve_with_others``, where there are to be several; called by this thread.
    """
    schedule = _schedule(serving)
    with _orders_taken(serving.registry) as taken:
        if member is None or serving.processes == 1:
            pacs, service = _embedded(serving, schedule.items, schedule.station, taken, Post())
            tell = partial(_tell, serving, service, ready, None)
            serve_pacs(pacs, Deadline(None, stop), tell)
            return 0
        pacs, service = _embedded(serving, schedule.items, schedule.station, taken, Post("owner"))
        items = list(schedule.items())
        begin = member

        def start() -> tuple[Child, Connection]:
            return begin(serving, pacs.post_of_members, items)  # known once its ports are open

        crew = Crew(serving.processes, start, pacs.clear_up_after)
        _watch(pacs, crew, partial(_tell, serving, service, ready, crew), stop)
    return 0


@contextmanager
def _orders_taken(registry: Location) -> Iterator[OrdersTaken | None]:
    if registry == ":memory:":
        yield None
        return
    taken = OrdersTaken(registry)
    try:
        yield taken
    finally:
        taken.close()


def _tell(
    serving: Serving,
    service: EmbeddedService,
    ready: Ready,
    crew: Crew | None,
    running: EmbeddedPacs,
) -> None:
    """Open what there is besides the port of DICOM, start the others, and tell where all of it is."""
    url = None
    if service.dicomweb is not None:
        url = running.open_web(prepared=True) if crew is None else running.open_web_for_members()
    hl7 = None if service.hl7_port is None else running.open_hl7()
    if crew is not None:
        crew.begin()
    place = authority(serving.host, running.port)
    store = store_of(serving.folder)
    studies = str(serving.folder) if store is None else store
    index = str(serving.index or serving.folder)
    kept = studies if index == studies else f"{studies}, their index in {index}"
    ready.line(f"{service.ae_title} listens on {place}, studies in {kept}")
    if url is not None:
        ready.line(f"DICOMweb is at {url}")
    if hl7 is not None:
        ready.line(f"HL7 is taken on {authority(serving.host, hl7)}")
    if crew is not None:
        ready.line(f"processes {', '.join(map(str, crew.processes))} answer")
    ready.begun()


def _watch(
    pacs: EmbeddedPacs, crew: Crew, ready: Callable[[EmbeddedPacs], None], stop: threading.Event
) -> None:
    with pacs:
        try:
            ready(pacs)
            crew.watch(stop)
        finally:
            crew.end()


def serve_with_others(
    serving: Serving, post: Post, items: Items, line: Connection, stop: threading.Event
) -> None:
    """Answer as one of several processes, until ``stop`` is set or the owner closes ``line`` or is gone."""
    until_told(line, stop)
    station = _schedule(dataclasses.replace(serving, plan=None)).station
    pacs, service = _embedded(serving, lambda: items, station, None, post)

    def tell(running: EmbeddedPacs) -> None:
        if service.dicomweb is not None:
            running.open_web(prepared=True)
        with suppress(OSError):  # an owner that is gone has told so
            line.send("ready")

    serve_pacs(pacs, Deadline(None, stop), tell)


def _embedded(
    serving: Serving,
    scheduled: Callable[[], Iterable[Elements]],
    station: str,
    taken: OrdersTaken | None,
    post: Post,
) -> tuple[EmbeddedPacs, EmbeddedService]:
    service, folder = _service(serving)
    site = _site(serving)
    options = pacs_options(service, folder)
    mapping = () if site is None else hl7_mapping(site.identifiers.hl7, site.zone)
    pacs = EmbeddedPacs(
        serving.folder,
        ae_title=service.ae_title,
        host=serving.host,
        port=serving.port,
        options=dataclasses.replace(
            options,
            scheduled=scheduled,
            station=station,
            hl7_mapping=mapping,
            archive=dataclasses.replace(options.archive, store=serving.store, index=serving.index),
            ordered=taken,
            heard=None if taken is None else taken.heard,
        ),
        post=post,
    )
    return pacs, service


def rebuild(folder: Path, tell: Callable[[str], object], index: DatabaseUrl | None = None) -> int:
    """Make the index of an archive again from its files; exit code 4 when some cannot be read.

    index: as of ``Serving``. Raises UsageError when there is no archive, MachineError when somebody serves it.
    """
    report = rebuild_archive(folder, ArchiveOptions(index=index))
    older = f", {amount(report.superseded, 'older version')} removed" if report.superseded else ""
    tell(f"{amount(report.instances, 'instance')} indexed{older}")
    for path, why in report.unreadable:
        tell(f"not readable: {path}: {why}")
    return 4 if report.unreadable else 0


def _site(serving: Serving) -> Site | None:
    """The site, when a site file is given."""
    return None if serving.site is None else load_site(serving.site, serving.around)[1].site


def _service(serving: Serving) -> tuple[EmbeddedService, Path]:
    """What the PACS is to be like, and what relative paths in it start from."""
    given: dict[str, Any] = {}
    folder = serving.around.folder
    if serving.target is not None:
        _, loaded = load_site(serving.site, serving.around)
        targets = loaded.site.targets
        spec = targets.get(serving.target)
        if spec is None or spec.embedded is None:
            able = [name for name, one in targets.items() if one.embedded is not None]
            raise UsageError(
                f"'{serving.target}' is no target with 'embedded' in the site file",
                hint=f"there is: {', '.join(able)}" if able else "add embedded: {} to a target",
            )
        given = spec.embedded.model_dump(mode="json", exclude_unset=True)
        folder = loaded.folder
    if serving.faults:
        faults = [
            one.model_dump(mode="json", exclude_unset=True) for one in parse_faults(serving.faults)
        ]
        given["faults"] = [*given.get("faults", ()), *faults]
    settings = dict(serving.settings)
    web = {**(given.get("dicomweb") or {}), **settings.pop("dicomweb", {})}
    if "dicomweb" in given or "port" in web:
        given["dicomweb"] = web
    try:
        return EmbeddedService.model_validate({**given, **settings}), folder
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{where}: {first['msg']}") from None


def _schedule(serving: Serving) -> Schedule:
    _, loaded = load_site(serving.site, serving.around)
    schedule = Schedule(loaded.site.ae_title)
    if serving.plan is not None:
        sources = Sources(paths=[serving.plan], site=serving.site, around=serving.around)
        request = PlanRequest(sources=sources, registry=serving.registry, seed=serving.seed)
        for job in preview(request).jobs:
            schedule.add(job.case)
    return schedule
