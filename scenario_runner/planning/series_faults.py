"""``faults`` of a series: what its images are to have wrong, and whether they can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.syntaxes import EXPLICIT_LE, IMPLICIT_LE, TRANSFER_SYNTAXES
from scenario_runner.language.diagnostic_words import did_you_mean
from scenario_runner.planning.object_kinds import shows_color
from scenario_runner.planning.plan import PlannedFault
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scenario_runner.language.model import FaultSpec
    from scenario_runner.planning.api import FaultFacts, ModalityDefaults
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
        kind: ModalityDefaults,
        sop_class_uid: str,
        images: int,
        transfer_syntax: str,
    ) -> tuple[PlannedFault, ...]:
        """The faults of a series at ``path``, each once. sop_class_uid: as it would be without."""
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
            problems = (
                *_unfit_objects(name, facts, kind, sop_class_uid),
                *_unfit_series(name, facts, images, transfer_syntax),
            )
            if problems:
                self._findings.add(where, problems[0])
            for nth, number in enumerate(given or ()):
                message = ""
                if number > images:
                    message = f"the series has no image {number}; it has {images}"
                    hint = "images count from 1; 'images' of the series says how many there are"
                elif number == 1 and facts.images == "last":
                    message = f"the fault '{name}' is between the first image and others"
                    hint = "name another image, or leave 'images' out for the last"
                if message:
                    problem = ValueProblem("FAB316", message, hint)
                    self._findings.add((*place, "images", nth), problem)
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


def _unfit_objects(
    name: str, facts: FaultFacts, kind: ModalityDefaults, sop_class_uid: str
) -> Iterator[ValueProblem]:
    """Why objects of a kind cannot have a fault."""

    def refused(what: str, hint: str | None = None) -> ValueProblem:
        return ValueProblem("FAB316", f"{what} cannot have the fault '{name}'", hint)

    if facts.pixels and not kind.has_pixels:
        yield refused(f"an object of modality {kind.modality}, which has no pixels,")
    if facts.modalities is not None and kind.modality not in facts.modalities:
        what = "image" if kind.has_pixels else "object"
        needs = f"it needs one of {', '.join(sorted(facts.modalities))}"
        yield refused(f"an {what} of modality {kind.modality}", needs)
    if facts.pixels == "greyscale" and shows_color(kind, sop_class_uid):
        yield refused("an image in colour", "it needs a greyscale one")
    if facts.single and kind.functional_groups:
        yield refused(
            "an enhanced object, which may say the same for each frame,",
            f"leave 'sop_class' out for the usual {kind.modality} image",
        )


def _unfit_series(
    name: str, facts: FaultFacts, images: int, transfer_syntax: str
) -> Iterator[ValueProblem]:
    """Why a series of so many images in a transfer syntax cannot have a fault."""
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
