"""Where dciodvfy finds an error in an object with one thing wrong, our own rules find one too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.conformance.standard import Standard
from tests.conformance import objects
from tests.conformance.mutations import compared, kinds, whole

if TYPE_CHECKING:
    from pathlib import Path

NOT_OURS = {
    "MR 1.2.840.10008.5.1.4.1.1.4.1": {
        "without SharedFunctionalGroupsSequence.MREchoSequence.EffectiveEchoTime",
    },
}
"""What dciodvfy alone finds, by kind, and why that is no error of ours: an echo time is due in original
frames (C.8.13.5.4), and this one is derived.
"""


@pytest.mark.peer
@pytest.mark.parametrize("kind", kinds())
def test_ours_is_not_silent_where_dciodvfy_errs(kind: str, tmp_path: Path) -> None:
    found, missed = compared(kind, tmp_path)
    assert found > 50
    assert set(missed) == NOT_OURS.get(kind, set())


@pytest.mark.parametrize(
    ("kind", "path", "rule"),
    [
        ("SR", "ContentSequence.ContinuityOfContent", "content-item"),
        ("SR", "ContentSequence.RelationshipType", "content-item"),
        ("KO", "ValueType", "content-item"),
        ("IO", "PrimaryAnatomicStructureSequence", "intraoral-region"),
        ("PR", "ReferencedSeriesSequence.SeriesInstanceUID", "type-1"),
        ("CT 1.2.840.10008.5.1.4.1.1.2.1", "PerFrameFunctionalGroupsSequence.PlanePositionSequence",
         "functional-groups"),
        ("MG 1.2.840.10008.5.1.4.1.1.13.1.3", "SharedFunctionalGroupsSequence.PixelMeasuresSequence",
         "functional-groups"),
        ("CT 1.2.840.10008.5.1.4.1.1.2.1", "DimensionIndexSequence.FunctionalGroupPointer",
         "dimensions"),
        ("MR 1.2.840.10008.5.1.4.1.1.4.1", "ApplicableSafetyStandardAgency", "original"),
        ("MR 1.2.840.10008.5.1.4.1.1.4.1",
         "SharedFunctionalGroupsSequence.PixelValueTransformationSequence", "original"),
        ("SR", "CurrentRequestedProcedureEvidenceSequence", "evidence"),
        ("PR", "RescaleType", "display"),
        ("PR", "PresentationLUTShape", "display"),
        ("PR", "GraphicAnnotationSequence.TextObjectSequence", "graphics"),
        ("PR", "DisplayedAreaSelectionSequence.PresentationPixelAspectRatio", "display"),
        ("XA", "PositionerMotion", "positioner-motion"),
        ("OT", "Manufacturer", "manufacturer"),
    ],
)  # fmt: skip
def test_what_is_missing_inside_is_told_by_its_rule(
    kind: str, path: str, rule: str, tmp_path: Path
) -> None:
    made = whole(kind)
    *way, last = map(objects.tag, path.split("."))
    for item in made[way[0]] if way else [made]:
        assert isinstance(item, dict)
        item.pop(last, None)
    assert rule in errors(made, tmp_path)


ENHANCED_CT = "CT 1.2.840.10008.5.1.4.1.1.2.1"


@pytest.mark.parametrize(
    "kind", [b"ORIGINAL\\PRIMARY\\VOLUME\\NONE", b"DERIVED\\PRIMARY\\VOLUME\\NONE "]
)
def test_an_enhanced_image_says_what_it_is_fit_for(kind: bytes, tmp_path: Path) -> None:
    made = whole(ENHANCED_CT)
    made[objects.tag("ImageType")] = ("CS", kind)
    before = errors(made, tmp_path)
    del made[objects.tag("ContentQualification")]
    assert errors(made, tmp_path) - before == {"original"}


def test_what_is_required_under_a_condition_is_not_there_without_a_value(tmp_path: Path) -> None:
    made = whole(ENHANCED_CT)
    made[objects.tag("ContentQualification")] = ("CS", b"")
    assert errors(made, tmp_path) == {"type-1c"}


def test_a_whole_body_scan_says_how_fast_and_how_far(tmp_path: Path) -> None:
    made = whole("NM")
    assert errors(made, tmp_path) == set()
    del made[objects.tag("ScanVelocity")]
    assert errors(made, tmp_path) == {"whole-body"}


def errors(made: objects.Object, folder: Path) -> set[str]:
    found = Standard().check(objects.write(folder / "one.dcm", made))
    return {finding.rule for finding in found if finding.severity == "error"}
