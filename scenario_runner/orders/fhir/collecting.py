"""The imaging studies of a server with all they refer to, and the same from what a run has kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.errors import OperationFailed
from scenario_runner.orders.fhir import logical
from scenario_runner.orders.fhir.documents import Resource, listed
from scenario_runner.orders.fhir.study_reader import Collected

if TYPE_CHECKING:
    from scenario_runner.orders.fhir.client import Fhir, Found

_INCLUDED: Final = ("ImagingStudy:patient", "ImagingStudy:basedon")
_FOLLOWED: Final = ("subject", "basedOn", "encounter", "referrer", "interpreter")
"""References of a study that say something of its images; those of its series are performers."""
_Told = Callable[[str, int], object]


def collect(
    fhir: Fhir,
    query: Sequence[tuple[str, str]],
    most: int,
    told: _Told = lambda *_: None,
    clean: Callable[[Any], Any] = lambda kept: kept,
) -> bytes:
    """Search, follow references, and give all as JSON to be kept. Raises TargetError.

    told: what is being read, and how many there are so far. clean: takes secrets out of what came.
    """
    release = fhir.version()
    found = _searched(fhir, query, most)
    told("ImagingStudy", len(found.resources))
    beside: dict[str, Resource | None] = dict(found.beside)
    for study in found.resources:
        _ask(fhir.read, study, beside)
        for reference in _references(study):
            _follow(fhir.read, fhir.base, reference, beside, told)
        for reference in _described_by(study):
            _follow(fhir.read, fhir.base, reference, beside, told, needed=False)
    for resource in [one for one in beside.values() if one is not None]:
        for key in ("requester", "encounter", "practitioner"):
            for reference in _named(resource.get(key)):
                _follow(fhir.read, fhir.base, reference, beside, told)
        if resource.get("resourceType") == "ServiceRequest":
            for reference in _reasons(resource):
                _follow(fhir.read, fhir.base, reference, beside, told, needed=False)
    kept = {
        "base": fhir.base,
        "release": release,
        "more": found.more,
        "studies": found.resources,
        "beside": beside,
    }
    return json.dumps(clean(kept), ensure_ascii=False, indent=1).encode()


def _searched(fhir: Fhir, query: Sequence[tuple[str, str]], most: int) -> Found:
    """With what the studies refer to, where the server gives it."""
    included = [("_include", one) for one in _INCLUDED]
    try:
        return fhir.search("ImagingStudy", [*query, *included], limit=most)
    except OperationFailed as error:
        if error.http_status != HTTPStatus.BAD_REQUEST:
            raise
        # A server that cannot include is asked for each reference; a bad query is told all the same.
        return fhir.search("ImagingStudy", query, limit=most)


def _references(study: Resource) -> Iterator[str]:
    for key in _FOLLOWED:
        yield from _named(study.get(key))
    for series in listed(study.get("series")):
        for performer in listed(series.get("performer") if isinstance(series, dict) else None):
            if isinstance(performer, dict):
                yield from _named(performer.get("actor"))


def _described_by(study: Resource) -> Iterator[str]:
    """References to what was done and why, and to the parts of the body that are shown (BodyStructure, R5)."""
    yield from _reasons(study)
    yield from _named(study.get("procedureReference"))
    for one in listed(study.get("procedure")):  # CodeableReference, R5
        yield from _named(one.get("reference") if isinstance(one, dict) else None)
    for series in listed(study.get("series")):
        site = series.get("bodySite") if isinstance(series, dict) else None
        yield from _named(site.get("reference") if isinstance(site, dict) else None)


def _reasons(resource: Resource) -> Iterator[str]:
    yield from _named(resource.get("reasonReference"))
    for one in listed(resource.get("reason")):  # CodeableReference, R5
        yield from _named(one.get("reference") if isinstance(one, dict) else None)


def _named(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and isinstance(one.get("reference"), str):
            yield one["reference"]


def identifying(
    study: Resource, read: Callable[[str], Resource], base: str
) -> dict[str, Resource | None]:
    """The patient and the orders that one study refers to, by reference; None for what is not there.

    read: gives a resource of the server by ``Patient/123``; base: its URL. Raises TargetError.
    """
    beside: dict[str, Resource | None] = {}
    _ask(read, study, beside)
    for key in ("subject", "basedOn"):
        for reference in _named(study.get(key)):
            _follow(read, base, reference, beside, lambda *_: None)
    return beside


def _ask(
    read: Callable[[str], Resource], study: Resource, beside: dict[str, Resource | None]
) -> None:
    """Find the patient and the orders of a study that are named by an identifier alone."""
    for reference, kind in logical.logical_references(study):
        place = logical.question(reference, kind)
        if place is not None and place not in beside:
            beside[place] = logical.resource_identified(read, reference, place)


def _follow(
    read: Callable[[str], Resource],
    base: str,
    reference: str,
    beside: dict[str, Resource | None],
    told: _Told,
    *,
    needed: bool = True,
) -> None:
    """Read what is referred to, once; what is not there is kept as that, and so is what may not be read, unless needed."""
    if reference in beside or reference.startswith("#"):
        return
    short = "/".join(reference.split("/_history", maxsplit=1)[0].split("/")[-2:])
    if reference.startswith(("http://", "https://")) and not reference.startswith(f"{base}/"):
        beside[reference] = None  # another server, where nobody is logged in
        return
    if short in beside:
        beside[reference] = beside[short]
        return
    if "/" not in reference or reference.startswith("urn:"):
        beside[reference] = None
        return
    try:
        beside[reference] = read(short)
    except OperationFailed as error:
        if needed and error.http_status not in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise
        beside[reference] = None
    told(short.partition("/")[0], len(beside))


def collected(kept: bytes) -> tuple[Collected, Mapping[str, Any]]:
    """What was kept, and ``{base, more}``."""
    data = json.loads(kept)
    about = {key: data[key] for key in ("base", "more")}
    return Collected(data["release"], data["studies"], data["beside"]), about
