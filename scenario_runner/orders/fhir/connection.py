"""One connection to a FHIR server: logged in, told no place but below its base, asked again while it is busy."""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from scenario_runner.errors import ProtocolViolation
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb.answer import REFUSED
from scenario_runner.network.dicomweb.session import Session
from scenario_runner.orders.fhir.documents import JSON, NotFhir, Resource, outcome_words, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.network.dicomweb.answer import Answer
    from scenario_runner.network.dicomweb.peer import WebPeer
    from scenario_runner.orders.fhir.token import Credentials

BUSY: Final = (429, 503)
TRIES: Final = 5
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
"""Seconds before the second try, twice as many before each further one; and the most that is waited."""


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    place: str
    params: Sequence[tuple[str, str]]
    content: bytes | None
    headers: Mapping[str, str]


class Connection:
    """Opened by its first request; with client credentials it has a token of its own."""

    def __init__(
        self,
        peer: WebPeer,
        deadline: Deadline,
        *,
        credentials: Credentials | None = None,
        opened: Callable[[Mapping[str, Any]], None] | None = None,
        learned: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.peer = peer
        self._deadline = deadline
        self._credentials = credentials
        self._opened = opened
        self._learned = learned
        self._was_let_in = False
        self._session = self._logged_in()

    def close(self) -> None:
        """May be called twice."""
        self._session.close()

    @property
    def facts(self) -> Mapping[str, Any]:
        """Of the exchanges so far."""
        return self._session.facts

    def ask(
        self,
        method: str,
        place: str,
        params: Sequence[tuple[str, str]] = (),
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Answer, Resource | None]:
        """The answer to a request, and the resource in it. Raises TargetError.

        place: ``Patient/123``, or a URL or path below the base, with its query.
        """
        request = _Request(method, place, params, content, headers or {})
        wait = _FIRST_WAIT
        for _ in range(TRIES - 1):
            answer, resource = self._once(request)
            if answer.status not in BUSY:
                return answer, resource
            asked = retry_after(answer.header("retry-after"), dt.datetime.now(dt.UTC))
            self._deadline.sleep(min(wait if asked is None else asked, _LONGEST_WAIT))
            wait *= 2
        return self._once(request)

    def unreadable(self, error: NotFhir) -> ProtocolViolation:
        """The error for a document that is none of FHIR."""
        return self.peer.error(ProtocolViolation, error.message, error.reason, hint=error.hint)

    def _logged_in(self) -> Session:
        """A connection, with a new token where there are client credentials."""
        if self._credentials is not None:
            from scenario_runner.orders.fhir.token import with_token

            self.peer = with_token(self.peer, self._credentials, self._deadline)
            if self.peer.login is not None and self.peer.login.bearer:
                self._learned(self.peer.login.bearer)
        return Session(self.peer, self._deadline, self._opened)

    def _renewed(self) -> bool:
        """Ask for a new token, if there are credentials and the one of now was good before: it is over."""
        if self._credentials is None or not self._was_let_in:
            return False
        self._was_let_in = False
        before = self._session
        before.close()
        self._session = self._logged_in()
        self._session.facts = before.facts  # one conversation all the same
        return True

    def _once(self, request: _Request) -> tuple[Answer, Resource | None]:
        answer, body = self._exchanged(request)
        if answer.status == 401 and self._renewed():
            answer, body = self._exchanged(request)
        answer.admit(_refusal(answer, body))
        self._was_let_in = True
        kind = answer.media_type.essence if answer.media_type else ""
        try:
            return answer, parsed(body, kind)
        except NotFhir as error:
            if answer.status in (200, 201) and (body or request.method == "GET"):
                raise self.unreadable(error) from None
            return answer, None

    def _exchanged(self, request: _Request) -> tuple[Answer, bytes]:
        """The answer and its body; only the beginning of one that refuses us."""
        path, query = self._place(request.place)
        headers = dict(request.headers)
        if request.content is not None:
            headers |= {
                "Content-Type": JSON,
                "Content-Length": str(len(request.content)),
                "Prefer": "return=representation",
            }
        with self._session.exchange(
            request.method,
            path,
            params=[*query, *request.params],
            accept=JSON,
            content=None if request.content is None else [request.content],
            headers=headers,
        ) as answer:
            if answer.status in REFUSED:
                return answer, answer.beginning()
            answer.admit()
            return answer, answer.body()

    def _place(self, place: str) -> tuple[list[str], list[tuple[str, str]]]:
        """Segments below the base and the query of a URL. Raises ProtocolViolation for one elsewhere."""
        url = urljoin(f"{self.peer.base}/", place)
        base, found = urlsplit(self.peer.base), urlsplit(url)
        same = (found.scheme, found.netloc) == (base.scheme, base.netloc)
        path = found.path.rstrip("/")
        if not same or not (path == base.path or path.startswith(f"{base.path}/")):
            raise self.peer.error(
                ProtocolViolation,
                "the server refers to another place, where nobody is logged in",
                f"{found.scheme}://{found.netloc.rpartition('@')[2]}{found.path}"[:200],
                hint=f"if that is the same server, give its url as it is there; now it is {self.peer.base}",
            )
        segments = [unquote(one) for one in path[len(base.path) :].strip("/").split("/") if one]
        return segments, parse_qsl(found.query, keep_blank_values=True)


def _refusal(answer: Answer, body: bytes) -> str:
    """What the OperationOutcome of an answer that refuses us says; empty where there is none."""
    if answer.status not in REFUSED:
        return ""
    with contextlib.suppress(NotFhir):
        return outcome_words(parsed(body, answer.media_type.essence if answer.media_type else ""))
    return ""


def retry_after(given: str, now: dt.datetime) -> float | None:
    """Seconds that a Retry-After asks for (RFC 9110 10.2.3): a number, or a date; None for neither."""
    if given.strip().isascii() and given.strip().isdigit():
        return float(given)
    try:
        then = email.utils.parsedate_to_datetime(given)
    except (ValueError, TypeError):
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=dt.UTC)
    return max(0.0, (then - now).total_seconds())
