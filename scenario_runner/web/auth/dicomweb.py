"""DICOMweb behind the gate: which permission each of its requests needs, and for which study."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import anyio.to_thread
from starlette.requests import Request

from scenario_runner.errors import FabricatorError
from scenario_runner.pacs.dicomweb.app import PREFIX
from scenario_runner.service.asking import Asking
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.looks import Looks
from scenario_runner.service.deletions import Deletions
from scenario_runner.service.errors import NotAllowed
from scenario_runner.service.permissions import Permission
from scenario_runner.web.auth.gate import Gate
from scenario_runner.web.problems import answered

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_STUDY: Final = re.compile(re.escape(PREFIX) + r"/studies/(?P<study>[0-9.]{1,64})(?=/|$)")
_BY_QUERY: Final = ("StudyInstanceUID", "0020000D", "studyUID")
"""How a query names its study: as an attribute (PS3.18 8.3.4.1), or for the URI service (PS3.18 9.1)."""

_FOR_EARLIER: Final = frozenset(
    {"00100020", "PatientID", "includefield", "limit", "offset", "fuzzymatching"}
)
"""What a viewer asks with for other studies of the patient."""

_ONCE_IN: Final = 300.0
"""Seconds in which looking at the same study again is the same look."""
ASKING: Final = "asking"
"""Under which the state of a request that was let through tells who asks."""


class GatedDicomWeb:
    """Lets a request through to DICOMweb when its caller may do what it asks for, and writes it down.

    A viewer asks for hundreds of frames of a study: that somebody looks at it is written down once in a while, a
    deletion each time, before it is done; what is stored is an upload, which writes that down itself. A deletion
    needs its reason here, too: ``?reason=…``.
    """

    def __init__(self, app: ASGIApp, gate: Gate, deletions: Deletions) -> None:
        self._app = app
        self._gate = gate
        self._deletions = deletions
        self._looks = Looks(_ONCE_IN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 401, 403 or 422."""
        if scope["type"] == "http" and scope["method"] != "OPTIONS":
            request = Request(scope)
            try:
                study = study_of(request)
                if study is None and (bound := await self._bound_to(request)):
                    study, scope = bound, _narrowed(scope, bound)
                caller = await self._gate.admit(request, needed(request.method), study)
                scope["state"][ASKING] = asking = Asking(caller, self._gate.came_from(request))
                what = activity_of(request, study)
                if self._is_noted(what, asking, study):
                    # To change threads for each frame is a good part of what one costs.
                    await anyio.to_thread.run_sync(self._note, request, what, asking, study)
            except FabricatorError as error:
                await answered(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _bound_to(self, request: Request) -> str | None:
        """The study that a search by a token for one is narrowed to. Raises NotLoggedIn.

        Every viewer looks for earlier studies of the patient; one that has such a token finds those it may see.
        """
        is_search = request.method in ("GET", "HEAD") and request.url.path == f"{PREFIX}/studies"
        if not is_search or not _FOR_EARLIER.issuperset(request.query_params):
            return None
        return (await self._gate.caller(request)).study

    def _is_noted(self, what: Activity, asking: Asking, study: str | None) -> bool:
        match what:
            case Activity.UPLOADED:
                return False
            case Activity.DELETED:
                return True
        caller = asking.caller
        return self._looks.is_news(
            caller.name, caller.arrival, what, study or "", asking.from_where
        )

    def _note(self, request: Request, what: Activity, asking: Asking, study: str | None) -> None:
        detail: dict[str, str] = {"over": "DICOMweb"}
        if what is Activity.DELETED:
            if study is None or self._deletions.second_person:
                raise NotAllowed(
                    "second-person-needed",
                    "here a deletion takes two people",
                    hint="ask for it by DELETE /api/v1/dicom/studies/{study_uid}",
                )
            reason = request.query_params.get("reason", "")
            deletion = self._deletions.ask(asking.caller, study, reason, asking.from_where)
            detail["reason"] = deletion.reason
        self._gate.trail.record(asking.caller, what, study, asking.from_where, detail=detail)


def _narrowed(scope: Scope, study: str) -> Scope:
    query = scope["query_string"].decode("latin-1")
    named = urlencode({_BY_QUERY[0]: study})
    return {**scope, "query_string": f"{query}&{named}".lstrip("&").encode("latin-1")}


def activity_of(request: Request, study: str | None) -> Activity:
    """What a request is in the audit trail."""
    match needed(request.method):
        case Permission.DELETE:
            return Activity.DELETED
        case Permission.UPLOAD:
            return Activity.UPLOADED
    return Activity.VIEWED if study is not None and _is_of_one(request) else Activity.SEARCHED


def _is_of_one(request: Request) -> bool:
    """A study in the path, or for the URI service; a query that happens to name one is a query."""
    return _STUDY.match(request.url.path) is not None or "studyUID" in request.query_params


def needed(method: str) -> Permission:
    """A POST to studies stores (PS3.18 10.5); nothing else of DICOMweb here changes anything but DELETE."""
    match method:
        case "DELETE":
            return Permission.DELETE
        case "GET" | "HEAD" | "OPTIONS":
            return Permission.VIEW
    return Permission.UPLOAD


def study_of(request: Request) -> str | None:
    """The one study that is asked about; None when it may be any."""
    match = _STUDY.match(request.url.path)
    if match is not None:
        return match["study"]
    named = {value for name in _BY_QUERY for value in request.query_params.getlist(name)}
    return named.pop() if len(named) == 1 else None
