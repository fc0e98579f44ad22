"""The routes of DICOMweb, and what every request goes through: who asks, faults, a thread, an answer."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import anyio
import anyio.from_thread
import anyio.to_thread
from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from scenario_runner.answers import status_class
from scenario_runner.dicom import statuses
from scenario_runner.errors import MachineError
from scenario_runner.pacs.dicomweb.address import root_of
from scenario_runner.pacs.dicomweb.bodies import AHEAD, PIECE, Body, Place, begun, drain, gathered
from scenario_runner.pacs.dicomweb.credentials import is_known
from scenario_runner.pacs.dicomweb.desk import (
    TEXT,
    Call,
    ConnectionBroken,
    Handler,
    Reply,
    WebDesk,
    WebError,
)
from scenario_runner.pacs.dicomweb.frames import retrieve_frames
from scenario_runner.pacs.dicomweb.metadata import retrieve_bulk_data, retrieve_metadata
from scenario_runner.pacs.dicomweb.rendering import render_image, render_thumbnail
from scenario_runner.pacs.dicomweb.retrieving import retrieve_instances
from scenario_runner.pacs.dicomweb.search import (
    search_instances,
    search_series,
    search_studies,
    warning_header,
)
from scenario_runner.pacs.dicomweb.storing import store_instances

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from scenario_runner.fields.pacs_faults import Operation
    from scenario_runner.pacs.http_port import Breaker
    from scenario_runner.pacs.misbehaviour import Fate, Misbehaviour
    from scenario_runner.pacs.options import WebOptions

LOGGER = logging.getLogger(__name__)

PREFIX: Final = "/dicom-web"
_LOOK: Final = 0.05


def delete_study(desk: WebDesk, call: Call) -> Reply:
    """``DELETE /studies/{study}``: from the archive, for good."""
    study = call.uid("study") or ""
    if not desk.archive.delete_study(study):
        raise WebError(404, f"study {study} is not stored")
    return Reply(status=204)


def routes() -> list[tuple[str, str, Operation, Handler]]:
    """Method, path, what faults call it, and what answers."""
    study, series, instance = (
        "/studies/{study}", "/studies/{study}/series/{series}",
        "/studies/{study}/series/{series}/instances/{instance}",
    )  # fmt: skip
    found: list[tuple[str, str, Operation, Handler]] = [
        ("POST", "/studies", "store", store_instances),
        ("POST", study, "store", store_instances),
        ("GET", "/studies", "find", search_studies),
        ("GET", "/series", "find", search_series),
        ("GET", "/instances", "find", search_instances),
        ("GET", f"{study}/series", "find", search_series),
        ("GET", f"{study}/instances", "find", search_instances),
        ("GET", f"{series}/instances", "find", search_instances),
        ("GET", f"{instance}/bulkdata/{{path:path}}", "get", retrieve_bulk_data),
        ("GET", f"{instance}/frames/{{frames}}", "get", retrieve_frames),
        ("GET", f"{instance}/frames/{{frames}}/rendered", "get", render_image),
        ("GET", f"{instance}/frames/{{frames}}/thumbnail", "get", render_thumbnail),
        ("DELETE", study, "any", delete_study),
    ]
    for resource in (study, series, instance):
        found += [
            ("GET", resource, "get", retrieve_instances),
            ("GET", f"{resource}/metadata", "get", retrieve_metadata),
            ("GET", f"{resource}/rendered", "get", render_image),
            ("GET", f"{resource}/thumbnail", "get", render_thumbnail),
        ]
    return found


def make_app(desk: WebDesk, break_off: Breaker, beside: Sequence[Route] = ()) -> Starlette:
    """The ASGI application below ``/dicom-web``. beside: routes elsewhere, which are answered as they are."""
    door = _Door(desk, break_off)
    middleware = []
    if desk.web.allow_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(desk.web.allow_origins),
                allow_methods=["*"],
                allow_headers=["*"],
            )
        )
    resources: dict[str, dict[str, tuple[Operation, Handler]]] = {}
    for method, path, operation, handler in routes():
        if method != "DELETE" or desk.web.delete:
            answers = desk.instead.get(handler, handler)
            resources.setdefault(PREFIX + path, {})[method] = (operation, answers)
    return Starlette(
        routes=[
            *(Route(path, _Resource(door, methods)) for path, methods in resources.items()),
            *beside,
        ],
        middleware=middleware,
        exception_handlers={HTTPException: door.not_found},
    )


class _Resource:
    """What answers the requests for one path, and knows which methods there are (RFC 9110 10.2.1)."""

    def __init__(self, door: _Door, methods: Mapping[str, tuple[Operation, Handler]]) -> None:
        self._door = door
        self._methods = methods
        heads = ["HEAD"] if "GET" in methods else []
        self._allow = {"Allow": ", ".join(sorted([*methods, *heads, "OPTIONS"]))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        method = "GET" if request.method == "HEAD" else request.method
        if method in self._methods:
            response = await self._door.answer(request, *self._methods[method])
        elif method == "OPTIONS":
            response = Response(status_code=204, headers=self._allow)
        else:
            there = self._allow["Allow"]
            error = WebError(
                405, f"there is no {request.method[:20]} here, but {there}", self._allow
            )
            response = await self._door.refusal(request, error)
        await response(scope, receive, send)


class _Door:
    """What every request passes. Lives on the event loop; the answering is done in threads."""

    def __init__(self, desk: WebDesk, break_off: Breaker) -> None:
        self._desk = desk
        self._break_off = break_off
        self._places = anyio.CapacityLimiter(desk.options.maximum_associations)
        self._lock = threading.Lock()
        self._counted: Counter[str] = Counter()
        """Requests by operation since these faults were switched on."""
        self._counted_for: Misbehaviour | None = None

    async def answer(self, request: Request, operation: Operation, handler: Handler) -> Response:
        """What answers a request."""
        place = Place(self._places)
        try:
            return await self._answer(request, operation, handler, place)
        finally:
            place.leave()

    async def refusal(self, request: Request, error: WebError) -> Response:
        """An error told, once what the client still sends is out of the way."""
        await drain(request)
        return (self._desk.refused or _refused)(error)

    async def not_found(self, request: Request, error: Exception) -> Response:
        """What Starlette refuses by itself: a path that is not there."""
        assert isinstance(error, HTTPException)
        words = "there is no such resource" if error.status_code == 404 else error.detail
        told = f"{request.method} {request.url.path[:200]}: {words}"
        return await self.refusal(request, WebError(error.status_code, told, error.headers))

    async def _answer(
        self, request: Request, operation: Operation, handler: Handler, place: Place
    ) -> Response:
        try:
            self._check_in(request)
            body = _body(request, self._desk.web)
            try:
                return await self._handled(request, operation, handler, body, place)
            finally:
                await body.close()
        except WebError as error:
            return await self.refusal(request, error)
        except HTTPException as error:  # of whoever watches over the body
            told = WebError(error.status_code, error.detail, error.headers)
            return await self.refusal(request, told)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except ConnectionBroken:
            return self._broken(request)
        except MachineError as error:
            LOGGER.warning("%s", error)
            return await self.refusal(request, WebError(503, error.message))
        except Exception:
            # Whatever a stranger's bytes have led to must not end in silence on the wire.
            LOGGER.exception("%s %s has failed", request.method, request.url.path)
            told = WebError(500, "the server has failed; its log says why")
            return await self.refusal(request, told)

    async def _handled(
        self, request: Request, operation: Operation, handler: Handler, body: Body, place: Place
    ) -> Response:
        call = _call(request, self._desk.web, body)
        if request.method not in ("GET", "HEAD"):
            await body.begin()
            body.place = place
        try:
            place.take_now()
        except anyio.WouldBlock:
            raise WebError(503, "too many requests at once", {"Retry-After": "1"}) from None
        limiter = anyio.CapacityLimiter(1)  # the places are the limit
        reply = await anyio.to_thread.run_sync(
            self._answered, operation, handler, call, limiter=limiter
        )
        if isinstance(reply, str):
            return await self._suffer(request, reply)
        return self._response(request, reply)

    def _check_in(self, request: Request) -> None:
        """Who asks, and whether that is the day's fault. Raises WebError."""
        web = self._desk.web
        refuse = self._desk.misbehaviour.rejection()
        if refuse is not None:
            raise WebError(503 if refuse.result == 2 else 403, "refused on purpose")
        users = self._desk.options.users
        if users is None and web.token is None:
            if self._desk.options.calling_ae_titles is not None:
                raise WebError(
                    403,
                    "this PACS lets in AE titles it knows, and HTTP has none: log in is not set up",
                )
            return
        if not is_known(request.headers.get("authorization", ""), users or {}, web.token):
            schemes = [
                *(['Basic realm="dicom-web", charset="UTF-8"'] if users is not None else []),
                *(["Bearer"] if web.token is not None else []),
            ]
            raise WebError(401, "log in", {"WWW-Authenticate": ", ".join(schemes)})

    def _fate(self, operation: Operation) -> Fate | None:
        misbehaviour = self._desk.misbehaviour
        with self._lock:
            if misbehaviour is not self._counted_for:
                self._counted_for = misbehaviour
                self._counted.clear()
            before = Counter(self._counted)
            self._counted[operation] += 1
        return misbehaviour.fate(operation, before)

    async def _suffer(self, request: Request, fate: Fate) -> Response:
        """A connection that is closed without an answer, at once or when the client has had enough."""
        hangs = fate == "hang"
        while hangs and not self._desk.stopping.is_set() and not await request.is_disconnected():
            await anyio.sleep(_LOOK)
        return self._broken(request)

    def _broken(self, request: Request) -> Response:
        self._break_off(request)
        return Response(status_code=500)  # goes nowhere

    def _answered(self, operation: Operation, handler: Handler, call: Call) -> Reply | Fate:
        """All that a thread does of a request: one change of threads is what most answers cost."""
        fate = self._fate(operation)
        return fate if fate is not None else begun(self._handle(operation, handler, call))

    def _handle(self, operation: Operation, handler: Handler, call: Call) -> Reply:
        headers: dict[str, str] = {}
        # Of a STOW each instance has a status of its own; anything else is one answer.
        wrong = None if operation == "store" else self._desk.misbehaviour.wrong_status(operation)
        if wrong is not None:
            status, comment = wrong
            if status_class(status) != "warning":
                raise WebError(_http_status(status), f"status {status:04X} {comment}".strip())
            headers = warning_header([f"status {status:04X} {comment}".strip()])
        reply = handler(self._desk, call)
        return replace(reply, headers={**headers, **reply.headers}) if headers else reply

    def _response(self, request: Request, reply: Reply) -> Response:
        headers = dict(reply.headers)
        content = reply.content
        if isinstance(content, bytes):
            if len(content) <= AHEAD + PIECE:
                media_type = reply.media_type if content else None
                return Response(content or None, reply.status, headers, media_type)
            headers["Content-Length"] = str(len(content))
            content = iter([content])
        pieces = self._pieces(request, gathered(content))
        return StreamingResponse(pieces, reply.status, headers, reply.media_type)

    async def _pieces(self, request: Request, content: Iterator[bytes]) -> AsyncIterator[bytes]:
        """The pieces as they are made; a client that does not take one in time is let go."""
        loop, patience = asyncio.get_running_loop(), self._desk.web.body_timeout
        try:
            async for piece in iterate_in_threadpool(content):
                timer = loop.call_later(patience, self._break_off, request)
                try:
                    yield piece
                finally:
                    timer.cancel()
        except ConnectionBroken as error:
            why = error.__cause__ or "on purpose"
            LOGGER.warning("%s %s ends too early: %s", request.method, request.url.path, why)
            self._break_off(request)
        except Exception:
            LOGGER.exception("%s %s ends too early", request.method, request.url.path)
            self._break_off(request)


def _body(request: Request, web: WebOptions) -> Body:
    most = web.maximum_request
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length[:20]) > most:
        raise WebError(413, f"a request may have {most} bytes")
    return Body(request, web.body_timeout, most)


def _call(request: Request, web: WebOptions, body: Body) -> Call:
    root = root_of(request, web)
    return Call(
        base=root + PREFIX,
        uids=dict(request.path_params),
        query=list(request.query_params.multi_items()),
        headers=request.headers,
        body=body,
        state=request.scope.get("state", {}),
    )


def _refused(error: WebError) -> Response:
    return Response(f"{error.message}\n", error.status, error.headers, TEXT)


def _http_status(status: int) -> int:
    """The HTTP status that says what a DIMSE status says."""
    if statuses.is_out_of_resources(status):
        return 503  # out of resources
    return 400 if status & 0xFF00 == statuses.DATA_SET_DOES_NOT_MATCH else 500
