"""GET over HTTP/1.1 on a connection that is kept, for whoever asks again and again and counts the time: a load.

httpx2 takes several times as long for a request as the service for its answer. What is said here, and understood, is what
such a request needs (RFC 9112): one that has gone through ``Session`` before, so that its headers are known to be sayable.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from scenario_runner.errors import AssociationAborted, ProtocolViolation
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.ul.connecting import connect

if TYPE_CHECKING:
    from scenario_runner.deadline import Deadline
    from scenario_runner.network.dicomweb.peer import WebPeer
    from scenario_runner.ul.transport import Transport

_PIECE: Final = 1 << 16
_MOST_HEAD: Final = 1 << 16
_STATUS: Final = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?\r\n")
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """An answer that was read whole. headers: names in small letters."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes
    http_version: str

    def iter_raw(self) -> Iterator[bytes]:
        """The body."""
        yield self.body

    def close(self) -> None:
        """There is nothing left to read."""


class KeptConnection:
    """To one service. Raises TargetError children that name it, or what the deadline raises."""

    def __init__(self, peer: WebPeer, deadline: Deadline, headers: Mapping[str, str]) -> None:
        self._peer, self._deadline = peer, deadline
        self._where = peer.connection()
        self._fixed = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._host = urlsplit(peer.base).netloc
        self._transport: Transport | None = None
        self._got = bytearray()
        self.sent = self.received = 0
        """Bytes on the wire."""

    def get(self, url: str, accept: str) -> KeptResponse:
        """Ask, and read the whole answer. url: escaped already, below the service's own."""
        if self._transport is not None and self._transport.has_more():
            self.close()  # the service has ended it meanwhile, or says what nobody asked
        if self._transport is None:
            self._transport = connect(self._where, self._deadline)
        place = urlsplit(url)
        target = f"{place.path or '/'}?{place.query}" if place.query else place.path or "/"
        request = (
            f"GET {target} HTTP/1.1\r\nHost: {self._host}\r\nAccept: {accept}\r\n{self._fixed}\r\n"
        ).encode("ascii")
        self._got.clear()
        try:
            self._transport.send([request], self._deadline)
            self.sent += len(request)
            answer, keep = self._answer()
        except BaseException:
            self.close()
            raise
        if not keep:
            self.close()
        return answer

    def close(self) -> None:
        """Close the connection; may be called twice."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    # --- the answer -----------------------------------------------------------------------------

    def _answer(self) -> tuple[KeptResponse, bool]:
        while True:
            status, version, headers = self._head()
            if status >= 200:
                break
        coding = headers.get("transfer-encoding", "").lower()
        length = headers.get("content-length")
        keep = version == "1.1" and "close" not in headers.get("connection", "").lower()
        if status in (204, 304):
            body = b""
        elif coding:
            if coding != "chunked":
                raise self._broken()
            body = self._chunks()
        elif length is not None:
            if not (length.isascii() and length.isdecimal()):
                raise self._broken()
            body = self._exactly(self._bounded(int(length)))
        else:
            body, keep = self._rest(), False
        return KeptResponse(status, headers, body, f"HTTP/{version}"), keep

    def _head(self) -> tuple[int, str, dict[str, str]]:
        end = self._until(lambda: self._got.find(b"\r\n\r\n"), _MOST_HEAD)
        head = bytes(self._got[: end + 2])
        del self._got[: end + 4]
        first = _STATUS.match(head)
        if first is None:
            raise self._broken()
        headers: dict[str, str] = {}
        for line in head[first.end() :].split(b"\r\n")[:-1]:
            name, colon, value = line.partition(b":")
            if not colon or not name or name.strip() != name:
                raise self._broken()
            key, text = name.decode("latin-1").lower(), value.strip().decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        return int(first[2]), f"1.{first[1].decode()}", headers

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            end = self._until(lambda: self._got.find(b"\r\n"), _MOST_HEAD)
            size = _SIZE.fullmatch(self._got[: end + 2])
            if size is None:
                raise self._broken()
            del self._got[: end + 2]
            count = int(size[1], 16)
            if not count:
                break
            self._bounded(len(body) + count)
            body += self._exactly(count)
            if self._exactly(2) != b"\r\n":
                raise self._broken()
        while self._until(lambda: self._got.find(b"\r\n"), _MOST_HEAD):
            del self._got[: self._got.find(b"\r\n") + 2]  # a trailer, which nobody wants
        del self._got[:2]
        return bytes(body)

    def _rest(self) -> bytes:
        self._bounded(len(self._got))
        while self._more():
            self._bounded(len(self._got))
        return bytes(self._got)

    def _exactly(self, count: int) -> bytes:
        while len(self._got) < count:
            if not self._more():
                raise self._ended()
        body = bytes(self._got[:count])
        del self._got[:count]
        return body

    def _until(self, found: Callable[[], int], most: int) -> int:
        while (at := found()) < 0:
            if len(self._got) > most:
                raise self._broken()
            if not self._more():
                raise self._ended()
        return at

    def _more(self) -> bool:
        """Read what comes next, in the peer's time; whether there was any."""
        assert self._transport is not None
        until = time.monotonic() + self._where.response_timeout
        data = self._transport.receive(_PIECE, self._deadline, until)
        self.received += len(data)
        self._got += data
        return bool(data)

    def _bounded(self, size: int) -> int:
        most = self._peer.limits.answer
        if size > most:
            raise self._peer.error(
                ProtocolViolation, "the answer is too large", f"more than {most} bytes"
            )
        return size

    def _ended(self) -> AssociationAborted:
        return self._peer.error(
            AssociationAborted, "connection closed", "before the answer was whole"
        )

    def _broken(self) -> ProtocolViolation:
        return self._peer.error(
            ProtocolViolation, "the HTTP exchange broke", "the service does not speak HTTP/1.1"
        )
