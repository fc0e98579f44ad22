"""Instances that do not agree with each other are found, and the right file is blamed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenario_runner.conformance.standard import MOST, Standard
from scenario_runner.conformance.study import PATIENT, STUDY_LEVEL
from tests.conformance import objects
from tests.conformance.objects import Object, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.conformance.api import Finding


def study(folder: Path, change: Callable[[Object], None] | None = None) -> list[Finding]:
    """Findings about a stack of five slices, the third of which was changed."""
    files = []
    for index in range(5):
        made = objects.ct(index)
        if index == 2 and change:
            change(made)
        files.append(objects.write(folder / f"{index}.dcm", made))
    return Standard().check_study(files)


def test_a_stack_that_agrees_has_no_finding(tmp_path: Path) -> None:
    assert study(tmp_path) == []


CHANGES: dict[str, tuple[str, Callable[[Object], None]]] = {
    "PatientID": ("same-patient", lambda o: put(o, "PatientID", "ANOTHER")),
    "PatientName": ("same-patient", lambda o: put(o, "PatientName", "OTHER^JANE")),
    "PatientBirthDate": ("same-patient", lambda o: put(o, "PatientBirthDate", "19700130")),
    "PatientSex": ("same-patient", lambda o: put(o, "PatientSex", "M")),
    "StudyDate": ("same-study", lambda o: put(o, "StudyDate", "20240228")),
    "AccessionNumber": ("same-study", lambda o: put(o, "AccessionNumber", "A0000002")),
    "StudyDescription": ("same-study", lambda o: put(o, "StudyDescription", "Abdomen")),
    "Modality": ("same-series", lambda o: put(o, "Modality", "MR")),
    "SeriesNumber": ("same-series", lambda o: put(o, "SeriesNumber", "2")),
    "SOPInstanceUID": ("unique-instance", lambda o: put(o, "SOPInstanceUID", "2.25.3001")),
    "InstanceNumber": ("unique-number", lambda o: put(o, "InstanceNumber", "1")),
    "FrameOfReferenceUID": (
        "frame-of-reference",
        lambda o: put(o, "FrameOfReferenceUID", "2.25.4002"),
    ),
    "ImagePositionPatient": (
        "slice-positions",
        lambda o: put(o, "ImagePositionPatient", "-1.25\\-1.75\\5"),
    ),
}


@pytest.mark.parametrize("attribute", CHANGES)
def test_one_file_that_differs_is_named(tmp_path: Path, attribute: str) -> None:
    rule, change = CHANGES[attribute]
    (found,) = study(tmp_path, change)
    assert (found.rule, found.attribute) == (rule, attribute)
    assert Path(found.file).name == "2.dcm"


def test_a_slice_out_of_step_is_found(tmp_path: Path) -> None:
    (found,) = study(tmp_path, lambda o: put(o, "ImagePositionPatient", "-1.25\\-1.75\\11"))
    assert found.rule == "slice-spacing"


def test_a_series_uid_used_in_two_studies_is_found(tmp_path: Path) -> None:
    (found,) = study(tmp_path, lambda o: put(o, "StudyInstanceUID", "2.25.1002"))
    assert found.rule == "series-of-one-study"


def test_two_studies_of_two_patients_may_differ(tmp_path: Path) -> None:
    other = objects.ct()
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        put(other, keyword, "2.25.9")
    put(other, "PatientID", "ANOTHER")
    files = [
        objects.write(tmp_path / "1.dcm", objects.ct()),
        objects.write(tmp_path / "2.dcm", other),
    ]
    assert Standard().check_study(files) == []


def test_an_oblique_stack_is_measured_along_its_normal(tmp_path: Path) -> None:
    files = []
    for index in range(4):
        made = objects.ct(index)
        put(made, "ImageOrientationPatient", "1\\0\\0\\0\\0.6\\0.8")
        put(made, "ImagePositionPatient", f"0\\{-0.8 * index * 5:.4f}\\{0.6 * index * 5:.4f}")
        files.append(objects.write(tmp_path / f"{index}.dcm", made))
    assert Standard().check_study(files) == []


def test_files_that_cannot_be_read_do_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"no DICOM")
    other = objects.ct(1)
    put(other, "PatientID", "ANOTHER")
    files = [
        tmp_path / "gone.dcm",
        tmp_path / "noise",
        objects.write(tmp_path / "1.dcm", objects.ct()),
        objects.write(tmp_path / "2.dcm", other),
    ]
    assert [finding.rule for finding in Standard().check_study(files)] == ["same-patient"]


def test_one_name_in_two_character_sets_is_one_name(tmp_path: Path) -> None:
    files = []
    for index, (term, codec) in enumerate([("ISO_IR 100", "latin_1"), ("ISO_IR 192", "utf_8")]):
        made = objects.ct(index)
        put(made, "SpecificCharacterSet", term)
        name = "Müller^Jürgen".encode(codec)
        put(made, "PatientName", name + b" " * (len(name) % 2))
        files.append(objects.write(tmp_path / f"{index}.dcm", made))
    assert Standard().check_study(files) == []


def test_an_implementation_class_uid_for_each_file_is_found(tmp_path: Path) -> None:
    files = []
    for index in range(3):
        made = objects.ct(index)
        group = objects.meta(made)
        put(group, "ImplementationClassUID", f"2.25.{77 + index}")
        files.append(tmp_path / f"{index}.dcm")
        files[-1].write_bytes(objects.part10(made, group=group))
    (found,) = Standard().check_study(files)
    assert found.rule == "implementation"


def test_a_study_that_is_wrong_everywhere_says_so_and_stops(tmp_path: Path) -> None:
    good = objects.write(tmp_path / "good.dcm", objects.ct())
    other = objects.ct(1)
    for keyword in (*PATIENT, *STUDY_LEVEL):
        put(other, keyword, "1 ")
    files = [good]
    for index in range(60):
        put(other, "SOPInstanceUID", f"2.25.{index + 9}")
        files.append(objects.write(tmp_path / f"{index}.dcm", other))
    found = Standard().check_study(files)
    assert (len(found), found[-1].rule) == (MOST + 1, "too-many")


@settings(
    max_examples=60, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_files_never_raise(tmp_path: Path, data: st.DataObject) -> None:
    files = []
    for index in range(3):
        raw = bytearray(objects.part10(objects.ct(index)))
        for _ in range(data.draw(st.integers(0, 8))):
            raw[data.draw(st.integers(300, len(raw) - 1))] = data.draw(st.integers(0, 255))
        files.append(tmp_path / f"{index}.dcm")
        files[-1].write_bytes(raw)
    Standard().check_study(files)
