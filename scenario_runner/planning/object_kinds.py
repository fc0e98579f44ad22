"""Which kind of object a series is made of: by its modality and, where it says one, its SOP class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.dictionary import uid_keyword
from scenario_runner.dicom.syntaxes import NATIVE
from scenario_runner.planning.modalities import find_modality, find_sop_class
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scenario_runner.language.model import SeriesSpec
    from scenario_runner.planning.api import ModalityDefaults
    from scenario_runner.planning.blueprint import SeriesPart


def usual(known: Mapping[str, ModalityDefaults]) -> dict[str, ModalityDefaults]:
    """The kind of each modality that a series gets without naming a SOP class."""
    return {each.modality: each for each in known.values() if not each.by_sop_class}


def choose(
    given: str, sop_class: str | None, known: Mapping[str, ModalityDefaults]
) -> tuple[ModalityDefaults, str | None] | tuple[str, ValueProblem]:
    """The kind, and the UID of the SOP class where one is named.

    Otherwise which key of the series is wrong (``modality`` or ``sop_class``), and why.
    """
    found = find_modality(given, usual(known))
    if isinstance(found, ValueProblem):
        return "modality", found
    if sop_class is None:
        return found, None
    uid = find_sop_class(sop_class)
    if isinstance(uid, ValueProblem):
        return "sop_class", uid
    for kind in (found, *known.values()):
        if kind.modality == found.modality and uid in kind.sop_class_uids:
            return kind, uid
    return "sop_class", _unfitting(found.modality, sop_class, uid, known)


def _unfitting(
    modality: str, given: str, uid: str, known: Mapping[str, ModalityDefaults]
) -> ValueProblem:
    def names(kinds: Iterator[ModalityDefaults]) -> str:
        return ", ".join(uid_keyword(each) for kind in kinds for each in kind.sop_class_uids)

    others = sorted({kind.modality for kind in known.values() if uid in kind.sop_class_uids})
    instead = f"; {' and '.join(others)} can" if others else ""
    fitting = names(kind for kind in known.values() if kind.modality == modality)
    return ValueProblem(
        "FAB310",
        f"no series of modality {modality} can be made as '{given}'{instead}",
        f"{modality} can be {fitting}; to claim another class on purpose, "
        "write tags: {SOPClassUID: {raw: …}}",
    )


def contradictions(
    spec: SeriesSpec, kind: ModalityDefaults, sop_class_uid: str
) -> Iterator[tuple[str, ValueProblem]]:
    """Keys of a series that its kind of object has no use for, and why."""
    if (spec.frames or 1) > 1 and kind.has_pixels:
        # A class that was named and has a multi-frame sister keeps to one frame.
        single = kind.frames == 1 and sop_class_uid != kind.multiframe_sop_class_uid
        if single:
            yield (
                "frames",
                ValueProblem(
                    "FAB118",
                    f"an image of modality {kind.modality} has one frame",
                    "leave 'frames' out and write 'images' instead",
                ),
            )
    if not kind.has_pixels:
        for key in ("size", "frames", "phantom"):
            if getattr(spec, key) is not None:
                yield (
                    key,
                    ValueProblem(
                        "FAB118",
                        f"an object of modality {kind.modality} has no pixels",
                        f"leave '{key}' out; sizes, frames and phantoms are of images",
                    ),
                )


def syntax_problem(kind: ModalityDefaults, uid: str) -> ValueProblem | None:
    """Why an object without pixels cannot have a transfer syntax that compresses pixels."""
    if kind.has_pixels or uid in NATIVE:
        return None
    return ValueProblem(
        "FAB118",
        f"an object of modality {kind.modality} has no pixels that could be compressed",
        "leave 'transfer_syntax' out, or write explicit-le or implicit-le",
    )


def referred(
    kind: ModalityDefaults, before: Sequence[SeriesPart]
) -> tuple[int, ValueProblem | None]:
    """How many series of its study an object of this kind refers to, and why it cannot do without."""
    images = [part for part in before if part.defaults.has_pixels]
    grey = "greyscale" in kind.refers_to
    if grey:
        images = [part for part in images if not part.color]
    count = sum(part.count for part in images)
    if count or not kind.refers_to:
        return count, None
    return 0, ValueProblem(
        "FAB118",
        f"an object of modality {kind.modality} refers to {kind.refers_to} of its study, "
        "and there are none before it",
        "write a series with images before it, in the same study",
    )


def shows_color(kind: ModalityDefaults, sop_class_uid: str) -> bool:
    """Whether the images of such a series are in colour: always, or as loops."""
    if kind.color_when_multiframe:
        return sop_class_uid == kind.multiframe_sop_class_uid
    return kind.color
