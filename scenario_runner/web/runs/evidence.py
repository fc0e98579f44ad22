"""What a run leaves, while it grows and afterwards: events as they come, files, what its process printed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import anyio.to_thread
from fastapi import APIRouter, Header, Response
from fastapi import Path as InPath
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from scenario_runner.app.served_runs import ServedRuns
from scenario_runner.evidence.comparing import compare
from scenario_runner.evidence.comparing_inputs import compared_inputs
from scenario_runner.evidence.pages import comparison_page
from scenario_runner.evidence.write import read_record
from scenario_runner.service.errors import Conflicting, NotThere
from scenario_runner.service.permissions import Permission
from scenario_runner.service.runs.evidence import file_of, files_of
from scenario_runner.web.auth.allowed import gate_of
from scenario_runner.web.imaging.asking import Offset, Viewer
from scenario_runner.web.runs.asking import RunId
from scenario_runner.web.runs.events import events_of
from scenario_runner.web.runs.models import EvidenceList
from scenario_runner.web.streams import Brief
from scenario_runner.web.text import Text

if TYPE_CHECKING:
    from scenario_runner.evidence.record import RunRecord
    from scenario_runner.service.runs.runs import Runs

_REPORT_POLICY: Final = (
    "sandbox allow-popups allow-downloads; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
"""A report carries its style and pictures in itself and has no scripts; in a sandbox it has no origin either."""
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".xml": "application/xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".yaml": "text/plain; charset=utf-8",
    ".dcm": "application/dicom",
}
"""Whatever else is bytes to a browser, and is saved."""
_PIECE: Final = 1 << 18


def evidence_routes(router: APIRouter, desk: ServedRuns) -> None:
    """Add them to a router."""
    runs = desk.runs

    @router.get(
        "/{run_id}/events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}, "description": "Its events."}},
        tags=["runs"],
    )
    async def events(
        request: Request,
        asking: Viewer,  # noqa: ARG001
        run_id: RunId,
        offset: Offset = 0,
        brief: Brief = False,
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    ) -> StreamingResponse:
        """Its events as they come, as server-sent events; each has an id, from which a browser goes on."""
        await anyio.to_thread.run_sync(runs.get, run_id)
        if last_event_id is not None and last_event_id.isdecimal():
            offset = int(last_event_id)
        may_still = partial(gate_of(request).is_still_admitted, request, Permission.VIEW)
        return StreamingResponse(
            events_of(runs, run_id, offset, may_still, brief=brief),
            media_type="text/event-stream",
        )

    @router.get("/{run_id}/output", response_class=Response, tags=["runs"])
    def output(asking: Viewer, run_id: RunId) -> Response:  # noqa: ARG001
        """What its process has printed."""
        path = runs.output(runs.get(run_id))
        if not path.is_file():
            raise NotThere("file-not-found", "it has not begun")
        return _as_it_is_now(path, _TYPES[".txt"])

    @router.get("/{run_id}/files", response_model=EvidenceList, tags=["runs"])
    def files(asking: Viewer, run_id: RunId) -> dict[str, Any]:  # noqa: ARG001
        """The files of its evidence so far."""
        found = files_of(runs.evidence(runs.get(run_id).id))
        return {"files": [{"path": one.path, "size": one.size} for one in found]}

    @router.get("/{run_id}/compared/{before}", response_class=StreamingResponse, tags=["runs"])
    def compared(asking: Viewer, run_id: RunId, before: RunId) -> StreamingResponse:  # noqa: ARG001
        """What differs between an earlier run and this one, as a page that is shown in a sandbox."""
        found = compare(_record_of(runs, before), _record_of(runs, run_id))
        found.differences.extend(compared_inputs(runs.evidence(before), runs.evidence(run_id)))
        headers = {"Content-Security-Policy": _REPORT_POLICY}
        return StreamingResponse(
            comparison_page(found), media_type=_TYPES[".html"], headers=headers
        )

    @router.get("/{run_id}/files/{path:path}", response_class=StreamingResponse, tags=["runs"])
    def file(
        asking: Viewer,  # noqa: ARG001
        run_id: RunId,
        path: Annotated[Text, InPath(max_length=1_000)],
    ) -> StreamingResponse:
        """A file of its evidence. A page of it is shown in a sandbox."""
        found = file_of(runs.evidence(runs.get(run_id).id), path)
        suffix = found.suffix.lower()
        headers = {}
        if suffix == ".html":
            headers["Content-Security-Policy"] = _REPORT_POLICY
        elif suffix not in _TYPES:
            headers["Content-Disposition"] = "attachment"
        return _as_it_is_now(found, _TYPES.get(suffix, "application/octet-stream"), headers)


def _record_of(runs: Runs, run_id: str) -> RunRecord:
    """The record of a run that has ended. Raises NotThere, Conflicting."""
    run = runs.get(run_id)
    if run.state != "ended":
        raise Conflicting("run-goes-on", "a run that goes on has no record yet to be compared")
    if not runs.has_record(run):
        raise NotThere(
            "file-not-found",
            "the run has no record: it ended before it began, or its evidence was taken away",
        )
    return read_record(runs.evidence(run.id))


def _as_it_is_now(
    path: Path, kind: str, headers: Mapping[str, str] | None = None
) -> StreamingResponse:
    """A file as an answer, to where it ends now: a log grows while it is read."""
    stream = path.open("rb")
    size = os.fstat(stream.fileno()).st_size

    def pieces() -> Iterator[bytes]:
        left = size
        with stream:
            while left and (piece := stream.read(min(left, _PIECE))):
                left -= len(piece)
                yield piece

    told = {"Content-Length": str(size), **(headers or {})}
    return StreamingResponse(pieces(), media_type=kind, headers=told)
