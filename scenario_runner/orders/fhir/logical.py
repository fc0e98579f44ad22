"""References without an address, in which an identifier alone says who or what is meant (FHIR R4 2.3.0.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from scenario_runner.errors import OperationFailed
from scenario_runner.orders.fhir.documents import NotFhir, Resource, listed, page

_REFUSED: Final = {*range(400, 500), HTTPStatus.NOT_IMPLEMENTED} - {HTTPStatus.TOO_MANY_REQUESTS}
"""Statuses of a server that does not search by that, or for us, however often it is asked."""


def question(reference: Mapping[str, Any], kind: str) -> str | None:
    """What finds the resource at its server, ``Patient?identifier=…``; None for any other reference.

    kind: of resource that stands in that place where the reference names none.
    """
    one = reference.get("identifier")
    if isinstance(reference.get("reference"), str) or not isinstance(one, Mapping):
        return None
    value, system = one.get("value"), one.get("system")
    if not isinstance(value, str) or not value.strip():
        return None
    token = f"{_escaped(system)}|{_escaped(value)}" if isinstance(system, str) else _escaped(value)
    return f"{kind_of(reference, kind)}?{urlencode({'identifier': token, '_count': '2'})}"


def kind_of(reference: Mapping[str, Any], kind: str) -> str:
    """The type of resource that a reference names, else the one that stands in that place."""
    given = reference.get("type")
    return given.rpartition("/")[2] if isinstance(given, str) and given.isascii() else kind


def resource_identified(
    read: Callable[[str], Resource], reference: Mapping[str, Any], place: str
) -> Resource | None:
    """The one resource with that identifier; None where there is none, or several, or nobody may ask.

    read: gives a resource of the server. place: what ``question`` gave. Raises TargetError, also where the server was in
    trouble: then it has not said whether there is one.
    """
    try:
        found = page(read(place)).found
    except NotFhir:
        return None
    except OperationFailed as error:
        if error.http_status not in _REFUSED:
            raise
        return None
    # A server that does not search by it answers with whatever there is.
    fitting = [one for one in found if _has(one, reference["identifier"], place)]
    return fitting[0] if len(fitting) == 1 else None


def _has(resource: Resource, wanted: Mapping[str, Any], place: str) -> bool:
    if resource["resourceType"] != place.partition("?")[0]:
        return False
    given = resource.get("identifier")
    return any(
        one.get("value") == wanted["value"]
        and ("system" not in wanted or one.get("system") == wanted["system"])
        for one in (given if isinstance(given, list) else [given])
        if isinstance(one, Mapping)
    )


def standing_for(reference: Mapping[str, Any], kind: str) -> Resource:
    """A resource that says what the reference says: the identifier, and the display as a name."""
    made: Resource = {
        "resourceType": kind_of(reference, kind),
        "identifier": [reference["identifier"]],
    }
    if reference.get("display"):
        made["name"] = [{"text": reference["display"]}]
    return made


def logical_references(study: Resource) -> list[tuple[Mapping[str, Any], str]]:
    """The references of a study to its patient and orders that may be such, each with the kind of its place."""
    given = [(study.get("subject"), "Patient")]
    given += [(one, "ServiceRequest") for one in listed(study.get("basedOn"))]
    return [(one, kind) for one, kind in given if isinstance(one, Mapping)]


def _escaped(text: str) -> str:
    """Text within a token of a search (R4 3.1.1.5.9)."""
    escaped = text.strip().replace("\\", "\\\\")
    return escaped.replace("|", "\\|").replace(",", "\\,").replace("$", "\\$")
