"""One connection to a DICOMweb service, and one exchange over it after the other."""

from __future__ import annotations

import base64
import contextlib
import ssl
import time
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import httpcore2
import httpx2

from scenario_runner.errors import (
    AssociationAborted,
    ConnectionFailed,
    ProtocolViolation,
    UsageError,
)
from scenario_runner.network.dicomweb.answer import Answer, WebEvidence, bounded, tidy
from scenario_runner.network.dicomweb.kept_connection import KeptConnection
from scenario_runner.network.dicomweb.wire import HttpTransport, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.network.dicomweb.peer import WebPeer

_QUERY = "*?,:/@!$'();"
"""What may stand in a query besides letters, digits and ``-._~`` (RFC 3986 3.4), without ``&=+``."""


def in_query(text: str, *, strict: bool = False) -> str:
    """A value as it stands in a query, escaped where it has to be. strict: the caret as well."""
    return quote(text, safe=_QUERY if strict else _QUERY + "^")


class Session:
    """Exchanges with one service over one connection, which is opened when needed and kept.

    Raises TargetError children that name the service, or what the deadline raises.
    """

    def __init__(
        self,
        peer: WebPeer,
        deadline: Deadline,
        opened: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        """opened: given ``facts`` once, when there are some; they go on growing."""
        self.peer = peer
        self._deadline = deadline
        self._opened = opened
        self.facts: dict[str, Any] = {}
        """The first exchange, with the number, bytes and seconds of all so far."""
        connection = peer.connection()
        self._secure = connection.tls is not None
        self._kept: tuple[KeptConnection, WebEvidence] | None = None
        self._line = Line(connection, deadline)
        # Never used: connections are protected before HTTP begins.
        unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client = httpx2.Client(
            transport=HttpTransport(self._line, unused),
            auth=_auth(peer),
            headers=_headers(peer),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; may be called twice."""
        self._client.close()
        if self._kept is not None:
            self._kept[0].close()

    def url_of(
        self, path: Sequence[str], params: Sequence[tuple[str, str]], *, strict: bool = False
    ) -> str:
        """What ``exchange`` asks for."""
        url = "/".join([self.peer.base, *(quote(segment, safe="") for segment in path)])
        if params:
            pairs = (f"{quote(key)}={in_query(text, strict=strict)}" for key, text in params)
            url += "?" + "&".join(pairs)
        return url

    @contextlib.contextmanager
    def exchange(
        self,
        method: str,
        path: Sequence[str],
        *,
        params: Sequence[tuple[str, str]] = (),
        strict: bool = False,
        accept: str = "",
        content: Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[Answer]:
        """Send a request and hold its answer until the block ends.

        path: segments below the service's URL, escaped here. params: likewise, but for characters
        that a query may hold and some services do not unescape. strict: escape the caret as well,
        which browsers do not and RFC 3986 wants. content: pulled as it is sent.
        """
        self._deadline.check()
        url = self.url_of(path, params, strict=strict)
        sent = {**({"Accept": accept} if accept else {}), **(headers or {})}
        started, before = time.monotonic(), (self._line.sent, self._line.received)
        with self._hinting(), self._speaking():
            request = self._client.build_request(method, url, headers=sent, content=content)
            response = self._client.send(request, stream=True)
        evidence = self._evidence(request, response)
        try:
            with self._speaking():
                yield Answer(self.peer, self._deadline, response, evidence)
        finally:
            response.close()
            evidence.bytes_sent = self._line.sent - before[0]
            evidence.bytes_received = self._line.received - before[1]
            evidence.seconds = round(time.monotonic() - started, 6)
            self._record(evidence)

    def again(self, url: str, accept: str) -> Answer:
        """GET what ``exchange`` was answered before with as little of our own time as can be, the body read already.

        url: as ``url_of`` gives it.
        """
        self._deadline.check()
        if self._kept is None:
            headers = _headers(self.peer)
            if (login := self.peer.login) is not None and not login.bearer:
                pair = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
                headers["Authorization"] = f"Basic {pair}"
            first = WebEvidence("GET", url, 0, accept, "", "", "", "", tls=self._secure)
            self._kept = KeptConnection(self.peer, self._line, headers), first
            self._client.close()
        kept, evidence = self._kept
        line = self._line
        started, sent, received = time.monotonic(), line.sent, line.received
        response = kept.get(url, accept)
        self._count(line.sent - sent, line.received - received, time.monotonic() - started)
        return Answer(self.peer, self._deadline, response, evidence)

    def _record(self, evidence: WebEvidence) -> None:
        if not self.facts:
            self.facts.update(evidence.plain(), requests=1)
            if self._opened is not None:
                self._opened(self.facts)
            return
        self._count(evidence.bytes_sent, evidence.bytes_received, evidence.seconds)

    def _count(self, sent: int, received: int, seconds: float) -> None:
        self.facts["requests"] += 1
        self.facts["bytes_sent"] += sent
        self.facts["bytes_received"] += received
        self.facts["seconds"] = round(self.facts["seconds"] + seconds, 6)

    def _evidence(self, request: httpx2.Request, response: httpx2.Response) -> WebEvidence:
        return WebEvidence(
            method=request.method,
            url=str(request.url.copy_with(username="", password=""))[:2000],
            status=response.status_code,
            accept=request.headers.get("accept", ""),
            content_type=tidy(request.headers.get("content-type", "")),
            media_type=tidy(response.headers.get("content-type", "")),
            server=bounded(response.headers.get("server", "")),
            http_version=response.http_version,
            tls=self._secure,
            protocol=self.peer.label,
        )

    @contextlib.contextmanager
    def _hinting(self) -> Iterator[None]:
        """Say so where the scheme of the URL does not fit the port: HTTP to one that wants TLS, or the other way."""
        received = self._line.received
        try:
            yield
        except (ConnectionFailed, AssociationAborted, ProtocolViolation) as error:
            unsaid = isinstance(error, ProtocolViolation) or self._line.received == received
            if self._secure:
                if _answered_in_the_clear(error):
                    error.hint = "a URL of a service without TLS begins with http://"
            elif unsaid and not isinstance(error, ConnectionFailed):
                error.hint = error.hint or "a URL of a service that wants TLS begins with https://"
            raise

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        """Say what went wrong on the wire in our own words; a peer's are not quoted."""
        try:
            yield
        except (httpcore2.RemoteProtocolError, httpcore2.NetworkError) as error:
            if self._line.ended or isinstance(error, httpcore2.NetworkError):
                raise self.peer.error(
                    AssociationAborted, "connection closed", "before the answer was whole"
                ) from error
            raise self.peer.error(
                ProtocolViolation, "the HTTP exchange broke", "the service does not speak HTTP/1.1"
            ) from error
        except ConnectionFailed as error:
            # What is said of a certificate is no matter of the address.
            if error.hint is not None and _of_tls(error) is None:
                error.hint = f"check the target's '{self.peer.service}' url in the site file"
            raise
        except (httpcore2.LocalProtocolError, httpx2.InvalidURL, UnicodeError) as error:
            raise UsageError(
                "this cannot be said over HTTP",
                hint=f"check 'url' and 'headers' of the target's '{self.peer.service}' service",
            ) from error


def _answered_in_the_clear(error: BaseException) -> bool:
    """Whether a handshake ended because what came back was not TLS."""
    why = _of_tls(error)
    return why is not None and why.reason == "WRONG_VERSION_NUMBER"


def _of_tls(error: BaseException | None) -> ssl.SSLError | None:
    """What a handshake ended with; httpcore2 hides causes, and leaves the context."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _auth(peer: WebPeer) -> httpx2.Auth | None:
    login = peer.login
    if login is None or login.bearer:
        return None
    return httpx2.BasicAuth(login.user, login.password)


def _headers(peer: WebPeer) -> dict[str, str]:
    headers = {"User-Agent": "dicom-fabricator", "Accept-Encoding": "identity", **peer.headers}
    if peer.login is not None and peer.login.bearer:
        headers["Authorization"] = f"Bearer {peer.login.bearer}"
    return headers
