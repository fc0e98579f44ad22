"""What a service answered over HTTP: bounded, for the record, and in words for people."""

from __future__ import annotations

import contextlib
import dataclasses
import http
import json
import re
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from scenario_runner.errors import OperationFailed, ProtocolViolation
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb import media_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from scenario_runner.deadline import Deadline
    from scenario_runner.network.dicomweb.kept_connection import KeptResponse
    from scenario_runner.network.dicomweb.media_types import MediaType
    from scenario_runner.network.dicomweb.peer import WebPeer

REFUSED = (401, 403, 407)
"""Statuses that refuse who we are."""
_MOST_TEXT = 200
"""Characters kept of anything a service says in words."""
_WARNING = re.compile(r"(?:^|,)\s*\d{3}\s+\S+\s+")
"""Code and agent of one warning of a header that may have several."""


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
        return bounded(self._response.headers.get(name, ""), media_types.MOST_CHARACTERS)

    def warnings(self) -> list[str]:
        """What it warns of (RFC 7234 5.5), as the service words it: ``299 SERVICE: TEXT``, the text quoted or not."""
        said = self.header("warning")
        parts = [part.strip(" ,:") for part in _WARNING.split(said)]
        return [words for part in parts if (words := bounded(part.strip('"').replace('\\"', '"')))]

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

    def admit(self, said: str = "") -> None:
        """Return unless the whole service is wrong. Raises OperationFailed.

        That is: it refuses who we are (``REFUSED``) or sends us elsewhere (3xx). Redirects are
        never followed: they would carry instances and credentials to a place nobody named.
        said: why it refuses us, in its words.
        """
        if self.status in REFUSED:
            why = f": {said}" if said else ""
            raise self.failure(
                f"{self.evidence.method} was refused",
                f"{self.words}, not authorized{why}",
                hint=f"check 'auth' of the target's '{self._peer.service}' service in the site file",
            )
        if 300 <= self.status < 400:
            raise self.failure(
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
        raise self.failure(f"{what} failed", f"{self.words}{self.explanation()}", hint=hint)

    def failure(self, message: str, reason: str, *, hint: str | None = None) -> OperationFailed:
        """The error for an answer that is one of failure; it names the service and the status."""
        error = self._peer.error(OperationFailed, message, reason, hint=hint)
        error.http_status = self.status
        return error

    def explanation(self) -> str:
        """`` (what the service says)`` when it says something in plain words, else nothing."""
        return self.in_words(self.beginning())

    def in_words(self, body: bytes) -> str:
        """The same of a body that was read already."""
        kind = self.media_type.essence if self.media_type else "text/plain"
        if kind != "text/plain" and "json" not in kind:
            return ""
        said = body[: self._peer.limits.explanation].decode("utf-8", "replace")
        words = bounded(_detail(said) if kind == media_types.PROBLEM else said)
        return f" ({words})" if words else ""


def tidy(content_type: str) -> str:
    """A media type without its boundary, which is another one each time."""
    found = media_types.parse(content_type)
    return bounded(str(found.without("boundary")) if found else content_type)


def _elsewhere(location: str) -> str:
    """Where a redirect leads, without what may be secret in its query."""
    try:
        url = urlsplit(location)
        place = f"{url.scheme}://{url.netloc.rpartition('@')[2]}" if url.hostname else ""
        more = "…" if url.query or url.fragment else ""
        return bounded(f"{place}{url.path}{more}") or "nowhere"
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


def bounded(text: str, most: int = _MOST_TEXT) -> str:
    """One line of printable text."""
    words = "".join(letter if letter.isprintable() else " " for letter in text[: most * 2])
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
