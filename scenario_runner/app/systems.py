"""The systems of a site as a person looks at them: which there are, and what each answers when it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from scenario_runner.answers import Echo
from scenario_runner.api import Deadline, FindRequest, Target
from scenario_runner.app.load import Surroundings, load_site
from scenario_runner.app.peers import PeerRequest, opened
from scenario_runner.app.select import may_be_production
from scenario_runner.authority import authority
from scenario_runner.dicom import statuses
from scenario_runner.errors import FabricatorError
from scenario_runner.language.site_model import TargetSpec
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.redaction import Redactor


@dataclass(frozen=True, slots=True)
class System:
    """A target of a site file. services: kind and address of each, without anything secret."""

    name: str
    environment: str
    may_be_production: bool
    services: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one service said to a question that changes nothing there.

    said: what it is, or why it is no good; hint: what may help then; seconds: until it answered.
    """

    service: str
    is_well: bool
    said: str
    hint: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A system and what it answers just now; nothing where it is not asked."""

    system: System
    answers: tuple[Answer, ...]

    @property
    def is_well(self) -> bool:
        """Whether all that it was asked was answered well."""
        return all(one.is_well for one in self.answers)


def systems(site: Path | None, around: Surroundings) -> list[System]:
    """The targets of a site file in its order; none without a file. Raises InvalidInput, UsageError."""
    if site is None:
        return []
    _, loaded = load_site(site, around)
    clean = Redactor(loaded.secrets).tree
    return [
        System(
            name,
            spec.environment,
            may_be_production(spec),
            tuple((kind, str(clean(where))) for kind, where in _services(spec)),
        )
        for name, spec in loaded.site.targets.items()
    ]


def _services(spec: TargetSpec) -> Iterator[tuple[str, str]]:
    if spec.dicom is not None:
        yield "dicom", f"{spec.dicom.ae_title}@{authority(spec.dicom.host, spec.dicom.port)}"
    for kind in ("dicomweb", "orthanc", "fhir"):
        service = getattr(spec, kind)
        if service is not None:
            yield kind, str(service.url)
    if spec.hl7 is not None:
        yield "hl7", authority(spec.hl7.host, spec.hl7.port)
    if spec.embedded is not None:
        yield "embedded", spec.embedded.ae_title


_DIMSE: Final = "c-find"
"""The way that every target has that is spoken to over DIMSE, and no other."""


def tested(request: PeerRequest, deadline: Deadline) -> list[Answer]:
    """Ask each service of a system that can be asked without a trace: C-ECHO, QIDO-RS, a CapabilityStatement.

    What does not answer, or answers wrongly, is an answer here, with its reason. HL7 v2 has no question that
    nobody keeps, so a receiver of messages is not tested. Raises UsageError and InvalidInput for a system that is none.
    """
    with opened(request) as peer:
        asked = [one for one in _QUESTIONS if one in _able(peer.target)]
        answers = [_asked(peer.target, service, deadline) for service in asked]
        return [
            Answer(
                service=one.service,
                is_well=one.is_well,
                said=str(peer.clean(one.said)),
                hint=str(peer.clean(one.hint)),
                seconds=one.seconds,
            )
            for one in answers
        ]


_ASKED: Final = frozenset({"dicom", "dicomweb", "fhir"})
"""Kinds of service that are asked how they are; one that a run starts for itself is not there to be asked."""
_AT_ONCE: Final = 64
"""Systems; each further one waits, and the deadline is that of all."""


def states(request: PeerRequest, deadline: Deadline) -> list[State]:
    """How each system of a site is, all asked at the same time; one that may be production is not asked unasked.

    request: site, surroundings and our own name; its peer is not read. Raises InvalidInput, UsageError.
    """

    def state(one: System) -> State:
        if one.may_be_production or _ASKED.isdisjoint(kind for kind, _ in one.services):
            return State(one, ())
        try:
            return State(one, tuple(tested(replace(request, peer=one.name), deadline)))
        except FabricatorError as error:
            told = Answer(service=one.services[0][0], is_well=False, said=str(error))
            return State(one, (replace(told, hint=error.hint or ""),))

    every = systems(request.site, request.around)
    # One that is silent takes all the time there is: nobody may wait behind it.
    at_once = min(max(1, len(every)), _AT_ONCE)
    with ThreadPoolExecutor(at_once, thread_name_prefix="state") as pool:
        return list(pool.map(state, every))


def _able(target: Target) -> set[str]:
    # Over DICOMweb alone an echo is the question that QIDO-RS answers, and no C-ECHO.
    able = {"dicom"} if _DIMSE in target.ways else set()
    if "qido" in target.ways:
        able.add("dicomweb")
    if "fhir" in target.capabilities:
        able.add("fhir")
    return able


def _asked(target: Target, service: str, deadline: Deadline) -> Answer:
    began = time.monotonic()
    try:
        is_well, said = _QUESTIONS[service](target, deadline)
    except FabricatorError as error:
        return Answer(service=service, is_well=False, said=str(error), hint=error.hint or "")
    return Answer(service=service, is_well=is_well, said=said, seconds=time.monotonic() - began)


def _echo(target: Target, deadline: Deadline) -> tuple[bool, str]:
    answer: Echo = target.echo(deadline)
    told: Mapping[str, Any] = answer.association
    who = " ".join(
        str(told[key])
        for key in ("implementation_version_name", "implementation_class_uid")
        if told.get(key)
    )
    return answer.status == statuses.SUCCESS, f"{answer.status:04X} {who}".strip()


def _qido(target: Target, deadline: Deadline) -> tuple[bool, str]:
    request = FindRequest(level="study", match={}, returned=["StudyInstanceUID"], limit=1)
    target.by("qido").find(request, deadline)
    return True, "QIDO-RS"


def _capability(target: Target, deadline: Deadline) -> tuple[bool, str]:
    return True, f"FHIR {target.fhir_release(deadline)}"


_QUESTIONS: Final[Mapping[str, Callable[[Target, Deadline], tuple[bool, str]]]] = {
    "dicom": _echo,
    "dicomweb": _qido,
    "fhir": _capability,
}
