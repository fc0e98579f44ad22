"""``inputs/plan.json`` of a run folder: what was planned, as it is read back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, JsonValue

from scenario_runner.evidence.plan_images import SeriesImages
from scenario_runner.evidence.record import ScenarioRecord
from scenario_runner.evidence.record_plan import ImageRecord, PatientRecord, SeriesRecord

if TYPE_CHECKING:
    from pathlib import Path


class PlanCase(BaseModel):
    """A case of ``inputs/plan.json``, as much of it as the record needs."""

    model_config = ConfigDict(defer_build=True, extra="ignore")

    id: str
    name: str = ""
    matrix: dict[str, JsonValue] = {}
    seed: int | None = None
    scenario: ScenarioRecord | None = None
    counts: dict[str, int] = {}
    steps: list[dict[str, JsonValue]] = []
    patients: list[PatientRecord] = []


class PlanFile(BaseModel):
    """``inputs/plan.json``."""

    model_config = ConfigDict(defer_build=True, extra="ignore")

    cases: list[PlanCase] = []
    reserved: dict[str, dict[str, dict[str, int]]] = {}
    """The numbers that each scenario's identifiers hold, by rule."""

    @classmethod
    def read(cls, path: Path) -> PlanFile:
        """The file's, its images kept small where they stand one on a line. Raises OSError, ValidationError."""
        text, taken = _without_images(path)
        plan = cls.model_validate_json(text)
        for case in plan.cases if taken else ():
            for patient in case.patients:
                for study in patient.get("studies", ()):
                    for series in study.get("series", ()):
                        _put_back(series, taken)
        return plan


_ELSEWHERE = "images taken out"
_IMAGE = re.compile(
    rb""" *\{"key": "(?P<series>[\w.]+)\.i(?P<place>[1-9][0-9]{0,8})", "uid": "(?P<uid>[ !#-\[\]-~]*)", """
    rb""""sop_class": "(?P<sop_class>[ !#-\[\]-~]*)", "number": (?P<number>-?(?:0|[1-9][0-9]{0,17}))\}"""
    rb"(?P<rest>,\n|\].*\n?)",
    re.ASCII | re.DOTALL,
)
"""A line of one image, as plans are written."""


def _without_images(path: Path) -> tuple[bytes, list[SeriesImages]]:
    """The text with a placeholder for each list of images, and those."""
    parts: list[bytes] = []
    taken: list[SeriesImages] = []
    now: SeriesImages | None = None
    with path.open("rb") as file:
        for line in file:
            if _ELSEWHERE.encode() in line:  # somebody's own word
                return path.read_bytes(), []
            found = _IMAGE.fullmatch(line)
            place = int(found["place"]) - 1 if found else -1
            if found and now is not None and now.takes(found["series"], found["sop_class"], place):
                pass
            else:
                if now is not None:  # the comma behind its last image
                    parts.append(b",")
                    now = None
                if not found or place:
                    parts.append(line)
                    continue
                parts.append(json.dumps({_ELSEWHERE: len(taken)}).encode())
                now = SeriesImages(found["series"].decode(), found["sop_class"].decode())
                taken.append(now)
            now.append(found["uid"].decode(), int(found["number"]))
            if found["rest"] != b",\n":
                parts.append(found["rest"])
                now = None
    return b"".join(parts), taken


def _put_back(series: SeriesRecord, taken: Sequence[SeriesImages]) -> None:
    images: list[Any] = series.get("images", [])
    if len(images) == 1 and _ELSEWHERE in images[0]:
        series["images"] = cast("list[ImageRecord]", taken[images[0][_ELSEWHERE]])
    elif any(_ELSEWHERE in one for one in images):
        series["images"] = [
            image
            for one in images
            for image in (taken[one[_ELSEWHERE]] if _ELSEWHERE in one else (one,))
        ]
