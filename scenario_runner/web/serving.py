"""What ``fabricate serve`` does: the service and its faces on a port, until it is stopped."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from scenario_runner.api.targets import Target
from scenario_runner.app.discreet import kept_target
from scenario_runner.app.load import Surroundings, load_site
from scenario_runner.app.sendings import Sendings
from scenario_runner.app.served_runs import ServedRuns
from scenario_runner.app.served_site import ServedSite
from scenario_runner.database.location import DatabaseUrl, Location
from scenario_runner.deadline import Deadline
from scenario_runner.errors import Interrupted, StepTimeout, UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.dicomweb.desk import WebDesk
from scenario_runner.pacs.http_port import HttpPort, PortOptions
from scenario_runner.pacs.misbehaviour import Misbehaviour
from scenario_runner.pacs.options import PacsOptions, WebOptions
from scenario_runner.service.accounts.accounts import Accounts
from scenario_runner.service.accounts.oidc import Oidc
from scenario_runner.service.accounts.provider_login import ProviderLogin
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.forwarding import Forwarder
from scenario_runner.service.deletions import Deletions
from scenario_runner.service.permissions import SERVICE, Permission
from scenario_runner.service.runs.runs import Runs
from scenario_runner.service.service import Limits, Service, open_service
from scenario_runner.service.settings import Settings
from scenario_runner.service.validator.noting import Noting
from scenario_runner.service.validator.service import ValidatorService, open_validator
from scenario_runner.service.validator.settings import Settings as ValidatorSettings
from scenario_runner.service.validator.settings import read_settings
from scenario_runner.web.app import Faces, create
from scenario_runner.web.auth.gate import Gate, GateOptions
from scenario_runner.web.console.page import Desk
from scenario_runner.web.console.router import console
from scenario_runner.web.dicomweb.handlers import dicomweb_of
from scenario_runner.web.hosts import is_loopback
from scenario_runner.web.imaging.asking import asks
from scenario_runner.web.imaging.router import imaging_router
from scenario_runner.web.problems import answered
from scenario_runner.web.runs.router import run_routers
from scenario_runner.web.runs.serving import archive_site, bearer_of, runs_of, served_runs
from scenario_runner.web.validator.router import Door, validator_router
from scenario_runner.web.validator.serving import watch_validator
from scenario_runner.web.viewer.installed import home_of
from scenario_runner.web.viewer.router import viewer_router
from scenario_runner.web.wado_uri import wado_router

VALIDATOR = "validator"
"""The folder of the validator, below the data folder."""
FORWARDED = "audit-forwarded"
"""The file in the data folder that says which entry of the audit trail went out last."""
_LAST_WORDS = 20
"""Seconds that uploads and answers under way have when the service stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceServing:
    """What to serve, and where.

    data: the folder of the service; validator: settings of its validator; hosts, proxies: names it is reached by,
    and addresses whose forwarded headers are believed.
    """

    data: Path
    database: Location
    index: DatabaseUrl | None = None
    """The database of a PostgreSQL that has the index of the studies in the data folder; by default a file there has it."""
    host: str = "127.0.0.1"
    port: int = 8080
    site: Path | None = None
    pacs: str = "embedded"
    limits: Limits = field(default_factory=Limits)
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    validator: ValidatorSettings = field(default_factory=lambda: read_settings(None, {}))
    settings: Settings = field(default_factory=Settings)
    settings_folder: Path = Path()
    """What relative paths in the settings start from."""
    around: Surroundings = field(default_factory=Surroundings)

    @property
    def sites(self) -> ServedSite:
        """Where its site file is."""
        return ServedSite(self.site, self.data)


@dataclass(frozen=True, slots=True)
class _Listener:
    """Who is told that the server listens. show: given the address of the console, to open it."""

    ready: Callable[[str], object]
    show: Callable[[str], object] | None = None


def reached_at(origin: str) -> str:
    """Where a browser of this machine finds what listens at an address, or at all of them."""
    for everywhere, here in (("//0.0.0.0", "//127.0.0.1"), ("//[::]", "//[::1]")):
        origin = origin.replace(everywhere, here)
    return f"{origin}/"


def limits_of(**given: int | None) -> Limits:
    """The usual limits, but for those that are given."""
    return Limits(**{name: limit for name, limit in given.items() if limit is not None})


def serve_imaging(
    serving: ServiceServing,
    ready: Callable[[str], object],
    stop: threading.Event,
    show: Callable[[str], object] | None = None,
) -> int:
    """Serve until ``stop`` is set; what is under way then may end.

    Raises UsageError for an address that strangers reach while nobody has to log in, InvalidInput for a site file
    that is wrong, MachineError when the port or the folder cannot be had. ready: told in a line where it listens;
    show: given the console's address then.
    """
    if serving.sites.file is not None:
        # Pages read it anew each time, and would all say the same.
        load_site(serving.sites.file, serving.around)
    with (
        _target(serving) as target,
        open_service(
            serving.data, serving.database, serving.limits, target, serving.index
        ) as service,
    ):
        if not is_loopback(serving.host) and not Accounts(service.database).has_administrator():
            raise UsageError(
                f"'{serving.host}' can be reached from other machines, and there is no administrator yet",
                hint="make one first: fabricate user add NAME --role admin",
            )
        with (
            open_validator(serving.data / VALIDATOR, serving.validator) as validator,
            _runs(serving, service) as runs,
        ):
            _serve(serving, service, validator, runs, _Listener(ready, show), stop)
    return 0


@contextmanager
def _target(serving: ServiceServing) -> Iterator[Target | None]:
    """What keeps the studies, where it is not the data folder. Raises UsageError for a target that is none."""
    if serving.pacs == "embedded":
        yield None
        return
    with kept_target(serving.pacs, serving.sites.file, serving.around) as target:
        yield target


def _runs(serving: ServiceServing, service: Service) -> Runs:
    environ, at_once = serving.around.environ, serving.settings.runs.at_once
    return runs_of(serving.data, serving.database, environ, at_once, service)


def _served(serving: ServiceServing, service: Service, runs: Runs) -> ServedRuns:
    return served_runs(serving.data, serving.database, serving.sites, serving.around, service, runs)


def _serve(
    serving: ServiceServing,
    service: Service,
    validator: ValidatorService,
    runs: Runs,
    listener: _Listener,
    stop: threading.Event,
) -> None:
    service.deletions = Deletions(
        service.database, second_person=serving.settings.deletion.second_person
    )
    _watch(service, validator, runs)
    stopping = threading.Event()
    forwarder = _forwarder(serving, service)
    served = _served(serving, service, runs)
    sendings = Sendings(service)
    port = HttpPort(
        PortOptions(host=serving.host, port=serving.port, last_words=_LAST_WORDS),
        lambda break_off: create(
            _faces(serving, service, validator, served, sendings, stopping), break_off
        ),
    )
    port.start()
    served.archive_site = archive_site(serving.data, port.origin)
    if forwarder is not None:
        forwarder.start()
    detail = {"host": serving.host, "port": port.port}
    service.trail.record(SERVICE, Activity.STARTED, detail=detail)
    try:
        listener.ready(
            f"the imaging service is at {port.origin}/, data in {serving.data.absolute()}"
        )
        if listener.show is not None:
            listener.show(reached_at(port.origin))
        _wait(stop)
    finally:
        stopping.set()
        runs.stopping.set()
        port.stop()
        sendings.close()
        service.trail.record(SERVICE, Activity.STOPPED)
        if forwarder is not None:
            forwarder.stop()


def _watch(service: Service, validator: ValidatorService, runs: Runs) -> None:
    """Numbers that are asked for when somebody reads the metrics."""
    totals = service.home.staging.index.totals
    meters = service.meters
    meters.watch("archive_instances", "Instances kept here.", lambda: totals()[0])
    meters.watch("archive_bytes", "Bytes of the instances kept here.", lambda: totals()[1])
    meters.watch("uploads_under_way", "Uploads just now.", service.progress.under_way)
    meters.watch("judge_queue", "Files that wait for their findings.", service.judge.waiting)
    meters.watch("runs_going", "Runs whose processes go on.", runs.going)
    watch_validator(meters, validator)


def _forwarder(serving: ServiceServing, service: Service) -> Forwarder | None:
    audit = serving.settings.audit
    if audit.syslog is None:
        return None
    receiver = audit.syslog.receiver(serving.settings_folder)
    source = audit.identity(str(os.getpid()))
    return Forwarder(service.trail, receiver, source, serving.data / FORWARDED)


def _validator_door(service: Service, validator: ValidatorService) -> Door:
    """Who may upload or view in the console may here, and what is uploaded is written down alike."""
    noting = Noting(service.trail, validator.journal)
    noting.settle()
    return Door(uploader=asks(Permission.UPLOAD), viewer=asks(Permission.VIEW), noting=noting)


def _faces(
    serving: ServiceServing,
    service: Service,
    validator: ValidatorService,
    served: ServedRuns,
    sendings: Sendings,
    stopping: threading.Event,
) -> Faces:
    options = WebOptions(allow_hosts=serving.hosts, trusted_proxies=serving.proxies, delete=True)
    nothing = Misbehaviour([], stopping)
    desk = WebDesk(
        archive=service.home.staging,
        options=PacsOptions(web=options),
        web=options,
        misbehaving=lambda: nothing,
        stopping=stopping,
        instead=dicomweb_of(service),
        refused=answered,
    )
    rates = serving.settings.rates
    oidc, provider = _provider(serving)
    gate = Gate(
        service.database,
        GateOptions(
            loopback=is_loopback(serving.host),
            web=options,
            sessions=serving.settings.sessions.times(),
            account_rate=rates.account.rate() if rates.account is not None else None,
            address_rate=rates.address.rate() if rates.address is not None else None,
            bearer=bearer_of(
                served.runs,
                None if oidc is None else oidc.caller,
            ),
            provider=provider,
        ),
    )
    return Faces(
        service=service,
        dicomweb=desk,
        gate=gate,
        options=options,
        pace=serving.settings.bodies.pace(),
        routers=[
            imaging_router(service),
            wado_router(service),
            validator_router(validator.gateway, _validator_door(service, validator)),
            *run_routers(served),
            viewer_router(home_of(serving.data)),
        ],
        console=console(
            lambda show: Desk(
                service=service,
                runs=served,
                sendings=sendings,
                show=show,
                data=serving.data,
                sites=serving.sites,
                pacs=serving.pacs,
                settings=serving.settings,
                settings_folder=serving.settings_folder,
                around=serving.around,
                stopping=stopping,
            )
        ),
    )


def _provider(serving: ServiceServing) -> tuple[Oidc | None, ProviderLogin | None]:
    """Whose tokens are believed, and the login there, where the settings say so."""
    settings = serving.settings.oidc
    if settings is None:
        return None, None
    oidc, login = Oidc(settings.options(serving.settings_folder)), settings.login()
    return oidc, None if login is None else ProviderLogin(oidc, login)


def _wait(stop: threading.Event) -> None:
    deadline = Deadline(None, stop)
    try:
        while True:
            deadline.sleep(3600.0)
    except (Interrupted, StepTimeout):
        return
