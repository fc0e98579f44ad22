"""The two addresses of the validator."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import anyio.to_thread
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.validator.events import FAILED, PROCESSED, Event, Status
from scenario_runner.service.validator.gateway import Gateway, Taken, errors_of
from scenario_runner.web.forms import FORM
from scenario_runner.web.problems import answered, problem
from scenario_runner.web.validator.receiving import FIELD, new_writers, received

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from scenario_runner.service.validator.noting import Noting

_WORDS: Final = {
    "not-dicom": "this is no DICOM file",
    "damaged": "the file is damaged",
    "required-attribute-missing": "required attributes are missing: ",
    "not-conformant": "the file breaks rules of the Standard that this site insists on",
}
_UPLOAD: Final = SimpleNamespace(path="/upload")
"""As a route is named where requests are counted."""
_EXAMPLE: Final = "0f8fad5bd9cb469fa16570867728950e"


class Found(BaseModel):
    """How many rules of the Standard are broken; ``validation.log`` names each."""

    errors: int = Field(examples=[0])
    warnings: int = Field(examples=[1])


class Stored(BaseModel):
    """A study that is stored."""

    study_id: str = Field(description="What the validator calls it.", examples=[_EXAMPLE])
    status: Status = Field(examples=["stored"])
    size: int = Field(description="Bytes of the file.", examples=[526_336])
    sha256: str = Field(description="SHA-256 of the file.", examples=["9f86d081884c7d65" * 4])
    found: Found = Field(description="What was found that did not refuse it.")


class Happened(BaseModel, extra="allow"):
    """One event; what more it says depends on which it is."""

    event: str = Field(examples=["study.uploaded"])
    at: str = Field(description="When, in UTC.", examples=["2026-01-31T09:30:00.123456+00:00"])


class StudyStatus(BaseModel):
    """What has become of a study."""

    study_id: str = Field(examples=[_EXAMPLE])
    status: Status = Field(examples=["stored"])
    events: list[Happened] = Field(description="All that happened to it, in order.")
    errors: list[dict[str, Any]] = Field(
        description="What is wrong, where it is refused or failed."
    )


_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "properties": {FIELD: {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


async def nobody(_: Request) -> None:
    """Nobody is asked who they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What is asked before something is done, and who is told of it.

    uploader, viewer: what FastAPI asks, ``Depends(…)``. noting: told of what ``uploader`` gave, an ``Asking``, on
    threads that may wait.
    """

    uploader: Any = Depends(nobody)
    viewer: Any = Depends(nobody)
    noting: Noting | None = None


OPEN: Final = Door()


def validator_router(gateway: Gateway, door: Door = OPEN) -> APIRouter:
    """The routes before a gateway."""
    router = APIRouter(tags=["validator"])
    writers = new_writers()

    @router.post(
        "/upload",
        status_code=201,
        response_model=Stored,
        openapi_extra=_BODY,
        responses={
            400: {"description": "Not DICOM, damaged, or no form with a file."},
            408: {"description": "The body came too slowly."},
            413: {"description": "The file is too large."},
            415: {"description": "Not a form."},
            422: {"description": "A required attribute is missing; each is named."},
            500: {"description": "A role of the validator has given up; the study is kept for another try."},
            503: {"description": "It cannot be stored now, or is not yet."},
        },
    )  # fmt: skip
    async def upload_study(request: Request, asking: Any = door.uploader) -> Response:
        """Take a study in, judge, describe and store it. Answers when it is stored."""
        noting = door.noting
        asked = None if noting is None else noting.asked(asking)
        taken, event, answer = await _taken_in(request, gateway, writers, asked)
        if noting is not None:
            note = partial(noting.note, ended=event is not None)
            await anyio.to_thread.run_sync(note, asking, taken.study, answer.status_code)
        return answer

    @router.get("/status/{study_id}", response_model=StudyStatus, dependencies=[door.viewer])
    async def study_status(study_id: str) -> Any:
        """What has become of a study, and all that happened to it."""
        return gateway.status(study_id)

    return router


class UploadsFirst:
    """Answers ``POST /upload`` as above, and passes on to an application whatever else is asked.

    The way to an endpoint through FastAPI and Starlette costs more than reading a small file's form and answering.
    ask: raises for those who may not.
    """

    def __init__(
        self, app: ASGIApp, gateway: Gateway, ask: Callable[[Request], Awaitable[object]]
    ) -> None:
        self._app = app
        self._gateway = gateway
        self._ask = ask
        self._writers = new_writers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on."""
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", _UPLOAD.path):
            await self._app(scope, receive, send)
            return
        scope["route"] = _UPLOAD
        request = Request(scope, receive)
        try:
            await self._ask(request)
            *_, answer = await _taken_in(request, self._gateway, self._writers)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001 - each is told as a problem, in the one place for it
            answer = answered(error)
        await answer(scope, receive, send)


async def _taken_in(
    request: Request,
    gateway: Gateway,
    writers: ThreadPoolExecutor,
    asked: Mapping[str, str] | None = None,
) -> tuple[Taken, Event | None, Response]:
    taken = await received(request, gateway, writers, asked)
    event = await _within(taken.outcome, gateway.settings.answer_within)
    return taken, event, _answer(taken, event)


async def _within(outcome: Future[Event], seconds: float) -> Event | None:
    """The outcome; None when it does not come in time, which leaves it alone."""
    loop = asyncio.get_running_loop()
    come = asyncio.Event()

    def tell(_: object) -> None:
        loop.call_soon_threadsafe(come.set)

    outcome.add_done_callback(tell)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await come.wait()
    return outcome.result() if outcome.done() else None


def _answer(taken: Taken, event: Event | None) -> Response:
    place = {"Location": f"/status/{taken.study}"}
    more = {"study_id": taken.study}
    if event is None:
        return problem(
            503,
            "not-stored-yet",
            "the study was taken in and is not stored yet; it need not be sent again",
            hint=f"ask for /status/{taken.study}",
            headers={**place, "Retry-After": "10"},
            more=more,
        )
    if event.name == PROCESSED:
        stored = {"status": "stored", "size": taken.size, "sha256": taken.sha256}
        return JSONResponse({**more, **stored, "found": event.data.get("found")}, 201, place)
    errors = errors_of(event)
    if event.name == FAILED:
        storage = event.data.get("kind") == "storage"
        words = "the study cannot be stored" if storage else "the study cannot be processed"
        code = "cannot-be-kept" if storage else "processing-failed"
        detail = f"{words}: {event.data.get('reason')}"
        return problem(
            503 if storage else 500, code, detail, errors=errors, headers=place, more=more
        )
    code = str(event.data.get("code"))
    detail = _WORDS.get(code, "the study is refused")
    if code == "required-attribute-missing":
        detail += ", ".join(str(one["attribute"]) for one in errors if one["rule"] == "required")
    status = 400 if code in ("not-dicom", "damaged") else 422
    return problem(status, code, detail, errors=errors, headers=place, more=more)
