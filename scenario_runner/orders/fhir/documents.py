"""Answers of a FHIR server as plain data, and what one says went wrong, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from scenario_runner.amounts import amount
from scenario_runner.lazy_dataclasses import dataclass

JSON: Final = "application/fhir+json"
_JSONS: Final = (JSON, "application/json", "application/json+fhir", "text/json")
_MOST_SAID: Final = 300
_MOST_ISSUES: Final = 3
Resource = dict[str, Any]


class NotFhir(Exception):
    """What came is no FHIR resource in JSON. reason: what came instead."""

    def __init__(self, message: str, reason: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.reason, self.hint = message, reason, hint


def parsed(body: bytes, media_type: str) -> Resource:
    """The resource of an answer. media_type: without parameters, lower case. Raises NotFhir."""
    if "html" in media_type or body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        title = re.search(rb"<title[^>]*>([^<]{1,200})", body[:20_000], re.IGNORECASE)
        named = f", titled '{_line(title[1].decode('utf-8', 'replace'))}'" if title else ""
        raise NotFhir(
            "an HTML page came where FHIR was expected",
            f"{media_type or 'no content type'}{named}",
            "is the url the base of the FHIR service, and not a page in front of it?",
        )
    if media_type not in _JSONS:
        raise NotFhir(
            f"{media_type or 'an answer without a content type'} came where {JSON} was expected",
            _line(body[:100].decode("utf-8", "replace")) or "it is empty",
        )
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else _line(str(error))
        raise NotFhir("the answer is no JSON", reason) from None
    if not isinstance(data, dict) or not isinstance(data.get("resourceType"), str):
        raise NotFhir(
            "the answer is JSON, but no FHIR resource",
            "it has no resourceType",
            "is the url the base of the FHIR service?",
        )
    return data


def outcome_words(resource: Mapping[str, Any] | None) -> str:
    """What an OperationOutcome says, worst first; empty for anything else, and for what says nothing."""
    if not isinstance(resource, Mapping) or resource.get("resourceType") != "OperationOutcome":
        return ""
    issues = [one for one in listed(resource.get("issue")) if isinstance(one, dict)]
    rank = ("fatal", "error", "warning", "information", "success")
    issues.sort(key=lambda one: rank.index(one["severity"]) if one.get("severity") in rank else 5)
    said = [words for one in issues if (words := _issue(one))]
    more = len(said) - _MOST_ISSUES
    shown = said[:_MOST_ISSUES] + ([f"and {amount(more, 'more issue')}"] if more > 0 else [])
    return _line("; ".join(shown), 3 * _MOST_SAID)


def says_failed(resource: Mapping[str, Any] | None) -> bool:
    """Whether it is an OperationOutcome with an error in it."""
    if not isinstance(resource, Mapping) or resource.get("resourceType") != "OperationOutcome":
        return False
    issues = [one for one in listed(resource.get("issue")) if isinstance(one, dict)]
    return any(one.get("severity") in ("fatal", "error") for one in issues)


def _issue(issue: Mapping[str, Any]) -> str:
    details = issue.get("details")
    text = issue.get("diagnostics") or (details.get("text") if isinstance(details, dict) else "")
    if not text and isinstance(details, dict):
        codings = [one for one in listed(details.get("coding")) if isinstance(one, dict)]
        text = next((one.get("display") or one.get("code") for one in codings), "")
    places = listed(issue.get("expression")) or listed(issue.get("location"))
    place = f" at {_line(str(places[0]))}" if places else ""
    severity, code = issue.get("severity", ""), issue.get("code", "")
    return f"{_line(str(severity))} {_line(str(code))}{place}: {_line(str(text or 'no more is said'))}".strip()


def listed(value: Any) -> list[Any]:
    """A list as it is, and nothing for what is none."""
    return value if isinstance(value, list) else []


def _line(text: str, most: int = _MOST_SAID) -> str:
    """One bounded line of printable text."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: most * 2]).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a searchset. found: what matches. beside: what was included, by its full URL and its name."""

    found: list[Resource]
    beside: dict[str, Resource]
    following: str | None
    outcome: str
    """What an OperationOutcome among the entries says."""
    searched: frozenset[str] | None
    """The parameters that the server says it searched by (FHIR R4 3.1.1.6), without modifiers; None where
    it does not say."""
    total: int | None
    """How many match in all, as the server says."""


def page(bundle: Resource) -> Page:
    """Read a searchset Bundle. Raises NotFhir for another resource, or entries that are none."""
    if bundle["resourceType"] != "Bundle":
        raise NotFhir(
            f"{_line(bundle['resourceType'])} came where a Bundle was expected",
            outcome_words(bundle) or "a search answers with a Bundle",
        )
    found: list[Resource] = []
    beside: dict[str, Resource] = {}
    said = []
    for number, entry in enumerate(listed(bundle.get("entry"))):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise NotFhir("an entry of the Bundle holds no resource", f"Bundle, entry[{number}]")
        search = entry.get("search")
        mode = search.get("mode") if isinstance(search, dict) else "match"
        if resource["resourceType"] == "OperationOutcome":
            said.append(outcome_words(resource))
        elif mode == "include":
            beside.update((name, resource) for name in _names(entry, resource))
        else:
            found.append(resource)
    links = [one for one in listed(bundle.get("link")) if isinstance(one, dict)]
    following = next((one.get("url") for one in links if one.get("relation") == "next"), None)
    itself = next((one.get("url") for one in links if one.get("relation") == "self"), None)
    total = bundle.get("total")
    return Page(
        found,
        beside,
        following if isinstance(following, str) else None,
        "; ".join(said),
        _searched(itself),
        total if isinstance(total, int) else None,
    )


def _searched(itself: Any) -> frozenset[str] | None:
    """The names of the parameters in the link of a page to itself."""
    query = itself.partition("?")[2] if isinstance(itself, str) else ""
    names = frozenset(base_of(name) for name, _ in parse_qsl(query, keep_blank_values=True))
    return names or None


def base_of(parameter: str) -> str:
    """The name of a search parameter without its modifier and what it is chained to."""
    return re.split("[:.]", parameter, maxsplit=1)[0]


def _names(entry: Mapping[str, Any], resource: Resource) -> Iterator[str]:
    if isinstance(entry.get("fullUrl"), str):
        yield entry["fullUrl"]
    if isinstance(resource.get("id"), str):
        yield name_of(resource)


def name_of(resource: Mapping[str, Any]) -> str:
    """``Patient/123``."""
    return f"{resource.get('resourceType', 'Resource')}/{resource.get('id', '?')}"
