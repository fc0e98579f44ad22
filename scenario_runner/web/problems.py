"""Errors as problem documents (RFC 9457): one form for ours and for the framework's."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from scenario_runner.errors import FabricatorError, MachineError, TargetError, of_the_machine
from scenario_runner.network.dicomweb.media_types import PROBLEM, parse
from scenario_runner.pacs.dicomweb.desk import WebError
from scenario_runner.service.errors import ServiceError, TooMany
from scenario_runner.web.addresses import methods_of

LOGGER = logging.getLogger(__name__)

MEDIA_TYPE: Final = PROBLEM
_TYPE: Final = "urn:dicom-fabricator:problem:"
_STATUS: Final[Mapping[str, int]] = {
    "malformed": 400,
    "not-logged-in": 401,
    "not-allowed": 403,
    "not-there": 404,
    "too-slow": 408,
    "conflicting": 409,
    "changed-meanwhile": 412,
    "too-large": 413,
    "wrong-media-type": 415,
    "unacceptable": 422,
    "refused": 422,
    "unconditional": 428,
    "too-many": 429,
    "unavailable": 503,
}
"""By ``ServiceError.kind``."""
_CODES: Final = {
    400: "malformed-request",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    406: "not-acceptable",
    410: "gone",
    413: "too-large",
    415: "unsupported-media-type",
    421: "misdirected-request",
    500: "failed",
    503: "busy",
}
"""Of what the framework refuses by itself."""
_UNREAD: Final = "There was an error parsing the body"
"""What the framework says of bytes that are not UTF-8, or nested too deeply."""
_LONGEST: Final = 2_000
"""Characters of a detail."""


Shown = Callable[[Request, Response], Awaitable[Response]]
"""What a browser is answered instead of a problem document, given that."""


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": f"{_TYPE}study-not-found",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "there is no study 1.2.826.0.1.3680043.8.498.1",
                    "code": "study-not-found",
                }
            ]
        },
    )

    type: str = Field(description="Names the kind of problem; ends in the code.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened here, for people.")
    code: str = Field(description="What happened, for programs; never changes.")
    hint: str | None = Field(None, description="What to do about it, where there is something.")
    errors: list[dict[str, Any]] | None = Field(
        None, description="What is wrong one by one, where it is more than one thing."
    )


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    hint: str | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """A problem document as an answer. more: further members (RFC 9457 3.2)."""
    content: dict[str, Any] = {
        "type": _TYPE + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail[:_LONGEST],
        "code": code,
    }
    if hint:
        content["hint"] = hint
    if errors:
        content["errors"] = list(errors)
    content |= more or {}
    return _Said(content, status, headers)


class _Said(JSONResponse):
    """What is said may repeat what was sent, and that need not be text that UTF-8 has."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def answered(error: Exception) -> Response:
    """The answer to an error of ours, or of a library's; what nobody foresaw is 500 and in the log."""
    match error:
        case ServiceError():
            return problem(
                _STATUS[error.kind],
                error.code,
                error.message,
                hint=error.hint,
                errors=error.errors,
                headers=_challenge(error),
            )
        case WebError():
            return _of_dicomweb(error)
        case MachineError():
            return problem(503, "cannot-be-kept", str(error), hint=error.hint)
        case OSError() | sqlite3.OperationalError():
            return _of_machine(error)
        case TargetError():
            return problem(502, "archive-failed", str(error), hint=error.hint)
        case FabricatorError():
            return problem(422, "refused", error.message, hint=error.hint)
        case HTTPException():
            return _of_framework(error)
        case RequestValidationError():
            return _invalid(error)
    LOGGER.error("a request has failed", exc_info=error)
    return problem(500, "failed", "the server has failed; its log says why")


def _of_machine(error: OSError | sqlite3.OperationalError) -> Response:
    """What the disk refuses where nobody foresaw it. Its words may name places of this machine: those are for the log."""
    LOGGER.error("the machine does not do what a request needs", exc_info=error)
    words = "the machine cannot do that now"
    is_told = isinstance(error, sqlite3.Error) or error.strerror is not None
    told = of_the_machine(words, error) if is_told else MachineError(words)
    return problem(503, "cannot-be-kept", told.message, hint=told.hint)


def _challenge(error: ServiceError) -> Mapping[str, str] | None:
    """What a client may log in with that has not (RFC 9110 11.6.1), or when it may try again (10.2.3)."""
    if isinstance(error, TooMany) and error.wait is not None:
        return {"Retry-After": str(error.wait)}
    return {"WWW-Authenticate": "Bearer"} if error.kind == "not-logged-in" else None


def _of_dicomweb(error: WebError) -> Response:
    """What a resource of DICOMweb refuses; where that is an error of the service, in that one's own code."""
    if isinstance(error.__cause__, ServiceError | MachineError | TargetError):
        told = answered(error.__cause__)
        if told.status_code == error.status:
            return told
    code = _CODES.get(error.status, "refused")
    return problem(error.status, code, error.message, headers=error.headers)


def _of_framework(error: HTTPException) -> Response:
    if isinstance(refused := error.__cause__, ServiceError):
        return problem(
            error.status_code,
            refused.code,
            refused.message,
            hint=refused.hint,
            headers=error.headers,
        )
    code = _CODES.get(error.status_code, "refused")
    words = error.detail or HTTPStatus(error.status_code).phrase
    if error.status_code == 404:
        words = "there is no such resource"
    elif error.status_code == 400 and error.detail == _UNREAD:
        words = "the body is no JSON that can be read"
    return problem(error.status_code, code, words, headers=error.headers)


def _not_allowed(request: Request) -> Response:
    """405, with all that the address does answer (RFC 9110 15.5.6); the framework knows the first route only."""
    allowed = ", ".join(methods_of(request.app, request.scope))
    words = f"{request.method} is not answered here"
    return problem(405, _CODES[405], words, hint=f"ask by {allowed}", headers={"Allow": allowed})


def _invalid(error: RequestValidationError) -> Response:
    """What does not fit the model: each thing by its place. The values are not said back."""
    found = [
        {"where": ".".join(str(part) for part in one["loc"]), "message": one["msg"]}
        for one in error.errors()[:50]
    ]
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return problem(400, "malformed-request", "the body is no JSON", errors=found)
    first = found[0] if found else {"where": "body", "message": "is wrong"}
    detail = f"{first['where']}: {first['message']}"
    return problem(422, "invalid-request", detail, errors=found)


def _is_of_another_kind(request: Request, error: RequestValidationError) -> bool:
    """Whether a body was not read because it says that it is something else than JSON."""
    kind = parse(request.headers.get("content-type"))
    if kind is None or kind.essence == "application/json" or kind.essence.endswith("+json"):
        return False
    return any(one["loc"] == ("body",) and one["type"] != "missing" for one in error.errors())


def answer_with_problems(app: FastAPI, shown: Shown | None = None) -> None:
    """Let every error of an application be told as a problem. shown: turns that into a page, for people."""

    async def handle(request: Request, error: Exception) -> Response:
        told = _of(request, error)
        return told if shown is None or not told.body else await shown(request, told)

    def _of(request: Request, error: Exception) -> Response:
        if isinstance(error, ClientDisconnect):
            return Response(status_code=400)  # nobody is there to read it
        if isinstance(error, RequestValidationError) and _is_of_another_kind(request, error):
            return problem(
                415,
                "unsupported-media-type",
                "the body is read as JSON only",
                hint="send it with 'Content-Type: application/json'",
            )
        if isinstance(error, HTTPException) and error.status_code == 405:
            return _not_allowed(request)
        return answered(error)

    for kind in (
        FabricatorError,
        WebError,
        OSError,
        sqlite3.OperationalError,
        HTTPException,
        RequestValidationError,
        ClientDisconnect,
        Exception,
    ):
        app.add_exception_handler(kind, handle)
