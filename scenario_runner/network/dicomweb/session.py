"""One connection to a DICOMweb service, and one exchange over it after the other."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import http
import json
import ssl
import time
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import quote, urlsplit

import httpcore2
import httpx2

from scenario_runner.errors import (
    AssociationAborted,
    ConnectionFailed,
    OperationFailed,
    ProtocolViolation,
    UsageError,
)
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb import media_types
from scenario_runner.network.dicomweb.kept_connection import KeptConnection, KeptResponse
from scenario_runner.network.dicomweb.wire import HttpTransport, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.network.dicomweb.media_types import MediaType
    from scenario_runner.network.dicomweb.peer import WebPeer

_QUERY = "*?,:/@!$'();"
"""What may stand in a query besides letters, digits and ``-._~`` (RFC 3986 3.4), without ``&=+``."""
_MOST_TEXT = 200
"""Characters kept of anything a service says in words."""


def in_query(text: str, *, strict: bool = False) -> str:
    """A value as it stands in a query, escaped where it has to be. strict: the caret as well."""
    return quote(text, safe=_QUERY if strict else _QUERY + "^")


@dataclass(slots=True)
class WebEvidence:
    """What was asked over HTTP and what came back, for the record. Holds no credential."""

    method: str
    url: str
    status: int
    accept: str
    content_type: str
    """Of the request's body."""
    media_type: str
    """Of the answer."""
    server: str
    http_version: str
    tls: bool
    protocol: str = "DICOMweb"
    bytes_sent: int = 0
    bytes_received: int = 0
    """On the wire, headers included."""
    seconds: float = 0.0

    def plain(self) -> dict[str, Any]:
        """The same as plain values, ready for JSON."""
        return {"protocol": self.protocol, **dataclasses.asdict(self)}


class Answer:
    """The beginning of an answer; its body is read once, in pieces or whole."""

    def __init__(
        self,
        peer: WebPeer,
        deadline: Deadline,
        response: httpx2.Response | KeptResponse,
        evidence: WebEvidence,
    ) -> None:
        self._peer = peer
        self._deadline = deadline
        self._response = response
        self.status = response.status_code
        self.evidence = evidence
        self.media_type: MediaType | None = media_types.parse(response.headers.get("content-type"))

    def header(self, name: str) -> str:
        """A header's value, bounded; empty when it is missing."""
        return _bounded(self._response.headers.get(name, ""), media_types.MOST_CHARACTERS)

    @property
    def words(self) -> str:
        """``HTTP 409 Conflict``, in the words of RFC 9110."""
        try:
            return f"HTTP {self.status} {http.HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"HTTP {self.status}"

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes. Raises ProtocolViolation when it is packed, which nobody asked for."""
        coding = self.header("content-encoding").strip().lower()
        if coding not in ("", "identity"):
            raise self._peer.error(
                ProtocolViolation, "the answer is encoded, though that was not accepted", coding
            )
        for piece in self._response.iter_raw():
            self._deadline.check()
            yield piece

    def body(self) -> bytes:
        """The whole body. Raises ProtocolViolation beyond the peer's limit."""
        most = self._peer.limits.answer
        parts, size = [], 0
        for piece in self.pieces():
            parts.append(piece)
            size += len(piece)
            if size > most:
                raise self._peer.error(
                    ProtocolViolation, "the answer is too large", f"more than {most} bytes"
                )
        return b"".join(parts)

    def beginning(self) -> bytes:
        """As much of the body as an explanation may have; the rest is not read."""
        kept = bytearray()
        with contextlib.suppress(ProtocolViolation):
            for piece in self.pieces():
                kept += piece
                if len(kept) >= self._peer.limits.explanation:
                    break
        return bytes(kept[: self._peer.limits.explanation])

    def admit(self) -> None:
        """Return unless the whole service is wrong. Raises OperationFailed.

        That is: it refuses who we are (401, 403, 407) or sends us elsewhere (3xx). Redirects are
        never followed: they would carry instances and credentials to a place nobody named.
        """
        if self.status in (401, 403, 407):
            raise self._peer.error(
                OperationFailed,
                f"{self.evidence.method} was refused",
                f"{self.words}, not authorized",
                hint=f"check 'auth' of the target's '{self._peer.service}' service in the site file",
            )
        if 300 <= self.status < 400:
            raise self._peer.error(
                OperationFailed,
                f"{self.evidence.method} was redirected",
                f"{self.words} to {_elsewhere(self.header('location'))}, which is not followed",
                hint=f"put the place itself into the target's '{self._peer.service}' url in the site file",
            )

    def fail(self, what: str) -> NoReturn:
        """Raise OperationFailed for a status that leaves nothing to go on with."""
        self.admit()
        hint = None
        if self.status in (404, 405, 501):
            hint = "check the target's 'dicomweb' url: '/studies' is appended to it"
        raise self._peer.error(
            OperationFailed, f"{what} failed", f"{self.words}{self.explanation()}", hint=hint
        )

    def explanation(self) -> str:
        """`` (what the service says)`` when it says something in plain words, else nothing."""
        return self.in_words(self.beginning())

    def in_words(self, body: bytes) -> str:
        """The same of a body that was read already."""
        kind = self.media_type.essence if self.media_type else "text/plain"
        if kind != "text/plain" and "json" not in kind:
            return ""
        said = body[: self._peer.limits.explanation].decode("utf-8", "replace")
        words = _bounded(_detail(said) if kind == media_types.PROBLEM else said)
        return f" ({words})" if words else ""


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
            self._kept = KeptConnection(self.peer, self._deadline, headers), first
            self._client.close()
        kept, evidence = self._kept
        started, before = time.monotonic(), (kept.sent, kept.received)
        response = kept.get(url, accept)
        self._count(kept.sent - before[0], kept.received - before[1], time.monotonic() - started)
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
            content_type=_tidy(request.headers.get("content-type", "")),
            media_type=_tidy(response.headers.get("content-type", "")),
            server=_bounded(response.headers.get("server", "")),
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
            if error.hint is not None:
                error.hint = f"check the target's '{self.peer.service}' url in the site file"
            raise
        except (httpcore2.LocalProtocolError, httpx2.InvalidURL, UnicodeError) as error:
            raise UsageError(
                "this cannot be said over HTTP",
                hint=f"check 'url' and 'headers' of the target's '{self.peer.service}' service",
            ) from error


def _answered_in_the_clear(error: BaseException | None) -> bool:
    """Whether a handshake ended because what came back was not TLS."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error.reason == "WRONG_VERSION_NUMBER"
        error = error.__cause__ or error.__context__
    return False


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


def _tidy(content_type: str) -> str:
    """A media type without its boundary, which is another one each time."""
    found = media_types.parse(content_type)
    return _bounded(str(found.without("boundary")) if found else content_type)


def _elsewhere(location: str) -> str:
    """Where a redirect leads, without what may be secret in its query."""
    try:
        url = urlsplit(location)
        place = f"{url.scheme}://{url.netloc.rpartition('@')[2]}" if url.hostname else ""
        more = "…" if url.query or url.fragment else ""
        return _bounded(f"{place}{url.path}{more}") or "nowhere"
    except ValueError:
        return "a place that is no URL"


def _detail(said: str) -> str:
    """What a problem document (RFC 9457) says for people; all of it where it is none, or is cut."""
    try:
        problem = json.loads(said)
    except (ValueError, RecursionError):
        return said
    detail = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else None
    return detail if isinstance(detail, str) else said


def _bounded(text: str, most: int = _MOST_TEXT) -> str:
    """One line of printable text."""
    words = "".join(letter if letter.isprintable() else " " for letter in text[: most * 2])
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
