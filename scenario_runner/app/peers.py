"""A PACS named on the command line: a target of a site file, or an address."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenario_runner.api import Target
from scenario_runner.app.load import Surroundings, load_site
from scenario_runner.app.select import guard_production
from scenario_runner.errors import UsageError
from scenario_runner.language.site_model import Receiver, TargetSpec
from scenario_runner.language.site_services import DicomService, Hl7Service, HttpService
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.redaction import Redactor
from scenario_runner.targets.open import Opening
from scenario_runner.temporary import TemporaryFolder

_ADDRESS = re.compile(r"((?P<ae>[^@]+)@)?(?P<host>\[[^\]]+\]|[^:@/]+):(?P<port>\d{1,5})")
_ANY_SCP = "ANY-SCP"
_TITLE = "an AE title has 1 to 16 characters of ASCII, no backslash, and not only spaces"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRequest:
    """Whom to speak to. peer: a target's name, ``[AE@]HOST:PORT`` or the URL of a DICOMweb service.

    hl7: how a receiver of messages at an address is spoken to, where one is meant. called, calling: AE titles. receiver: ``AE@HOST:PORT`` where C-MOVE comes back to.
    """

    peer: str
    site: Path | None = None
    called: str | None = None
    calling: str | None = None
    receiver: str | None = None
    hl7: Mapping[str, Any] | None = None
    allow_production: bool = False
    around: Surroundings = field(default_factory=Surroundings)


@dataclass(frozen=True, slots=True)
class Peer:
    """A PACS that is spoken to, under the name it was called by."""

    name: str
    target: Target
    clean: Callable[[Any], Any]
    """Takes what came from the environment out of what is shown: a PACS may say a password back."""
    site: Path | None = None
    """The file that it is a target of."""

    def __str__(self) -> str:
        return self.name


@contextlib.contextmanager
def opened(request: PeerRequest) -> Iterator[Peer]:
    """Open the peer, and let go of it afterwards.

    Raises UsageError when it is none of the forms or may be production, InvalidInput, TargetError;
    errors from within come out without secrets.
    """
    plugins, loaded = load_site(request.site, request.around)
    settings = loaded.site
    if request.calling is not None:
        _require_title(request.calling)
        settings = settings.model_copy(update={"ae_title": request.calling})
    if request.receiver is not None:
        ours = _address(request.receiver, "--receiver")
        receiver = Receiver(ae_title=ours.ae_title, host=ours.host, port=ours.port)
        settings = settings.model_copy(update={"receiver": receiver})
    file = request.site if request.peer in settings.targets else None
    if file is not None:
        guard_production({request.peer}, settings, allowed=request.allow_production)
        spec = settings.targets[request.peer]
        if request.called is not None and spec.dicom is not None:
            service = spec.dicom.model_copy(update={"ae_title": request.called})
            spec = spec.model_copy(update={"dicom": service})
    else:
        spec = _unnamed(request, list(settings.targets) if request.site else [])
    redactor = Redactor(loaded.secrets)
    opening = Opening(
        site=settings,
        kinds=plugins.named("fabricate_target_kinds"),
        folder=loaded.folder,
        learned=redactor.learn,
    )
    with (
        redactor.guarding(),
        TemporaryFolder() as scratch,
    ):
        target = opening.target(request.peer, spec, scratch)
        try:
            yield Peer(request.peer, target, redactor.tree, file)
        finally:
            target.close()


def addressed(peer: str) -> TargetSpec | None:
    """The PACS at an address: ``[AE@]HOST:PORT`` or a URL; None for what is neither.

    Raises UsageError for an address that cannot be used.
    """
    if peer.startswith(("http://", "https://")):
        return TargetSpec(dicomweb=_web(peer))
    if _ADDRESS.fullmatch(peer):
        return TargetSpec(dicom=_address(peer, peer))
    return None


def no_such_peer(peer: str, known: list[str]) -> UsageError:
    """What to say of a name that is neither an address nor a target."""
    if "@" in peer and ":" not in peer:
        return UsageError(
            f"the address '{peer}' has no port",
            hint="write AE@HOST:PORT" if peer.endswith("@") else f"write {peer}:104, or its port",
        )
    return UsageError(
        f"'{peer}' is neither HOST:PORT nor a target of a site file",
        hint=f"targets: {', '.join(known)}"
        if known
        else "none is named: give --site, or add it on the page PACS of the console",
    )


def _unnamed(request: PeerRequest, known: list[str]) -> TargetSpec:
    if request.hl7 is not None:
        return _receiver_of_messages(request, known)
    spec = addressed(request.peer)
    if spec is None:
        raise no_such_peer(request.peer, known)
    if spec.dicom is not None and request.called is not None:
        service = spec.dicom.model_copy(update={"ae_title": request.called})
        spec = spec.model_copy(update={"dicom": service})
    return spec


def _receiver_of_messages(request: PeerRequest, known: list[str]) -> TargetSpec:
    if not _ADDRESS.fullmatch(request.peer) or "@" in request.peer:
        raise no_such_peer(request.peer, known)
    at = _address(request.peer, request.peer)
    service = {"host": at.host, "port": at.port, **(request.hl7 or {})}
    return TargetSpec(hl7=Hl7Service.model_validate(service))


def _require_title(calling: str) -> None:
    try:
        DicomService(host="localhost", port=1, ae_title=calling)
    except ValidationError:
        raise UsageError(f"we cannot call ourselves '{calling}': {_TITLE}") from None


def _web(url: str) -> HttpService:
    try:
        return HttpService(url=url)
    except ValidationError as error:
        words = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise UsageError(
            f"PEER: {words.removeprefix('Value error, ')}",
            hint="for a login, name a target of a site file",
        ) from None


def _address(text: str, what: str) -> DicomService:
    """``[AE@]HOST:PORT`` as a service."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise UsageError(f"{what}: '{text}' is not AE@HOST:PORT")
    try:
        return DicomService(
            host=match["host"].strip("[]"),
            port=int(match["port"]),
            ae_title=match["ae"] or _ANY_SCP,
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        words = {"port": "a port is 1 to 65535", "ae_title": _TITLE}
        named = "" if what == text else f"{what}: "
        why = words.get(str(first["loc"][0]), first["msg"])
        raise UsageError(
            f"{named}'{text}' cannot be used: {why}", hint="write AE@HOST:PORT"
        ) from None
