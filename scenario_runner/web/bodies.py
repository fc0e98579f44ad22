"""What bodies may be: in a coding that is known, and bounded where they are held in memory as a whole."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from scenario_runner.pacs.dicomweb.bodies import drain
from scenario_runner.service.errors import Malformed, ServiceError, TooLarge, WrongMediaType
from scenario_runner.web.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST: Final = 4 << 20
"""Bytes of a body that is read as a whole: by far more than any that is JSON here."""
_STREAMED: Final = "streamed"
_CODINGS: Final = ("gzip", "x-gzip", "deflate")
_TAKEN: Final = "gzip, deflate, identity"
_PIECE: Final = 1 << 20
"""Bytes that are unpacked at a time."""


def stream(request: Request) -> None:
    """Say that the body of a request is read piece by piece, by who bounds it."""
    request.scope.setdefault("state", {})[_STREAMED] = True


class BoundedBodies:
    """Unpacks the bodies of requests (RFC 9110 8.4), and bounds those that nobody said to ``stream``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; reading its body raises an HTTPException. Answers 415 for other codings."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        coding = Request(scope).headers.get("content-encoding", "")
        names = [one for one in coding.replace(" ", "").lower().split(",") if one]
        codings = [one for one in names if one != "identity"]
        if len(codings) > 1 or not set(codings) <= set(_CODINGS):
            await drain(Request(scope, receive))
            await _other_coding(coding)(scope, receive, send)
            return
        if names:
            beside = (b"content-encoding", *((b"content-length",) if codings else ()))
            scope = {**scope, "headers": [one for one in scope["headers"] if one[0] not in beside]}
        took = _Unpacked(receive).receive if codings else receive
        declared = "" if codings else Request(scope).headers.get("content-length", "")
        says_too_much = declared.isdigit() and int(declared[:20]) > _MOST
        state = scope.setdefault("state", {})
        size, is_over = 0, False

        async def bounded() -> Message:
            nonlocal size, is_over
            if is_over:
                return {"type": "http.disconnect"}
            try:
                if not says_too_much or _STREAMED in state:
                    message = await took()
                    size += len(message.get("body", b""))
                    if size <= _MOST or _STREAMED in state:
                        return message
                error: ServiceError = TooLarge(
                    "body-too-large", f"a body may have {_MOST} bytes here"
                )
            except zlib.error as damage:
                words = f"the body is not in the coding it says: {damage}"
                error = Malformed("damaged-coding", words)
            is_over = True
            await drain(Request(scope, receive))
            status = 413 if isinstance(error, TooLarge) else 400
            raise HTTPException(status, error.message) from error

        await self._app(scope, bounded, send)


def _other_coding(coding: str) -> ASGIApp:
    refused = WrongMediaType(
        "other-coding",
        f"bodies are not taken in the coding '{coding[:40]}'",
        hint=f"send it in one of {_TAKEN}",
    )
    headers = {"Accept-Encoding": _TAKEN}
    return problem(415, refused.code, refused.message, hint=refused.hint, headers=headers)


class _Unpacked:
    """The messages of a body with what was packed in them, none of them large."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._pieces: Iterator[bytes] = iter(())
        self._unpacking = _Unpacking()
        self._is_whole = False

    async def receive(self) -> Message:
        """The next message. Raises zlib.error."""
        while True:
            for piece in self._pieces:
                if piece:
                    return {"type": "http.request", "body": piece, "more_body": True}
            if self._is_whole:
                self._is_whole = False
                if not self._unpacking.is_whole:
                    raise zlib.error("it is cut short")
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self._is_whole = not message.get("more_body", False)
            self._pieces = self._unpacking.feed(message.get("body", b""))


class _Unpacking:
    """Gzip with all its members, zlib, and deflate without a head, which some call deflate (RFC 9110 8.4.1.2)."""

    def __init__(self) -> None:
        self._begun = b""
        self._unpacker: zlib._Decompress | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self._unpacker is None or self._unpacker.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What some more bytes hold. Raises zlib.error."""
        data = self._begun + data
        self._begun = b""
        while data:
            if self._unpacker is None or self._unpacker.eof:
                if len(data) < 2:
                    self._begun = data
                    return
                self._unpacker = zlib.decompressobj(_window_bits(data))
            piece = self._unpacker.decompress(data, _PIECE)
            yield piece
            while len(piece) == _PIECE and not self._unpacker.unconsumed_tail:
                piece = self._unpacker.decompress(b"", _PIECE)
                yield piece
            data = self._unpacker.unconsumed_tail or self._unpacker.unused_data


def _window_bits(data: bytes) -> int:
    """What zlib is told about the head of a stream (RFC 1952 2.3.1, RFC 1950 2.2); without either there is none."""
    if data[:2] == b"\x1f\x8b":
        return 16 + zlib.MAX_WBITS
    is_zlib = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS
