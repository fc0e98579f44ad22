"""GET over HTTP/1.1 on a connection that is kept, for whoever asks again and again and counts the time: a load.

httpx2 takes several times as long for a request as the service for its answer; of h11, on which it stands, this
uses what a question needs that has gone through ``Session`` before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import h11
import httpcore2

from scenario_runner.errors import AssociationAborted, ProtocolViolation
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.network.dicomweb.peer import WebPeer
    from scenario_runner.network.dicomweb.wire import Line

_PIECE: Final = 1 << 16
_MOST_HEAD: Final = 1 << 16
_MOST_KEPT: Final = 256
"""Requests that are kept as h11 has them: it holds each header to the letter, which need not be done again."""
_END: Final = h11.EndOfMessage()


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """An answer that was read whole. headers: names in small letters."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes

    def iter_raw(self) -> Iterator[bytes]:
        """The body."""
        yield self.body


class KeptConnection:
    """To one service. Raises TargetError children that name it, or what the deadline raises."""

    def __init__(self, peer: WebPeer, line: Line, headers: Mapping[str, str]) -> None:
        """line: opens the connection, and counts. headers: of every request, beside what it accepts."""
        self._peer, self._line = peer, line
        self._fixed = [("Host", urlsplit(peer.base).netloc), *headers.items()]
        self._stream: httpcore2.NetworkStream | None = None
        self._http = h11.Connection(h11.CLIENT, _MOST_HEAD)
        self._requests: dict[tuple[str, str], h11.Request] = {}

    def get(self, url: str, accept: str) -> KeptResponse:
        """Ask, and read the whole answer. url: escaped already, below the service's own."""
        if self._stream is not None and self._stream.get_extra_info("is_readable"):
            self.close()  # the service has ended it meanwhile, or says what nobody asked
        if self._stream is None:
            self._stream = self._line.connect_tcp(self._peer.base, 0)
            self._http = h11.Connection(h11.CLIENT, _MOST_HEAD)
        request = self._http.send(self._request(url, accept))
        self._http.send(_END)
        try:
            self._stream.write(request or b"")
            answer = self._answer(self._stream)
        except httpcore2.NetworkError as error:
            self.close()
            raise self._ended() from error
        except BaseException:
            self.close()
            raise
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.close()
        return answer

    def _request(self, url: str, accept: str) -> h11.Request:
        known = self._requests.get((url, accept))
        if known is not None:
            return known
        place = urlsplit(url)
        target = f"{place.path or '/'}?{place.query}" if place.query else place.path or "/"
        headers = [*self._fixed, ("Accept", accept)]
        made = h11.Request(method="GET", target=target, headers=headers)
        if len(self._requests) >= _MOST_KEPT:
            self._requests.clear()
        self._requests[url, accept] = made
        return made

    def close(self) -> None:
        """Close the connection; may be called twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _answer(self, stream: httpcore2.NetworkStream) -> KeptResponse:
        response: h11.Response | None = None
        body = bytearray()
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise self._ended() if self._line.ended else self._broken() from error
            if event is h11.NEED_DATA:
                self._http.receive_data(stream.read(_PIECE))
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
                self._bounded(len(body))
            elif isinstance(event, h11.EndOfMessage) and response is not None:
                break
            elif isinstance(event, h11.ConnectionClosed):
                raise self._ended()
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers
        }
        return KeptResponse(response.status_code, headers, bytes(body))

    def _bounded(self, size: int) -> None:
        most = self._peer.limits.answer
        if size > most:
            raise self._peer.error(
                ProtocolViolation, "the answer is too large", f"more than {most} bytes"
            )

    def _ended(self) -> AssociationAborted:
        return self._peer.error(
            AssociationAborted, "connection closed", "before the answer was whole"
        )

    def _broken(self) -> ProtocolViolation:
        return self._peer.error(
            ProtocolViolation, "the HTTP exchange broke", "the service does not speak HTTP/1.1"
        )
