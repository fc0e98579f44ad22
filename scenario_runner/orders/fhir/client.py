"""A FHIR server: search with its pages, read, create, update, over one connection (FHIR RESTful API).

Documents stay as they came. Every failure is told in words and names the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Literal, Self
from urllib.parse import quote

from scenario_runner.errors import OperationFailed, ProtocolViolation, UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb.answer import Answer
from scenario_runner.orders.fhir.connection import BUSY, TRIES, Connection
from scenario_runner.orders.fhir.documents import (
    NotFhir,
    Page,
    Resource,
    base_of,
    name_of,
    outcome_words,
    page,
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
        self._version = version
        self._connection = Connection(
            peer, deadline, credentials=credentials, opened=opened, learned=learned
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; may be called twice."""
        self._connection.close()

    @property
    def base(self) -> str:
        """What resources are appended to."""
        return self._connection.peer.base

    @property
    def facts(self) -> Mapping[str, Any]:
        """Of the exchanges so far."""
        return self._connection.facts

    def version(self) -> Release:
        """The release that the server speaks. Raises TargetError where it does not say, or is another."""
        if self._version is None:
            statement = self.read("metadata")
            said = statement.get("fhirVersion")
            major = ".".join(str(said).split(".")[:2])
            if statement["resourceType"] != "CapabilityStatement" or major not in _RELEASES:
                raise self._connection.peer.error(
                    OperationFailed,
                    f"the server speaks FHIR {said}" if said else "the server says no FHIR version",
                    f"in its {statement['resourceType']}; R4, R4B and R5 are read here",
                    hint="give 'version' of the 'fhir' service if it is one of these all the same",
                )
            self._version = _RELEASES[major]
        return self._version

    def read(self, place: str) -> Resource:
        """A resource: ``Patient/123``, or a URL or path below the base, with its query."""
        answer, resource = self._connection.ask("GET", place)
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
            answer, bundle = self._connection.ask("GET", place, params)
            if answer.status != 200 or bundle is None:
                raise self._failed(f"the search for {resource}", answer, bundle)
            following = self._take(found, bundle, limit, query)
            if following is None:
                return found
            if following in seen or found.pages >= _MOST_PAGES:
                what = "a page that was there before" if following in seen else "ever more pages"
                raise self._connection.peer.error(
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
            raise self._connection.unreadable(error) from None
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
        answer, made = self._connection.ask(method, place, content=body, headers=headers)
        what = f"{'creating' if method == 'POST' else 'updating'} {place}"
        if answer.status not in (200, 201) or says_failed(made):
            raise self._failed(what, answer, made)
        is_one = made is not None and made["resourceType"] == resource["resourceType"]
        reference = name_of(made) if is_one and made and made.get("id") else ""
        reference = reference or reference_of(answer.header("location"), resource)
        if not reference:
            raise self._connection.peer.error(
                ProtocolViolation,
                f"{what}: the server does not say which one it is now",
                f"{answer.words} without a Location and without the resource",
            )
        kept = made if is_one else None
        return Written(reference, answer.status == 201, answer.status, kept, lost(resource, kept))

    def _failed(self, what: str, answer: Answer, resource: Resource | None) -> OperationFailed:
        words = outcome_words(resource)
        hint = None
        if answer.status in (404, 405, 410) and not words:
            hint = "check the target's 'fhir' url: 'ImagingStudy' and the like are appended to it"
        if answer.status in BUSY:
            words = "; ".join(part for part in (words, f"{TRIES} times in a row") if part)
        reason = f"{answer.words}: {words}" if words else answer.words
        return answer.failure(f"{what} failed", reason, hint=hint)


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
