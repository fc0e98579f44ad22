"""A FHIR server: search with its pages, read, create, update, over one connection (FHIR RESTful API).

Documents stay as they came. Every failure is told in words and names the server.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Literal, Self
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from scenario_runner.errors import OperationFailed, ProtocolViolation, UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb.answer import Answer
from scenario_runner.network.dicomweb.session import Session
from scenario_runner.orders.fhir.documents import (
    JSON,
    NotFhir,
    Page,
    Resource,
    base_of,
    name_of,
    outcome_words,
    page,
    parsed,
    says_failed,
)
from scenario_runner.orders.fhir.written import Written, lost, reference_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.deadline import Deadline
    from scenario_runner.network.dicomweb.peer import WebPeer
    from scenario_runner.orders.fhir.token import Credentials

Release = Literal["R4", "R4B", "R5"]
_RELEASES: Final[Mapping[str, Release]] = {"4.0": "R4", "4.1": "R4B", "4.3": "R4B", "5.0": "R5"}
"""What the beginning of CapabilityStatement.fhirVersion means."""
_BUSY: Final = (429, 503)
_TRIES: Final = 5
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
"""Seconds before the second try, twice as many before each further one; and the most that is waited."""
_SELECTING: Final = ("_id", "_lastUpdated", "_tag", "_profile", "_security", "_has", "_list", "_source",
                     "_text", "_content", "_filter")  # fmt: skip
"""Parameters of every resource that say what matches (R4 3.1.1.4)."""
_MOST_PAGES: Final = 10_000
_PAGE: Final = 50


@dataclass(slots=True)
class Found:
    """What a search found, and what came with it by ``Patient/123`` and by full URL."""

    resources: list[Resource] = field(default_factory=list)
    beside: dict[str, Resource] = field(default_factory=dict)
    pages: int = 0
    more: bool = False
    """Whether the server has more than were wanted."""
    outcome: str = ""
    """What the server remarked."""
    ignored: list[str] = field(default_factory=list)
    """Parameters that were asked for and that the server does not say it searched by."""
    silent: bool = False
    """Whether it does not say what it searched by at all."""
    total: int | None = None
    """How many match in all, as the server says."""
    repeated: int = 0
    """Resources that one page has more than once."""


class Fhir:
    """One conversation with a FHIR server. version: as the site says; else the server is asked."""

    def __init__(
        self,
        peer: WebPeer,
        deadline: Deadline,
        *,
        version: Release | None = None,
        credentials: Credentials | None = None,
        opened: Callable[[Mapping[str, Any]], None] | None = None,
        learned: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._peer = peer
        self._deadline = deadline
        self._version = version
        self._credentials = credentials
        self._opened = opened
        self._learned = learned
        self._was_let_in = False
        self._session = self._logged_in()

    def _logged_in(self) -> Session:
        """A connection, with a new token where there are client credentials."""
        if self._credentials is not None:
            from scenario_runner.orders.fhir.token import with_token

            self._peer = with_token(self._peer, self._credentials, self._deadline)
            if self._peer.login is not None and self._peer.login.bearer:
                self._learned(self._peer.login.bearer)
        return Session(self._peer, self._deadline, self._opened)

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; may be called twice."""
        self._session.close()

    @property
    def base(self) -> str:
        """What resources are appended to."""
        return self._peer.base

    @property
    def facts(self) -> Mapping[str, Any]:
        """Of the exchanges so far."""
        return self._session.facts

    def version(self) -> Release:
        """The release that the server speaks. Raises TargetError where it does not say, or is another."""
        if self._version is None:
            statement = self.read("metadata")
            said = statement.get("fhirVersion")
            major = ".".join(str(said).split(".")[:2])
            if statement["resourceType"] != "CapabilityStatement" or major not in _RELEASES:
                raise self._peer.error(
                    OperationFailed,
                    f"the server speaks FHIR {said}" if said else "the server says no FHIR version",
                    f"in its {statement['resourceType']}; R4, R4B and R5 are read here",
                    hint="give 'version' of the 'fhir' service if it is one of these all the same",
                )
            self._version = _RELEASES[major]
        return self._version

    def read(self, place: str) -> Resource:
        """A resource: ``Patient/123``, or a URL or path below the base, with its query."""
        with self._asked("GET", place) as (answer, resource):
            if answer.status != 200 or resource is None:
                raise self._failed(f"reading {place}", answer, resource)
            return resource

    def search(
        self,
        resource: str,
        query: Sequence[tuple[str, str]],
        *,
        limit: int | None = None,
    ) -> Found:
        """All that match, page after page; no more than limit. Raises TargetError.

        query: parameters with their values, ``_include`` and the like among them.
        """
        found = Found()
        size = _PAGE if limit is None else min(limit, _PAGE)
        counted = [] if any(name == "_count" for name, _ in query) else [("_count", str(size))]
        place, params = resource, [*query, *counted]
        seen: set[str] = set()
        while True:
            with self._asked("GET", place, params) as (answer, bundle):
                if answer.status != 200 or bundle is None:
                    raise self._failed(f"the search for {resource}", answer, bundle)
            following = self._take(found, bundle, limit, query)
            if following is None:
                return found
            if following in seen or found.pages >= _MOST_PAGES:
                what = "a page that was there before" if following in seen else "ever more pages"
                raise self._peer.error(
                    ProtocolViolation,
                    f"the search for {resource} does not end",
                    f"page {found.pages} links to {what}",
                )
            seen.add(following)
            place, params = following, []

    def _take(
        self, found: Found, bundle: Resource, limit: int | None, query: Sequence[tuple[str, str]]
    ) -> str | None:
        """Add a page to what was found; the URL of the next one, if it is wanted."""
        try:
            one = page(bundle)
        except NotFhir as error:
            raise self._unreadable(error) from None
        found.pages += 1
        if found.pages == 1:
            _compare(found, one, query)
        found.beside |= one.beside
        found.outcome = found.outcome or one.outcome
        named = [name_of(resource) for resource in one.found if resource.get("id")]
        found.repeated += len(named) - len(set(named))
        room = None if limit is None else limit - len(found.resources)
        found.resources += one.found[:room]
        found.more = len(one.found) > len(one.found[:room]) or one.following is not None
        if one.following is None or (limit is not None and len(found.resources) >= limit):
            return None
        found.more = False
        return one.following

    def create(self, resource: Resource, *, unless: Sequence[tuple[str, str]] = ()) -> Written:
        """Create a resource; with ``unless`` only where none fits that query (conditional create)."""
        condition = "&".join(f"{quote(name)}={quote(text, safe='')}" for name, text in unless)
        headers = {"If-None-Exist": condition} if condition else {}
        return self._write("POST", resource["resourceType"], resource, headers)

    def update(self, resource: Resource) -> Written:
        """Put a resource under its id."""
        return self._write("PUT", name_of(resource), resource, {})

    def _write(
        self, method: str, place: str, resource: Resource, headers: Mapping[str, str]
    ) -> Written:
        body = json.dumps(resource, ensure_ascii=False).encode()
        with self._asked(method, place, content=body, headers=headers) as (answer, made):
            what = f"{'creating' if method == 'POST' else 'updating'} {place}"
            if answer.status not in (200, 201) or says_failed(made):
                raise self._failed(what, answer, made)
            is_one = made is not None and made["resourceType"] == resource["resourceType"]
            reference = name_of(made) if is_one and made and made.get("id") else ""
            reference = reference or reference_of(answer.header("location"), resource)
            if not reference:
                raise self._peer.error(
                    ProtocolViolation,
                    f"{what}: the server does not say which one it is now",
                    f"{answer.words} without a Location and without the resource",
                )
            kept = made if is_one else None
            return Written(
                reference, answer.status == 201, answer.status, kept, lost(resource, kept)
            )

    def _asked(
        self,
        method: str,
        place: str,
        params: Sequence[tuple[str, str]] = (),
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> _Exchanges:
        return _Exchanges(self, method, place, params, content, headers or {})

    def _place(self, place: str) -> tuple[list[str], list[tuple[str, str]]]:
        """Segments below the base and the query of a URL. Raises ProtocolViolation for one elsewhere."""
        url = urljoin(f"{self.base}/", place)
        base, found = urlsplit(self.base), urlsplit(url)
        same = (found.scheme, found.netloc) == (base.scheme, base.netloc)
        path = found.path.rstrip("/")
        if not same or not (path == base.path or path.startswith(f"{base.path}/")):
            raise self._peer.error(
                ProtocolViolation,
                "the server refers to another place, where nobody is logged in",
                f"{found.scheme}://{found.netloc.rpartition('@')[2]}{found.path}"[:200],
                hint=f"if that is the same server, give its url as it is there; now it is {self.base}",
            )
        segments = [unquote(one) for one in path[len(base.path) :].strip("/").split("/") if one]
        return segments, parse_qsl(found.query, keep_blank_values=True)

    def _failed(self, what: str, answer: Answer, resource: Resource | None) -> OperationFailed:
        words = outcome_words(resource)
        hint = None
        if answer.status in (404, 405, 410) and not words:
            hint = "check the target's 'fhir' url: 'ImagingStudy' and the like are appended to it"
        if answer.status in _BUSY:
            words = "; ".join(part for part in (words, f"{_TRIES} times in a row") if part)
        reason = f"{answer.words}: {words}" if words else answer.words
        return self._peer.error(OperationFailed, f"{what} failed", reason, hint=hint)

    def _unreadable(self, error: NotFhir) -> ProtocolViolation:
        return self._peer.error(ProtocolViolation, error.message, error.reason, hint=error.hint)


class _Exchanges:
    """One request, asked again while the server is busy; its answer with the resource in it."""

    def __init__(
        self,
        fhir: Fhir,
        method: str,
        place: str,
        params: Sequence[tuple[str, str]],
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> None:
        self._fhir, self._method, self._place = fhir, method, place
        self._params, self._content, self._headers = params, content, headers

    def __enter__(self) -> tuple[Answer, Resource | None]:
        wait = _FIRST_WAIT
        for _ in range(_TRIES - 1):
            answer, resource = self._once()
            if answer.status not in _BUSY:
                return answer, resource
            asked = retry_after(answer.header("retry-after"), dt.datetime.now(dt.UTC))
            self._fhir._deadline.sleep(min(wait if asked is None else asked, _LONGEST_WAIT))  # noqa: SLF001
            wait *= 2
        return self._once()

    def __exit__(self, *_: object) -> None:
        return None

    def _once(self) -> tuple[Answer, Resource | None]:
        fhir = self._fhir
        answer, body = self._exchanged()
        if answer.status == 401 and fhir._renewed():  # noqa: SLF001 - its own
            answer, body = self._exchanged()
        answer.admit()
        fhir._was_let_in = True  # noqa: SLF001
        kind = answer.media_type.essence if answer.media_type else ""
        if answer.status in (200, 201) and (body or self._method == "GET"):
            try:
                return answer, parsed(body, kind)
            except NotFhir as error:
                raise fhir._unreadable(error) from None  # noqa: SLF001
        try:
            return answer, parsed(body, kind)
        except NotFhir:
            return answer, None

    def _exchanged(self) -> tuple[Answer, bytes]:
        """The answer and its body; only the beginning of one that refuses us."""
        fhir = self._fhir
        path, query = fhir._place(self._place)  # noqa: SLF001
        headers = dict(self._headers)
        if self._content is not None:
            headers |= {
                "Content-Type": JSON,
                "Content-Length": str(len(self._content)),
                "Prefer": "return=representation",
            }
        with fhir._session.exchange(  # noqa: SLF001
            self._method,
            path,
            params=[*query, *self._params],
            accept=JSON,
            content=None if self._content is None else [self._content],
            headers=headers,
        ) as answer:
            if answer.status == 401:
                return answer, answer.beginning()
            answer.admit()
            return answer, answer.body()


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


def _compare(found: Found, first: Page, query: Sequence[tuple[str, str]]) -> None:
    """Note what of a query the server does not say that it searched by: it SHALL say (R4 3.1.1.6)."""
    asked = dict.fromkeys(base_of(name) for name, _ in query if _selects(base_of(name)))
    found.total = first.total
    found.silent = first.searched is None and bool(asked)
    if first.searched is not None:
        found.ignored = [name for name in asked if name not in first.searched]


def _selects(name: str) -> bool:
    """Whether a parameter says what matches, and not how much of it comes in which order."""
    return not name.startswith("_") or name in _SELECTING


def parameters(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A query as a scenario has it: lists are several parameters of one name."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict | list) or one is None:
                raise UsageError(f"the search parameter '{name}' has no text as its value")
            pairs.append((name, str(one).lower() if isinstance(one, bool) else str(one)))
    return pairs
