"""Files of a multipart/form-data body (RFC 7578) as they come, never whole in memory or in a spool."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import unquote

import anyio
import anyio.to_thread

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb.media_types import parse
from scenario_runner.network.dicomweb.multipart import (
    MultipartError,
    MultipartReader,
    PartBegins,
    PartData,
    PartEnds,
    PartLimits,
)
from scenario_runner.pacs.dicomweb.bodies import Body, Place, drain
from scenario_runner.service.errors import Malformed, TooLarge, WrongMediaType
from scenario_runner.web.bodies import stream

if TYPE_CHECKING:
    from starlette.requests import Request

    from scenario_runner.network.dicomweb.multipart import Buffer, Event

Result = TypeVar("Result")

FORM: Final = "multipart/form-data"
_PIECE: Final = 1 << 20
"""Bytes that a thread is handed at a time: each handing over costs a change of threads."""
_AROUND: Final = 1 << 20
"""Bytes of a body beside its files: boundaries, headers, fields."""
_FIELD: Final = 1 << 14
"""Bytes of a field that is no file."""
_UPLOADS: Final = anyio.CapacityLimiter(64)
"""Bodies that are worked on at once, each by a thread; others wait. Who waits for a client holds none."""
_THREADS: Final = anyio.CapacityLimiter(math.inf)
"""Bounded by the connections there may be."""
_NAMED: Final = re.compile(r"filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file of a form. ``chunks`` has to be read before the next one is asked for."""

    field: str
    name: str
    chunks: Iterator[Buffer]


class Form:
    """The files of a body, one after the other; fields that are none are kept in ``fields``.

    Raises Malformed for a body that is no form, TooLarge for fields that are.
    """

    def __init__(self, body: Iterator[bytes], boundary: str) -> None:
        self._reader = MultipartReader(boundary, PartLimits(part=1 << 62))
        self._events = self._read(body)
        self.fields: dict[str, str] = {}

    def files(self, *fields: str) -> Iterator[FormFile]:
        """Those of these fields; files of other fields are passed over."""
        for event in self._events:
            assert isinstance(event, PartBegins)
            field, name = disposition(event)
            content = self._content()
            if name is None and field not in fields:
                self._keep(field, content)
            elif field in fields:
                yield FormFile(field, name or field, content)
            for _ in content:
                pass

    def _keep(self, field: str, content: Iterator[Buffer]) -> None:
        text = b""
        for piece in content:
            text += piece
            if len(text) > _FIELD:
                raise TooLarge("field-too-large", f"the field '{field[:80]}' is too long")
        if len(self.fields) < 100:
            self.fields[field] = text.decode("utf-8", "replace")

    def _content(self) -> Iterator[Buffer]:
        for event in self._events:
            if isinstance(event, PartData):
                yield event.data
            elif isinstance(event, PartEnds):
                return

    def _read(self, body: Iterator[bytes]) -> Iterator[Event]:
        try:
            for piece in body:
                yield from self._reader.feed(piece)
            self._reader.finish()
        except MultipartError as error:
            raise Malformed("no-form", f"the body is no {FORM}: {error}") from error


def disposition(part: PartBegins) -> tuple[str, str | None]:
    """The names of the field and of the file, None when it is no file (RFC 7578 4.2)."""
    text = part.headers.get("content-disposition", "")
    # Media types have the same grammar but for the slash.
    found = parse(f"form/{text}")
    parameters = found.parameters if found is not None else {}
    field = _utf8(parameters.get("name", ""))
    extended = _NAMED.search(text)
    if extended is not None:
        return field, _kept(unquote(extended[1]))
    name = parameters.get("filename")
    return field, None if name is None else _kept(_utf8(name))


def _kept(name: str) -> str:
    """A name that every database keeps."""
    return name.replace("\0", "\ufffd")


def _utf8(text: str) -> str:
    """What was sent as UTF-8 and read as Latin-1."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def boundary_of(request: Request) -> str:
    """The boundary of a request's form. Raises WrongMediaType when it has none."""
    kind = parse(request.headers.get("content-type"))
    if kind is None or kind.essence != FORM:
        raise WrongMediaType("no-form", f"send {FORM}, each file as a part 'file'")
    boundary = kind.get("boundary")
    if not boundary:
        raise Malformed("no-boundary", "the Content-Type has no boundary")
    try:
        MultipartReader(boundary)
    except MultipartError as error:
        raise Malformed("no-boundary", f"the Content-Type: {error}") from error
    return boundary


def _check_length(said: str, most: int) -> None:
    if said.isdigit() and int(said[:20]) > most:
        raise TooLarge("upload-too-large", f"an upload may have {most - _AROUND} bytes")


async def in_a_place(body: Body, use: Callable[[], Result]) -> Result:
    """Call what reads a body in a thread, once its beginning is here and there is a place."""
    await body.begin()
    body.place = place = Place(_UPLOADS)
    try:
        await place.take()
        return await anyio.to_thread.run_sync(use, limiter=_THREADS)
    finally:
        place.leave()
        await body.close()


async def with_form(request: Request, most: int, use: Callable[[Form], Result]) -> Result:
    """Call a function in a thread with the form of a request. most: bytes of its files.

    What the client still sends when it has ended is read and thrown away, within bounds. Raises what ``use``
    raises, TooLarge for a body that says of itself that it is.
    """
    stream(request)
    try:
        boundary = boundary_of(request)
        most += _AROUND
        _check_length(request.headers.get("content-length", ""), most)
        body = Body(request, None, most, _PIECE)
        return await in_a_place(body, lambda: use(Form(iter(body), boundary)))
    except Exception:
        await drain(request)
        raise
