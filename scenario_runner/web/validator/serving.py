"""``fabricate validator``: its addresses on a port of their own, or a role without one."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from dataclasses import field
from functools import partial
from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.requests import Request

from scenario_runner.errors import MachineError, UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.dicomweb.credentials import is_known
from scenario_runner.pacs.http_port import HttpPort, PortOptions
from scenario_runner.pacs.options import WebOptions
from scenario_runner.service.errors import NotLoggedIn
from scenario_runner.service.meters import Meters
from scenario_runner.service.paces import Pace
from scenario_runner.service.readiness import Check, room_in
from scenario_runner.service.validator.broker import require_client
from scenario_runner.service.validator.events import Role
from scenario_runner.service.validator.folder import StudyFolder
from scenario_runner.service.validator.opened import Opened
from scenario_runner.service.validator.roles import Descriptor, Validator
from scenario_runner.service.validator.service import ValidatorService, open_validator
from scenario_runner.service.validator.settings import Settings
from scenario_runner.service.validator.stages import Stages
from scenario_runner.service.validator.worker import Worker
from scenario_runner.version import __version__
from scenario_runner.web import docs_page
from scenario_runner.web.addresses import Addresses
from scenario_runner.web.bodies import BoundedBodies
from scenario_runner.web.head import AnswersHead
from scenario_runner.web.headers import SecurityHeaders
from scenario_runner.web.hosts import OwnNames, is_loopback
from scenario_runner.web.openapi import described
from scenario_runner.web.operation.measured import Measured
from scenario_runner.web.operation.router import operation_router
from scenario_runner.web.paced import PacedBodies
from scenario_runner.web.problems import answer_with_problems
from scenario_runner.web.validator.router import Door, UploadsFirst, nobody, validator_router

_LAST_WORDS = 20
"""Seconds that uploads under way have when the gateway stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorServing:
    """What is served. broker: where the roles are, that else run here. hosts: names it is reached by.

    token: what a client has to give as a bearer token; without one only this machine is served.
    """

    data: Path
    settings: Settings
    host: str = "127.0.0.1"
    port: int = 8080
    broker: str | None = None
    hosts: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)


def serve_gateway(
    serving: ValidatorServing, ready: Callable[[str], object], stop: threading.Event
) -> int:
    """Serve until ``stop`` is set; uploads under way may end.

    Raises UsageError where strangers would be served, MachineError when the folder, the port or the broker cannot be had. ready: told in a line where it listens.
    """
    if serving.token is None and not is_loopback(serving.host):
        raise UsageError(
            f"'{serving.host}' can be reached from other machines, and nobody has to say who they are",
            hint="set FABRICATE_VALIDATOR_TOKEN, or let 'fabricate serve' do it, which has accounts",
        )
    with open_validator(serving.data, serving.settings, serving.broker) as service:
        api = FastAPI(
            title="DICOM Fabricator: validator",
            version=__version__,
            docs_url=None,
            redoc_url=None,
            openapi_url="/openapi.json",
            redirect_slashes=False,
        )
        answer_with_problems(api)
        api.include_router(docs_page.router)
        ask = nobody if serving.token is None else _asks_for(serving.token)
        door = Door(uploader=Depends(ask), viewer=Depends(ask))
        api.include_router(validator_router(service.gateway, door))
        meters = _meters(service)
        api.include_router(operation_router(meters, _checks(serving, service), door.viewer))
        described(api)
        names = WebOptions(allow_hosts=serving.hosts)
        answering = AnswersHead(UploadsFirst(Addresses(api), service.gateway, ask))
        paced = PacedBodies(BoundedBodies(answering), Pace(), names)
        guarded = SecurityHeaders(OwnNames(paced, names))
        named = Measured(guarded, meters)
        options = PortOptions(host=serving.host, port=serving.port, last_words=_LAST_WORDS)
        port = HttpPort(options, lambda _: named)
        port.start()
        try:
            roles = "before the broker" if serving.broker else "all roles in one process"
            ready(f"the validator is at {port.origin}/upload, data in {serving.data}, {roles}")
            stop.wait()
        finally:
            port.stop()
    return 0


def _meters(service: ValidatorService) -> Meters:
    meters = Meters()
    watch_validator(meters, service)
    return meters


def watch_validator(meters: Meters, service: ValidatorService) -> None:
    """How much waits for each role, and how long the stages of a study take."""
    service.journal.listen(Stages(meters.took).told)
    for role in service.depths():
        about = f"Events that wait for the validator's role {role}."
        meters.watch(f"validator_queue_{role}", about, partial(_depth, service, role))


def _depth(service: ValidatorService, role: str) -> float:
    return service.depths()[role]


def _checks(serving: ValidatorServing, service: ValidatorService) -> dict[str, Check]:
    def broker() -> None:
        if service.remote is not None and (why := service.remote.stuck()):
            raise MachineError(why)

    return {"disk": room_in(serving.data), "broker": broker}


def _asks_for(token: str) -> Callable[[Request], Awaitable[None]]:
    async def ask(request: Request) -> None:
        if not is_known(request.headers.get("authorization", ""), {}, token):
            raise NotLoggedIn("not-logged-in", "give the token as Authorization: Bearer …")

    return ask


def run_role(
    role: Role,
    serving: ValidatorServing,
    ready: Callable[[str], object],
    stop: threading.Event,
) -> int:
    """Run a role before the broker until ``stop`` is set. Raises MachineError when the broker does not answer."""
    require_client()
    from scenario_runner.service.validator.nats_broker import NatsBroker

    assert serving.broker is not None
    folder, opened = StudyFolder(serving.data), Opened()
    acting = Validator if role == "validator" else Descriptor
    settings = serving.settings
    broker = NatsBroker(serving.broker, role, settings.redeliver_after)
    worker = Worker(acting(folder, settings, opened), broker, settings.attempts)
    worker.start()
    ready(f"the {role} takes what the broker has, data in {serving.data}")
    try:
        stop.wait()
    finally:
        worker.stop()
        worker.join()
        broker.close()
    return 0
