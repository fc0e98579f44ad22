"""The law of ``tags``: what ``validate`` passes, a run makes, and ``check`` finds no error in it."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scenario_runner.conformance.reader import read_stream
from scenario_runner.conformance.standard import judge
from scenario_runner.dicom.dictionary import attribute, tag_for_keyword, tag_of
from scenario_runner.dicom.dictionary import keywords as all_keywords
from scenario_runner.imaging.instance import Instance
from scenario_runner.imaging.phantoms.registry import usual_name
from scenario_runner.planning import expand
from scenario_runner.planning.usual_objects import usual_object
from scenario_runner.registry.counters import SqliteCounters
from tests.imaging.planned import builders, factory
from tests.planning.support import options, scenario, site

KINDS = {kind.key: kind for kind in (each.defaults for each in builders().values())}
UNSET = {
    "SpecificCharacterSet",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
}
"""What other tests set: each names one thing, or says how all text is written."""
VALUES: dict[str, list[Any]] = {
    "AE": ["FAB"], "AS": ["040Y", "003M", "40"], "AT": ["(0018,1063)", "00540010", "(0010,0010)"],
    "CS": ["YES", "NO", "00", "01", "02", "X", "M", "R", "L", "U", "B", "ORIGINAL", "DERIVED", "NONE",
           "MIXED", "HFS", "HU", "US", "IDENTITY", "CT", "MR", "SE", "2D", "3D", "LINEAR", "SIGMOID",
           "LINEAR_EXACT", "HAND", "KNEE", "CHEST", "MONOCHROME2", "FOR PRESENTATION", "PRODUCT"],
    "DA": ["20200101", "20300101", "19000101", "2020"], "DS": ["1", "0", "-1", "0.5", "1e3", "100", ""],
    "DT": ["20200101120000", "2020"], "FD": [0, 1, -1.5], "FL": [0, 1.5], "IS": ["1", "0", "-5", "2"],
    "LO": ["text", "Käse"], "LT": ["text\nmore"], "OB": ["00 01"], "OD": ["00 00 00 00 00 00 00 00"],
    "OF": ["00 00 00 00"], "OL": ["00 00 00 00"], "OV": ["00 00 00 00 00 00 00 00"],
    "OW": ["00 00"], "PN": ["DOE^JANE", "A=B=C"], "SH": ["+0100", "-1300", "+0530", "text", "-0000"],
    "SL": [0, -1], "SS": [0, 1, -1], "ST": ["text"], "SV": [0], "TM": ["1200", "25"],
    "UC": ["text"], "UI": ["1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2", "2.25.7", "1.02"],
    "UL": [0, 1, 70000], "UN": ["00"], "UR": ["http://127.0.0.1/x"], "US": [0, 1, 2, 512],
    "UT": ["text"], "UV": [0],
}  # fmt: skip


@cache
def top_keywords(kind: str) -> list[str]:
    """What objects of a kind have at their top: where most rules are."""
    uid = KINDS[kind].sop_class_uid
    usual = usual_object(kind, uid)
    assert usual is not None
    found = (attribute(tag) for tag in usual.data.elements)
    return sorted({each.keyword for each in found if each is not None and each.keyword} - UNSET)


@cache
def settable() -> list[str]:
    """Every keyword of the dictionary that is no command and no file meta information."""
    return sorted(each for each in all_keywords() if (tag_for_keyword(each) or 0) >> 16 > 2)


OFTEN = [
    "PixelSpacing", "RescaleSlope", "RescaleIntercept", "RescaleType", "WindowCenter", "WindowWidth",
    "SOPClassUID", "Modality", "PatientSex", "Laterality", "ImageLaterality", "LossyImageCompression",
    "AnatomicRegionSequence", "SliceThickness", "FrameIncrementPointer", "RealWorldValueMappingSequence",
    "TimezoneOffsetFromUTC", "PatientBirthDate", "StudyDate", "PatientAge", "BodyPartExamined",
    "ImageType", "SpacingBetweenSlices", "ImageOrientationPatient", "ImagePositionPatient",
    "PatientPosition", "PatientOrientation", "NumberOfSlices", "FrameTime", "FrameTimeVector",
    "PresentationLUTShape", "VOILUTFunction", "VOILUTSequence", "ModalityLUTSequence",
    "ReferencedImageSequence", "ContentQualification", "BurnedInAnnotation", "ScanningSequence",
    "EnergyWindowVector", "DecayCorrection", "QualityControlImage", "PixelIntensityRelationship",
    "PositionerType", "ConceptNameCodeSequence", "ContentSequence", "PixelAspectRatio",
]  # fmt: skip


def values(keyword: str, depth: int) -> st.SearchStrategy[Any]:
    entry = attribute(tag_of(keyword))
    assert entry is not None
    vr = entry.vr.split(" or ")[0]
    if vr == "SQ":
        if depth > 1:
            return st.just([])
        inside = st.sampled_from(settable()) | st.sampled_from(
            ["CodeValue", "CodingSchemeDesignator", "CodeMeaning", "ReferencedSOPClassUID", *OFTEN]
        )
        return st.lists(tags(inside, depth + 1), max_size=2)
    one = st.sampled_from(VALUES.get(vr, ["x"]))
    return st.none() | one | st.lists(one, min_size=1, max_size=6)


@st.composite
def tags(draw: st.DrawFn, keyword: st.SearchStrategy[str], depth: int = 0) -> dict[str, Any]:
    names = draw(st.lists(keyword, max_size=2, unique=True))
    return {name: draw(values(name, depth)) for name in names}


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    keyword = (
        st.sampled_from(OFTEN)
        | st.sampled_from(top_keywords(kind.key))
        | st.sampled_from(settable())
    ).filter(lambda name: name not in UNSET)
    series: dict[str, Any] = {"modality": kind.modality, "images": 1, "tags": draw(tags(keyword))}
    if kind.by_sop_class:
        series["sop_class"] = kind.sop_class_uid
    if kind.has_pixels:
        series["size"] = [16, 16]
        syntaxes = ["explicit-le", "implicit-le", "rle", "jpeg-ls"]
        if kind.bits_allocated == 8:
            syntaxes.append("jpeg-baseline")
        series["transfer_syntax"] = draw(st.sampled_from(syntaxes))
        if kind.frames > 1:
            series["frames"] = draw(st.sampled_from([1, 2, 3]))
        part = draw(st.sampled_from([None, "HAND", "CHEST"]))
        if part:
            series["body_part"] = part
    before = [] if kind.has_pixels else [{"modality": "CT", "images": 1, "size": [16, 16]}]
    study: dict[str, Any] = {"series": [*before, series]}
    patient: dict[str, Any] = {"studies": [study]}
    draw(st.sampled_from([study, patient]))["tags"] = draw(tags(keyword))
    if draw(st.booleans()):
        study["date"] = "20240229"
        patient["birth_date"] = "19700131"
    return patient


def made(patient: dict[str, Any]) -> list[Instance] | None:
    """What a run would send of the last series; None when ``validate`` finds something."""
    prepared = expand.prepare(
        scenario("patients: " + json.dumps([patient])),
        site(),
        options=options(usual_phantom=usual_name, modalities=KINDS),
    )
    if prepared.diagnostics():
        return None
    (case,) = prepared.plan(SqliteCounters(":memory:"))
    series = case.patients[0].studies[0].series[-1]
    return [factory().instance(image) for image in series.images]


def found_in(instance: Instance) -> list[str]:
    file = read_stream(io.BytesIO(b"".join((instance.meta, *instance.buffers))))
    return [
        f"{each.rule} {each.attribute} {each.message}"
        for each in judge(file)
        if each.severity == "error"
    ]


def own_term(modality: str) -> dict[str, Any]:
    """BodyPartExamined has Defined Terms, to which a department may add its own."""
    series = {"modality": modality, "images": 1, "size": [16, 16], "body_part": "OUR_OWN_PART"}
    return {"studies": [{"series": [series]}]}


def tagged(modality: str, **tags: Any) -> dict[str, Any]:
    series = {"modality": modality, "images": 1, "size": [16, 16], "tags": tags}
    return {"studies": [{"series": [series]}]}


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(scenarios())
@example(own_term("DX"))
@example(own_term("PX"))
@example(tagged("CR", RescaleSlope=2, RescaleIntercept=0))
@example(tagged("OT", RescaleSlope=""))
@example(tagged("NM", FrameIncrementPointer="(0010,0010)"))
@example(tagged("CT", StudyDate="19000101"))
@example({"age": "40y", **tagged("CT", StudyDate="19000101")})
@example({"birth_date": "19700131", **tagged("CT", StudyDate="19000101")})
@example(tagged("CT", PatientBirthDate="20250901"))
@example({"tags": {"PatientBirthDate": "20250901"}, **tagged("CT")})
def test_what_validate_passes_is_made_and_has_no_error(patient: dict[str, Any]) -> None:
    for instance in made(patient) or []:
        assert found_in(instance) == []


@pytest.mark.parametrize("size", [[1, 1], [1, 40]])
def test_an_image_of_one_row_is_drawn(size: list[int]) -> None:
    series = {"modality": "US", "images": 1, "size": size}
    [instance] = made({"studies": [{"series": [series]}]}) or []
    assert found_in(instance) == []


def test_a_study_date_of_one_series_is_held_to_a_birth_that_is_given_and_precedes_one_that_is_drawn() -> (
    None
):
    early = tagged("CT", StudyDate="19000101")
    assert made({"birth_date": "19700131", **early}) is None
    assert made({"age": "40y", **early}) is None
    assert made(early)


def test_what_several_tags_do_together_is_told_of_one_of_them() -> None:
    assert made(tagged("CR", RescaleSlope=2, RescaleIntercept=0)) is None
    assert made(tagged("CR", RescaleSlope=2, RescaleIntercept=0, RescaleType="US"))


@pytest.mark.parametrize(
    ("burn_in", "valid"),
    [
        (True, True),
        (["SeriesDescription"], True),
        (["SeriesDescription", "PatientID"], False),
        ({"text": ["AccessionNumber"]}, False),
        ({"text": ["AccessionNumber"], "as": "overlay"}, True),
    ],
)
def test_text_that_identifies_is_refused_where_an_image_may_not_show_it(
    burn_in: Any, valid: bool
) -> None:
    series = {
        "modality": "MR",
        "sop_class": "EnhancedMRImageStorage",
        "images": 1,
        "size": [64, 64],
    }
    instances = made({"studies": [{"series": [{**series, "burn_in": burn_in}]}]})
    assert (instances is not None) == valid
    for instance in instances or []:
        assert found_in(instance) == []
