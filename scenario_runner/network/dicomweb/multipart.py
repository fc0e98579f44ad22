"""multipart/related (RFC 2046 5.1, RFC 2387) written and read in pieces, never whole in memory.

``MultipartReader`` does no I/O: bytes are fed in as they come and events come out, so the same
reader serves a blocking client and an asynchronous server. It trusts only the boundary: the
Content-Length of a part is neither needed nor believed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from scenario_runner.lazy_dataclasses import dataclass

Buffer = bytes | bytearray | memoryview

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,199}[0-9A-Za-z'()+_,\-./:=?]")
"""RFC 2046 5.1.1, which allows 70 characters; Orthanc writes 73."""
_END_OF_HEAD = b"\r\n\r\n"
_BEGINNING = 0x1000
"""Bytes that are looked through at a time before the first part."""


class MultipartError(ValueError):
    """The bytes are no multipart message, or one beyond the limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLimits:
    """What a sender may make us hold or go through."""

    head: int = 0x4000
    """Headers of one part, in bytes."""
    preamble: int = 0x10000
    """Bytes before the first boundary."""
    part: int = 0x80000000
    """Content of one part, in bytes."""
    parts: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One part to write: headers, and content in pieces that are passed on as they are."""

    headers: Mapping[str, str]
    content: Sequence[Buffer]


def new_boundary() -> str:
    """A boundary that no content has."""
    return f"fabricator-{secrets.token_hex(16)}"


def write(parts: Iterable[Part], boundary: str) -> Iterator[Buffer]:
    """A whole multipart body; parts are pulled one at a time, their buffers never joined."""
    for part in parts:
        yield head(part.headers, boundary)
        yield from part.content
        yield b"\r\n"
    yield closing(boundary)


def head(headers: Mapping[str, str], boundary: str) -> bytes:
    """What precedes a part's content: delimiter, headers and an empty line.

    Raises ValueError for a header that holds a line break.
    """
    lines = [f"--{boundary}", *(f"{name}: {text}" for name, text in headers.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header holds a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def closing(boundary: str) -> bytes:
    """What ends a message."""
    return f"--{boundary}--\r\n".encode("ascii")


def length(parts: Iterable[Part], boundary: str) -> int:
    """How many bytes ``write`` makes of these parts."""
    return sum(
        len(head(part.headers, boundary)) + sum(len(piece) for piece in part.content) + 2
        for part in parts
    ) + len(closing(boundary))


@dataclass(frozen=True, slots=True)
class PartBegins:
    """The headers of a part, by lower-case names; of one given twice the first counts."""

    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PartData:
    """A piece of the current part's content, never empty. data: may be a view of what was fed."""

    data: Buffer


@dataclass(frozen=True, slots=True)
class PartEnds:
    """The current part is whole."""


Event = PartBegins | PartData | PartEnds


class MultipartReader:
    """Finds the parts in a stream of bytes. Holds no more than one piece fed plus one part's head."""

    def __init__(self, boundary: str, limits: PartLimits | None = None) -> None:
        """boundary: from the Content-Type. Raises MultipartError for one RFC 2046 does not allow."""
        if not _BOUNDARY.fullmatch(boundary):
            raise MultipartError("the boundary is missing or not allowed")
        self._limits = limits or PartLimits()
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        # The first delimiter may stand at the very beginning, without a line break before it.
        self._held = bytearray(b"\r\n")
        self._state = self._preamble
        self._skipped = self._content = self._parts = 0
        self._going_on = True
        self.finished = False
        """Whether the closing delimiter has been seen; what follows it means nothing."""

    def feed(self, data: Buffer) -> Iterator[Event]:
        """Events of the bytes so far. Consume it whole before feeding more. Raises MultipartError."""
        at, whole = 0, data if isinstance(data, bytes) else bytes(data)
        while at < len(whole) and not self.finished:
            if self._state == self._body:
                before = at
                at = yield from self._content_of(whole, at)
                if at > before:
                    continue
            step = self._step(whole, at)
            self._held += whole[at : at + step]
            at += step
            self._going_on = True
            while self._going_on and not self.finished:
                yield from self._state()

    def _step(self, data: bytes, at: int) -> int:
        """How many bytes to hold: of what is between contents no more than it is, so that contents need not be."""
        if self._state == self._body:
            return len(self._delimiter)
        if self._state == self._preamble:
            return _BEGINNING
        end = data.find(_END_OF_HEAD, at, at + self._limits.head + len(_END_OF_HEAD))
        return end + len(_END_OF_HEAD) - at if end >= 0 else self._limits.head

    def finish(self) -> None:
        """Nothing more comes. Raises MultipartError when the message is not whole."""
        if not self.finished:
            raise MultipartError(
                f"it ends in the middle, after {self._parts} parts"
                if self._parts
                else "no boundary was found"
            )

    def _preamble(self) -> Iterator[Event]:
        place = self._held.find(self._delimiter)
        if place >= 0:
            del self._held[: place + len(self._delimiter)]
            self._state = self._after_delimiter
        else:
            self._skipped += self._let_go()
            if self._skipped > self._limits.preamble:
                raise MultipartError(f"no boundary in {self._limits.preamble} bytes")
        yield from ()

    def _after_delimiter(self) -> Iterator[Event]:
        """``--`` ends the message; white space and a line break begin a part (RFC 2046 5.1.1)."""
        if self._held.startswith(b"--"):
            self.finished = True
            self._held.clear()
            return
        line = self._held.find(b"\r\n")
        padding = bytes(self._held[: line if line >= 0 else None]).strip(b" \t")
        if padding and (line >= 0 or padding not in (b"\r", b"-")):
            raise MultipartError("something stands behind a boundary")
        if line >= 0:
            # The line break stays, so that a part without headers has its empty line.
            del self._held[:line]
            self._state = self._head
        elif len(self._held) > self._limits.head:
            raise MultipartError("a boundary line is too long")
        else:
            self._going_on = False
        yield from ()

    def _head(self) -> Iterator[Event]:
        found = self._held.find(_END_OF_HEAD)
        end = found + len(_END_OF_HEAD)
        if (end if found >= 0 else len(self._held)) > self._limits.head:
            raise MultipartError(f"the headers of a part exceed {self._limits.head} bytes")
        if found < 0:
            self._going_on = False
            return
        lines = bytes(self._held[2:found])
        del self._held[:end]
        self._parts += 1
        if self._parts > self._limits.parts:
            raise MultipartError(f"more than {self._limits.parts} parts")
        self._content = 0
        self._state = self._body
        yield PartBegins(_headers(lines))

    def _body(self) -> Iterator[Event]:
        place = self._held.find(self._delimiter)
        size = place if place >= 0 else max(0, len(self._held) - len(self._delimiter) + 1)
        self._content += size
        if self._content > self._limits.part:
            raise MultipartError(f"a part exceeds {self._limits.part} bytes")
        if size:
            with memoryview(self._held) as held, held[:size] as piece:
                data = bytes(piece)
            del self._held[:size]
            yield PartData(data)
        if place >= 0:
            del self._held[: len(self._delimiter)]
            self._state = self._after_delimiter
            yield PartEnds()
        else:
            self._going_on = False

    def _content_of(self, data: bytes, at: int) -> Generator[Event, None, int]:
        """Content passed on without being held, as far as no delimiter can be in it; returns where that ends.

        Each copy that is not made of a large part is a tenth of the time it takes to store.
        """
        if self._held:
            seam = bytes(self._held) + data[at : at + len(self._delimiter)]
            if self._delimiter in seam:
                return at
        place = data.find(self._delimiter, at)
        end = place if place >= 0 else len(data) - len(self._delimiter) + 1
        if end <= at:
            return at
        self._content += len(self._held) + end - at
        if self._content > self._limits.part:
            raise MultipartError(f"a part exceeds {self._limits.part} bytes")
        if self._held:
            yield PartData(bytes(self._held))
            self._held.clear()
        yield PartData(memoryview(data)[at:end])
        return end

    def _let_go(self) -> int:
        """Drop what cannot be the beginning of a delimiter; how many bytes that was."""
        self._going_on = False
        size = max(0, len(self._held) - len(self._delimiter) + 1)
        del self._held[:size]
        return size


def _headers(lines: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    unfolded = re.sub(r"\r\n[ \t]+", " ", lines.decode("latin-1"))
    for line in unfolded.split("\r\n"):
        name, colon, text = line.partition(":")
        if not colon and line.strip():
            raise MultipartError("a header line of a part has no colon")
        if colon:
            headers.setdefault(name.strip().lower(), text.strip())
    return headers
