"""``faults`` of a series: what its images are to have wrong, and whether they can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.language.words import did_you_mean
from scenario_runner.planning.plan import PlannedFault
from scenario_runner.planning.transfer_syntaxes import EXPLICIT_LE, IMPLICIT_LE, TRANSFER_SYNTAXES
from scenario_runner.planning.values import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scenario_runner.language.model import FaultSpec
    from scenario_runner.planning.api import FaultFacts
    from scenario_runner.planning.blueprint import Path
    from scenario_runner.planning.findings import Findings

_NATIVE = frozenset(
    {EXPLICIT_LE, IMPLICIT_LE, TRANSFER_SYNTAXES["explicit-be"], TRANSFER_SYNTAXES["deflated"]}
)


class Faults:
    """Turns ``faults`` into planned ones; what cannot be goes to ``findings`` (FAB316)."""

    def __init__(self, known: Mapping[str, FaultFacts], findings: Findings) -> None:
        self._known, self._findings = known, findings

    def planned(
        self,
        specs: Sequence[str | FaultSpec],
        path: Path,
        *,
        modality: str,
        images: int,
        transfer_syntax: str,
    ) -> tuple[PlannedFault, ...]:
        """The faults of a series at ``path``, each once."""
        found: dict[str, PlannedFault] = {}
        for index, spec in enumerate(specs):
            place = (*path, "faults", index)
            name = spec if isinstance(spec, str) else spec.fault
            where = place if isinstance(spec, str) else (*place, "fault")
            facts = self._known.get(name)
            if facts is None:
                message = f"unknown fault '{name}'{did_you_mean(name, self._known)}"
                hint = "all faults are in docs/reference/faults.md"
                self._findings.add(where, ValueProblem("FAB316", message, hint))
                continue
            given = None if isinstance(spec, str) else spec.images
            problem = next(_problems(name, facts, modality, images, transfer_syntax), None)
            if problem is not None:
                self._findings.add(where, problem)
            for nth, number in enumerate(given or ()):
                message = ""
                if number > images:
                    message = f"the series has no image {number}; it has {images}"
                elif number == 1 and facts.images == "last":
                    message = f"the fault '{name}' is between the first image and others"
                if message:
                    self._findings.add((*place, "images", nth), ValueProblem("FAB316", message))
            if given is None and facts.images == "last":
                given = [images]
            found[name] = PlannedFault(
                name=name,
                images=None if given is None else tuple(sorted(set(given))),
                rules=facts.rules,
                also=facts.also,
            )
        return tuple(found.values())

    def sop_class(self, faults: Sequence[PlannedFault], modality: str, usual: str) -> str:
        """The SOP class of a series, wrong when one of its faults is that."""
        for fault in faults:
            make = self._known[fault.name].sop_class
            if make is not None:
                return make(modality)
        return usual

    def uid(self, faults: Sequence[PlannedFault], number: int, own: str, first: str) -> str:
        """SOPInstanceUID of an image; own: as it would be, first: that of the series' first."""
        for fault in faults:
            make = self._known[fault.name].uid
            if make is not None and fault.on(number):
                own = make(own, first)
        return own


def _problems(
    name: str, facts: FaultFacts, modality: str, images: int, transfer_syntax: str
) -> Iterator[ValueProblem]:
    """Why images of a series cannot have a fault."""
    if facts.modalities is not None and modality not in facts.modalities:
        yield ValueProblem(
            "FAB316",
            f"an image of modality {modality} cannot have the fault '{name}'",
            f"it needs one of {', '.join(sorted(facts.modalities))}",
        )
    if images < facts.least:
        yield ValueProblem(
            "FAB316",
            f"the fault '{name}' is between images; the series has {images}",
            f"write images: {facts.least} or more",
        )
    if facts.native and transfer_syntax not in _NATIVE:
        yield ValueProblem(
            "FAB316",
            f"the fault '{name}' needs pixels that are not compressed",
            "leave 'transfer_syntax' out",
        )
    if facts.explicit and transfer_syntax == IMPLICIT_LE:
        yield ValueProblem(
            "FAB316",
            f"the fault '{name}' needs a transfer syntax that writes VRs",
            "leave 'transfer_syntax' out, or write explicit-le",
        )
