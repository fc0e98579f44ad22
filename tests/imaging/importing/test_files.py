"""What cannot be imported is named, file by file, and nothing is half done."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from scenario_runner.imaging.importing import profile
from scenario_runner.imaging.importing.assign import CannotAssign
from scenario_runner.imaging.importing.scan import find, scan
from tests.imaging.importing.case import Import, case, sample
from tests.imaging.importing.test_identities import small, write


def problems(*files: Path) -> dict[str, str]:
    return {one.file.name: one.message for one in scan(files).problems}


def test_each_damaged_file_is_named_with_its_damage(tmp_path: Path) -> None:
    (tmp_path / "empty.dcm").touch()
    (tmp_path / "text.dcm").write_text("no DICOM at all", encoding="utf-8")
    (tmp_path / "disc.zip").write_bytes(b"PK\3\4" + bytes(200))
    no_study = small()
    del no_study.StudyInstanceUID
    found = problems(
        tmp_path / "empty.dcm",
        tmp_path / "text.dcm",
        tmp_path / "gone.dcm",
        sample("MR_truncated.dcm"),
        sample("rtplan_truncated.dcm"),
        write(no_study, tmp_path / "no_study.dcm"),
    )
    assert found["empty.dcm"] == "the file is empty"
    assert "not a DICOM file" in found["text.dcm"]
    assert "No such file" in found["gone.dcm"]
    assert "8130 are left" in found["MR_truncated.dcm"]
    assert "BeamSequence" in found["rtplan_truncated.dcm"]
    assert found["no_study.dcm"] == "has no StudyInstanceUID"


def test_a_zip_archive_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "disc.zip").write_bytes(b"PK\3\4" + bytes(200))
    assert "unpack it first" in problems(tmp_path / "disc.zip")["disc.zip"]


def test_one_instance_in_two_files_is_not_taken_twice(tmp_path: Path) -> None:
    data = small()
    files = [write(data, tmp_path / "a.dcm"), write(data, tmp_path / "b.dcm")]
    assert problems(*files) == {"b.dcm": "has the SOP Instance UID of a.dcm"}


def test_a_folder_is_walked_and_its_directory_file_passed_over(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(small(), tmp_path / "deep" / "a.dcm")
    directory = sample("dicomdirtests/DICOMDIR").read_bytes()
    (tmp_path / "DICOMDIR").write_bytes(directory)
    looked = scan(find([tmp_path]))
    assert (len(looked.files), looked.directories, looked.problems) == (1, 1, [])
    assert [path.name for path in find([tmp_path / "*" / "*.dcm", tmp_path])] == [
        "a.dcm",
        "DICOMDIR",
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"BurnedInAnnotation": "YES"}, "BurnedInAnnotation is YES"),
        ({"BurnedInAnnotation": "NO"}, ""),
        ({"BurnedInAnnotation": ""}, "it is a secondary capture"),
        (
            {
                "BurnedInAnnotation": "",
                "SOPClassUID": "1.2.840.10008.5.1.4.1.1.6.1",
                "Modality": "US",
            },
            "it is of modality US",
        ),
        (
            {
                "BurnedInAnnotation": "",
                "SOPClassUID": "1.2.840.10008.5.1.4.1.1.2",
                "Modality": "CT",
            },
            "",
        ),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, "it is an encapsulated document"),
        ({"RecognizableVisualFeatures": "YES"}, "RecognizableVisualFeatures is YES"),
    ],
)
def test_pixels_that_may_show_somebody_are_said(
    said: dict[str, str], why: str, tmp_path: Path
) -> None:
    (found,) = scan([write(small(**said), tmp_path / "a.dcm")]).files
    assert found.pictured.startswith(why)
    assert bool(found.pictured) == bool(why)


def test_no_object_claims_that_nobody_is_in_pixels_that_were_taken_on_trust(tmp_path: Path) -> None:
    file = write(small(BurnedInAnnotation="YES"), tmp_path / "a.dcm")
    done = Import([file], tmp_path / "out")
    new = done.instances[0].dataset()
    assert new.PatientIdentityRemoved == "NO"
    assert "DeidentificationMethod" not in new
    assert done.tally.pictured == {"BurnedInAnnotation is YES": 1}


def studies(folder: Path, *patients: tuple[str, int]) -> list[Path]:
    return [
        write(small(PatientID=patient), folder / f"{patient}{number}.dcm")
        for patient, count in patients
        for number in range(count)
    ]


def test_patients_and_studies_are_taken_in_the_order_of_the_plan(tmp_path: Path) -> None:
    files = studies(tmp_path, ("A", 2), ("B", 1))
    done = Import(files, tmp_path / "out", case(patients=3, studies=2))
    assert [one.series.study.id for one in done.groups] == ["p1.s1", "p1.s2", "p2.s1"]
    assert {one.dataset().PatientID for one in done.instances} == {"NEWPID0001", "NEWPID0002"}


@pytest.mark.parametrize(
    ("wanted", "became"),
    [
        ("p2", ["p2.s1", "p2.s2"]),
        ("NEWPID0002", ["p2.s1", "p2.s2"]),
        ({"id": "NEWPID0002", "studies": []}, ["p2.s1", "p2.s2"]),
        (["p1.s2", "NEWACC002001"], ["p1.s2", "p2.s1"]),
        ([{"uid": "2.25.2002", "accession": "any"}, "2.25.1001"], ["p2.s2", "p1.s1"]),
    ],
)
def test_as_names_whose_they_become(wanted: object, became: list[str], tmp_path: Path) -> None:
    files = studies(tmp_path, ("A", 2))
    done = Import(files, tmp_path / "out", case(patients=2, studies=2), wanted=wanted)
    assert [one.series.study.id for one in done.groups] == became


@pytest.mark.parametrize(
    ("there", "wanted", "message"),
    [
        ((("A", 3),), None, "3 studies of one patient, and the plan has 2 studies for patient p1"),
        ((("A", 1), ("B", 1), ("C", 1)), None, "of 3 patients, and the plan has 2 patients"),
        ((("A", 2),), "p1.s1", "the files have 2 studies, and 'as' names 1"),
        ((("A", 1),), "p7", "'as' names 'p7', which the plan does not have; it has p1, p1.s1"),
        ((("A", 1),), ["p1", "p1.s1"], "patients and studies; name one or the other"),
        ((("A", 1),), [], "'as' names nothing"),
    ],
)
def test_more_than_was_planned_is_refused_with_numbers(
    there: tuple[tuple[str, int], ...], wanted: object, message: str, tmp_path: Path
) -> None:
    files = studies(tmp_path, *there)
    with pytest.raises(CannotAssign, match=message):
        Import(files, tmp_path / "out", case(patients=2, studies=2), wanted=wanted)
    assert not (tmp_path / "out").exists()


def test_a_second_import_goes_on_where_the_first_one_ended(tmp_path: Path) -> None:
    data = small(StudyDate="20200101", PatientID="A")
    more = small(StudyDate="20200111", PatientID="A")
    same = small(StudyDate="20200101", PatientID="A", StudyInstanceUID=data.StudyInstanceUID)
    plan = case(studies=2)
    first = Import([write(data, tmp_path / "a.dcm")], tmp_path / "1", plan)
    files = [write(same, tmp_path / "b.dcm"), write(more, tmp_path / "c.dcm")]
    second = Import(files, tmp_path / "2", plan, before=first.assigned)
    assert [one.series.study.id for one in second.groups] == ["p1.s1", "p1.s2"]
    assert second.instances[1].dataset().StudyDate == "20260209"
    files = studies(tmp_path, ("A", 2))
    with pytest.raises(CannotAssign, match="1 of them taken by an earlier import"):
        Import(files, tmp_path / "3", plan, before=first.assigned)


def test_unlike_images_of_one_series_are_sent_apart(tmp_path: Path) -> None:
    data = small()
    other = small(
        StudyInstanceUID=data.StudyInstanceUID,
        SeriesInstanceUID=data.SeriesInstanceUID,
        implicit=True,
    )
    files = [write(data, tmp_path / "a.dcm"), write(other, tmp_path / "b.dcm")]
    done = Import(files, tmp_path / "out")
    assert [one.series.id for one in done.groups] == ["p1.s1.import1", "p1.s1.import2"]
    assert len({one.series.uid for one in done.groups}) == 1


def test_what_was_written_is_taken_back(tmp_path: Path) -> None:
    done = Import([sample("CT_small.dcm")], tmp_path / "out")
    assert dcmread(next(iter(done.into.files.values()))).PatientID == "NEWPID0001"
    done.into.discard()
    assert list((tmp_path / "out").rglob("*")) == []


def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    import tracemalloc

    study, series = generate_uid(), generate_uid()
    for number in range(24):
        image = small(StudyInstanceUID=study, SeriesInstanceUID=series, Rows=512, Columns=512)
        image.PixelData = bytes([number]) * 2**18
        write(image, tmp_path / f"{number}.dcm")
    Import([tmp_path / "0.dcm"], tmp_path / "warm")
    tracemalloc.start()
    try:
        done = Import(sorted(tmp_path.glob("*.dcm")), tmp_path / "out", load=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert done.into.size > 24 * 2**18
    assert peak < 8 * 2**18


def test_the_table_names_attributes_that_there_are_and_each_once() -> None:
    from pydicom.datadict import tag_for_keyword

    tables = [profile.REMOVE, profile.EMPTY, profile.DUMMY, profile.KEEP, profile.IDENTITY]
    for keyword in frozenset().union(*tables, profile.KEPT_UIDS, profile.IDENTIFIES):
        assert tag_for_keyword(keyword) is not None, keyword
    assert not profile.REMOVE & profile.EMPTY
    assert not profile.DUMMY & (profile.REMOVE | profile.EMPTY)
