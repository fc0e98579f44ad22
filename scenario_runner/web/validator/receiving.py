"""One file of a form, from the network to the disk: bounded in size and time, a small one never twice in memory."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from scenario_runner.network.dicomweb.multipart import (
    MultipartError,
    MultipartReader,
    PartBegins,
    PartData,
    PartEnds,
    PartLimits,
)
from scenario_runner.pacs.dicomweb.bodies import drain
from scenario_runner.service.errors import Malformed, TooLarge
from scenario_runner.web.bodies import stream
from scenario_runner.web.forms import FORM, boundary_of, disposition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from scenario_runner.service.validator.gateway import Gateway, Incoming, Taken

FIELD: Final = "file"
_AROUND: Final = 1 << 16
"""Bytes of a body beside its file: boundaries, headers, fields."""
_NAMED: Final = 5
"""Files beside the one whose names are told."""
_LONGEST_NAME: Final = 40
_PIECE: Final = 1 << 20
"""Bytes that are written at a time."""
_WRITERS: Final = 16
"""Files that are written at once; each takes a thread for some hundred microseconds."""


async def received(
    request: Request,
    gateway: Gateway,
    writers: ThreadPoolExecutor,
    asked: Mapping[str, str] | None = None,
) -> Taken:
    """Take in the file of a request. asked: as of ``Gateway.begin``. Raises ServiceError; then nothing is left of it."""
    stream(request)
    try:
        return await _received(request, gateway, writers, asked)
    except Exception:
        await drain(request)
        raise


def new_writers() -> ThreadPoolExecutor:
    """Threads that write, of one application; with less ado than those that any work is given to."""
    return ThreadPoolExecutor(_WRITERS, thread_name_prefix="validator-upload")


async def _received(
    request: Request,
    gateway: Gateway,
    writers: ThreadPoolExecutor,
    asked: Mapping[str, str] | None,
) -> Taken:
    most = gateway.settings.most_bytes
    form = _Form(boundary_of(request), most)
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:20]) > most + _AROUND:
        raise _too_large(most)
    incoming = gateway.begin(asked)
    loop = asyncio.get_running_loop()
    try:
        async for data in request.stream():
            form.feed(data)
            if len(form.content) >= _PIECE:
                await loop.run_in_executor(writers, incoming.write, form.taken())
        form.finish()
        return await loop.run_in_executor(writers, _finish, incoming, form.taken())
    except BaseException:
        incoming.abort()
        raise


def _finish(incoming: Incoming, rest: bytes) -> Taken:
    if rest:
        incoming.write(rest)
    return incoming.finish()


class _Form:
    """Reads the one file of a form; other fields are passed over. Raises Malformed, TooLarge."""

    def __init__(self, boundary: str, most: int) -> None:
        self._most = most
        try:
            self._reader = MultipartReader(boundary, PartLimits(part=1 << 62, parts=100))
        except MultipartError as error:
            raise _malformed(error) from error
        self.content = bytearray()
        self.size = 0
        self._inside = False
        self._files = 0
        self._beside = 0
        self._strangers: list[str] = []
        """Names of parts that are files and not the one."""

    def feed(self, data: bytes) -> None:
        """Some more of the body."""
        try:
            for event in self._reader.feed(data):
                match event:
                    case PartBegins():
                        self._begin(event)
                    case PartData() if self._inside:
                        self.content += event.data
                        self.size += len(event.data)
                        if self.size > self._most:
                            raise _too_large(self._most)
                    case PartData():
                        self._pass_over(len(event.data))
                    case PartEnds():
                        self._inside = False
        except MultipartError as error:
            raise _malformed(error) from error
        if self._reader.finished and not data.endswith(b"\n"):
            self._pass_over(len(data))

    def _begin(self, part: PartBegins) -> None:
        field, name = disposition(part)
        self._inside = field == FIELD
        self._files += self._inside
        if not self._inside and name is not None and len(self._strangers) < _NAMED:
            self._strangers.append(f"'{field[:_LONGEST_NAME]}'")
        if self._files > 1:
            raise Malformed(
                "several-files", "one file at a time; send each in a request of its own"
            )

    def _pass_over(self, size: int) -> None:
        self._beside += size
        if self._beside > _AROUND and self._strangers and not self._files:
            raise self._no_file()
        if self._beside > _AROUND:
            raise TooLarge("form-too-large", "the form has too much beside its file")

    def finish(self) -> None:
        """That was the body."""
        try:
            self._reader.finish()
        except MultipartError as error:
            raise _malformed(error) from error
        if not self._files:
            raise self._no_file()

    def _no_file(self) -> Malformed:
        others = f", but {', '.join(self._strangers)}" if self._strangers else ""
        return Malformed(
            "no-file",
            f"the form has no part '{FIELD}'{others}",
            hint=f"send the file as the part '{FIELD}'",
        )

    def taken(self) -> bytes:
        """What has come and was not taken yet."""
        content, self.content = bytes(self.content), bytearray()
        return content


def _too_large(most: int) -> TooLarge:
    return TooLarge("file-too-large", f"a file may have {most} bytes")


def _malformed(error: MultipartError) -> Malformed:
    return Malformed("no-form", f"the body is no {FORM}: {error}")
