"""The imaging studies of a FHIR server of the site, a page of the server's own at a time: to pick one from."""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from scenario_runner.app.load import Surroundings, load_site
from scenario_runner.app.peers import PeerRequest, opened
from scenario_runner.app.systems import systems
from scenario_runner.errors import OperationFailed
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.fhir.documents import NotFhir, Page, listed, page
from scenario_runner.orders.fhir.names import person_name
from scenario_runner.service.errors import Unacceptable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scenario_runner.deadline import Deadline

_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
"""What an id of FHIR may be (R4 2.24.0.1)."""
_PAGE: Final = 20
"""Studies that are asked for at a time; a server may give fewer."""
_INCLUDED: Final = ("_include", "ImagingStudy:patient")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A study as it is offered. id: on the server; patient: a PN value, or the reference where no name is known."""

    id: str
    patient: str
    started: str
    modalities: str
    description: str
    series: int | None
    instances: int | None


@dataclass(frozen=True, slots=True)
class StudiesPage:
    """A page of them. following: where the next one is; empty on the last. total: as far as the server says."""

    studies: list[Listed]
    following: str
    total: int | None


def fhir_servers(site: Path | None, around: Surroundings) -> list[str]:
    """Targets of the site file that speak FHIR. Raises InvalidInput, UsageError."""
    return [one.name for one in systems(site, around) if "fhir" in dict(one.services)]


def require_id(text: str) -> str:
    """The id of a resource. Raises Unacceptable for what is none."""
    if _ID.fullmatch(text) is None:
        raise Unacceptable("fhir-id", f"'{text[:80]}' is no id of FHIR", hint="such as 123")
    return text


def studies_of(
    asked: PeerRequest,
    deadline: Deadline,
    *,
    patient: str = "",
    modality: str = "",
    at: str = "",
) -> StudiesPage:
    """One page of what a FHIR server of the site has. patient: the id of a Patient there; at: where the page is, as an earlier one said.

    Raises Unacceptable for what is no FHIR server of the site, TargetError.
    """
    server, site = asked.peer, asked.site
    targets = {} if site is None else load_site(site, asked.around)[1].site.targets
    able = {name: spec.fhir for name, spec in targets.items() if spec.fhir is not None}
    if server not in able:
        hint = f"there is: {', '.join(able)}" if able else "give a target 'fhir: {url: …}'"
        raise Unacceptable("no-fhir-server", f"'{server[:80]}' is no FHIR server", hint=hint)
    query = [("_count", str(_PAGE))]
    if patient:
        query.append(("patient", f"Patient/{require_id(patient.removeprefix('Patient/'))}"))
    if modality:
        query.append(("modality", modality))
    base = able[server].url.rstrip("/")
    with opened(asked) as peer:

        def answered(place: str) -> Page:
            try:
                return page(peer.target.fhir_read(place, deadline))
            except NotFhir as error:
                raise OperationFailed(
                    error.message, reason=error.reason, target=server, hint=error.hint
                ) from error

        if at:
            return _page(answered(at), base, peer.clean)
        try:
            found = answered(f"ImagingStudy?{urlencode([*query, _INCLUDED])}")
        except OperationFailed as error:
            if error.http_status != HTTPStatus.BAD_REQUEST:
                raise
            # A server that cannot include gives no names; a bad query is told all the same.
            found = answered(f"ImagingStudy?{urlencode(query)}")
        return _page(found, base, peer.clean)


def _page(one: Page, base: str, clean: Callable[[Any], Any]) -> StudiesPage:
    """base: of the server; clean: takes out what it says back of secrets."""
    known = [each for each in one.found if _ID.fullmatch(str(each.get("id", "")))]
    studies = [_listed(each, one.beside) for each in known]
    # Below the server's own address, which may come from the environment and be taken for a secret.
    following = re.sub(rf"\A{re.escape(base)}(/|(?=\?))", "", one.following or "")
    return StudiesPage(clean(studies), clean(following), one.total)


def _listed(study: Mapping[str, Any], beside: Mapping[str, Mapping[str, Any]]) -> Listed:
    subject = study.get("subject")
    reference = str(subject.get("reference", "")) if isinstance(subject, dict) else ""
    names = listed(beside.get(reference, {}).get("name"))
    codes = [_code(one) for one in listed(study.get("modality"))]
    return Listed(
        id=str(study["id"]),
        patient=person_name(names)[0] or reference,
        started=str(study.get("started", ""))[:16].replace("T", " "),
        modalities=", ".join(dict.fromkeys(filter(None, codes))),
        description=str(study.get("description", "")),
        series=_count(study.get("numberOfSeries")),
        instances=_count(study.get("numberOfInstances")),
    )


def _code(modality: Any) -> str:
    """A Coding in R4, a CodeableConcept in R5."""
    if not isinstance(modality, dict):
        return ""
    coding = next(
        (one for one in listed(modality.get("coding")) if isinstance(one, dict)), modality
    )
    return str(coding.get("code", ""))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else None
