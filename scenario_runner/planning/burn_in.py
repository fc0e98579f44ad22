"""``burn_in`` of a series: what it can write, known before anything is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.language.attributes import attribute_problem
from scenario_runner.language.model import BurnIn
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scenario_runner.language.model import SeriesSpec
    from scenario_runner.planning.api import ModalityDefaults

SMALLEST_CODE = 64
"""Rows and columns from which on a QR code of one UID can be read in a screenshot."""


class Written(TypedDict):
    """The fields of a series' design that say what is written on its images."""

    burn_in: bool | tuple[str, ...]
    burn_in_as: Literal["pixels", "overlay"]
    code: Literal["qr"] | None


def identifies(keyword: str) -> bool:
    """Whether the text of an attribute says who the patient is."""
    return keyword not in _OF_THE_VIEW and ("Patient" in keyword or keyword == "AccessionNumber")


_OF_THE_VIEW = frozenset(("PatientOrientation", "PatientPosition"))
"""How somebody lies before the machine, whoever it is: marks that images have."""


def written(given: bool | list[str] | BurnIn | None) -> Written:
    """What a scenario asks for: text in the pixels where it says nothing."""
    wanted = given if isinstance(given, BurnIn) else BurnIn(text=True if given is None else given)
    text = tuple(wanted.text) if isinstance(wanted.text, list) else wanted.text
    return {"burn_in": text, "burn_in_as": wanted.as_, "code": wanted.code}


def unwritable(
    spec: SeriesSpec, kind: ModalityDefaults, tags: Mapping[str, Any], rows: int, columns: int
) -> Iterator[tuple[tuple[str | int, ...], ValueProblem]]:
    """Where below the series something is asked for that cannot be written, and why.

    tags: what its objects get, also from the study and the patient.
    """
    wanted = spec.burn_in
    text = wanted.text if isinstance(wanted, BurnIn) else wanted
    place = ("burn_in", "text") if isinstance(wanted, BurnIn) else ("burn_in",)
    for nth, keyword in enumerate(text if isinstance(text, list) else ()):
        # Only a name that a template gave has not been looked up yet.
        if problem := attribute_problem(keyword):
            yield (*place, nth), ValueProblem("FAB117", *problem)
        elif _must_not(spec, kind, tags) and identifies(keyword):
            message = f"{keyword} identifies the patient, and {uid_name(kind.sop_class_uid)} must have no such text in its pixels"
            hint = (
                "write it in an overlay (burn_in: {text: […], as: overlay}), or say 'burn_in: true' for what identifies nobody; "
                "for a negative test, 'tags' may give BurnedInAnnotation as a raw value"
            )
            yield (*place, nth), ValueProblem("FAB118", message, hint)
    if not isinstance(wanted, BurnIn) or wanted.code is None:
        return
    if not kind.has_pixels:
        message = f"an object of modality {kind.modality} has no pixels that could show a code"
        yield ("burn_in", "code"), ValueProblem("FAB118", message, "leave 'code' out")
    elif min(rows, columns) < SMALLEST_CODE:
        message = (
            f"a code can be read from {SMALLEST_CODE} rows and columns on; "
            f"these images have {rows} and {columns}"
        )
        hint = "leave 'code' out, or give the series a larger 'size'"
        yield ("burn_in", "code"), ValueProblem("FAB118", message, hint)


def _must_not(spec: SeriesSpec, kind: ModalityDefaults, tags: Mapping[str, Any]) -> bool:
    """Whether text in the pixels may not identify the patient (PS3.3 C.8.15.2): an enhanced image says NO to it.

    Who gives BurnedInAnnotation knows what the pixels show.
    """
    in_pixels = not isinstance(spec.burn_in, BurnIn) or spec.burn_in.as_ == "pixels"
    return in_pixels and not kind.may_say_burned_in and "BurnedInAnnotation" not in tags
