"""What templates can name, and what each of that holds, as far as it is known before the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from scenario_runner.lazy_dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """What is known of a value beforehand: nothing, its keys, or what its elements look like."""

    attributes: Mapping[str, Shape] | None = None
    """All keys of a mapping."""
    item: Shape | None = None
    """Each element of a list."""


ANY = Shape()
"""Nothing is known; whatever is done with it may work."""


def mapping(attributes: Mapping[str, Shape] | Iterable[str]) -> Shape:
    """A mapping with these keys and no others; of names alone, nothing more is known of each."""
    if isinstance(attributes, Mapping):
        return Shape(attributes=dict(attributes))
    return Shape(attributes=dict.fromkeys(attributes, ANY))


def list_of(item: Shape) -> Shape:
    """A list whose elements all look alike."""
    return Shape(item=item)


def shape_of(value: Any) -> Shape:
    """The shape of a raw value of a file: of mappings the keys, of templates nothing."""
    if isinstance(value, dict):
        return mapping({key: shape_of(item) for key, item in value.items()})
    if isinstance(value, list):
        return list_of(ANY)
    return ANY


IMAGE = ("uid", "sop_class", "number", "series_uid", "study_uid")
SERIES = (
    "uid", "number", "modality", "sop_class", "description", "protocol", "body_part", "laterality",
    "view", "transfer_syntax", "rows", "columns", "study_uid", "accession", "phantom", "picture",
    "faults",
)  # fmt: skip
STUDY = (
    "uid", "accession", "study_id", "description", "date", "time", "modality",
    "referring_physician", "institution", "procedure", "patient_id", "patient_name",
)  # fmt: skip
PATIENT = ("id", "name", "issuer", "sex", "birth_date", "address", "phone")
RUN = ("id", "seed", "started", "date")
SITE = ("name", "ae_title", "expects")


@cache
def planned_shapes() -> Mapping[str, Shape]:
    """``patients``, ``studies``, ``series`` and ``images`` as templates see the plan.

    Planning makes mappings with exactly these keys; ``patients[].id`` is the PatientID. Each level
    also holds the list of the one below it.
    """
    image = mapping(IMAGE)
    series = _with_list(SERIES, "images", image)
    study = _with_list(STUDY, "series", series)
    patient = _with_list(PATIENT, "studies", study)
    return {
        "patients": list_of(patient),
        "studies": list_of(study),
        "series": list_of(series),
        "images": list_of(image),
    }


def _with_list(keys: Iterable[str], name: str, item: Shape) -> Shape:
    return mapping({**dict.fromkeys(keys, ANY), name: list_of(item)})


def patient_names(vars_: Mapping[str, Any], matrix: Iterable[str]) -> Shape:
    """What the patients of a scenario can use; vars_: as the file has them, matrix: its axes."""
    return mapping(
        {
            "vars": shape_of(dict(vars_)),
            "matrix": mapping(matrix),
            "run": mapping(RUN),
            "site": mapping(SITE),
        }
    )


def step_names(
    vars_: Mapping[str, Any],
    matrix: Iterable[str],
    saved: Iterable[str] = (),
    extra: Iterable[str] = (),
) -> Shape:
    """What steps can use: also the plan, what earlier steps saved, and extra names (``item``)."""
    before = patient_names(vars_, matrix).attributes or {}
    later = dict.fromkeys([*saved, *extra], ANY)
    # A saved name hides a name of ours where a scenario chose the same one.
    return mapping({**before, **planned_shapes(), **later})


def site_names() -> Shape:
    """What a site file can use: the environment variables."""
    return mapping({"env": ANY})
