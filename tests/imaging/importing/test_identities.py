"""Whose the files were must be nowhere in what comes out, and what belongs together must stay so."""

from __future__ import annotations

import datetime as dt
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
from scenario_runner.imaging.importing.deidentify import Policy, identifying
from scenario_runner.imaging.importing.moments import shift_da, shift_dt
from tests.imaging.importing.case import Import, case, sample

SAMPLES = [
    "CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm",
    "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "JPEG2000.dcm", "JPEG-lossy.dcm",
    "examples_overlay.dcm", "image_dfl.dcm", "SC_rgb_rle_2frame.dcm", "reportsi.dcm", "test-SR.dcm",
    "rtplan.dcm", "rtdose_rle.dcm", "waveform_ecg.dcm", "chrGerm.dcm", "chrJapMulti.dcm",
]  # fmt: skip


def source_of(path: Path) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dcmread(path)
        dataset.walk(lambda *_: None)
        return dataset


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_that_identifies_is_left_in_the_bytes(name: str, tmp_path: Path) -> None:
    done = Import([sample(name)], tmp_path)
    source = source_of(sample(name))
    (written,) = (path.read_bytes() for path in done.into.files.values())
    if "dfl" not in name:
        assert b"NEWPID0001" in written
    originals = identifying(source)
    assert originals, "a sample without anything to hide proves nothing"
    for text in originals:
        for codec in ("utf-8", "latin-1", "iso2022_jp"):
            assert text.encode(codec, "replace") not in written, text


@pytest.mark.parametrize("name", SAMPLES)
def test_pixels_and_transfer_syntax_stay_bit_for_bit(name: str, tmp_path: Path) -> None:
    (instance,) = Import([sample(name)], tmp_path).instances
    source, new = source_of(sample(name)), instance.dataset()
    assert new.file_meta.TransferSyntaxUID == source.file_meta.TransferSyntaxUID
    assert new.get("PixelData") == source.get("PixelData")
    assert new.SOPClassUID == source.SOPClassUID


@pytest.mark.peer
@pytest.mark.parametrize("name", [name for name in SAMPLES if "dfl" not in name])
def test_dciodvfy_finds_nothing_that_the_source_had_not(name: str, tmp_path: Path) -> None:
    import re

    def errors(path: Path) -> set[tuple[str | None, str]]:
        found = [one for one in Dciodvfy().check(path) if one.severity == "error"]
        return {(one.attribute, re.sub(r"<[0-9.]+>", "UID", one.message)) for one in found}

    done = Import([sample(name)], tmp_path)
    (written,) = done.into.files.values()
    assert errors(written) <= errors(sample(name))


TEXT = st.from_regex(r"[A-Z]{7,12}", fullmatch=True).map(lambda text: f"QX{text}")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    secrets=st.lists(TEXT, min_size=12, max_size=12, unique=True),
    day=st.dates(dt.date(1990, 1, 1), dt.date(2020, 1, 1)),
    implicit=st.booleans(),
)
def test_whatever_was_said_anywhere_is_gone(
    secrets: list[str], day: dt.date, implicit: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("import")
    person, number, accession, doctor, note, maker, private, *rest = secrets
    nested = Dataset()
    nested.PatientID, nested.PersonName, nested.TextValue = number, person, rest[0]
    nested.SeriesDescription = rest[1]
    nested.add_new((0x0011, 0x0010), "LO", rest[2])
    nested.add_new((0x0011, 0x1001), "LO", rest[3])
    data = small(implicit=implicit)
    data.PatientName, data.PatientID, data.AccessionNumber = f"{person}^ANY", number, accession
    data.ReferringPhysicianName = doctor
    data.StudyDate = data.AcquisitionDate = day.strftime("%Y%m%d")
    data.PatientBirthDate = "19440503"
    data.ImageComments = note
    # A text that stays, but holds the name.
    data.Manufacturer, data.BodyPartExamined = f"made for {person.lower()} in {maker}", "CHEST"
    data.add_new((0x0009, 0x0010), "LO", private)
    data.add_new((0x0009, 0x1002), "UN", private.encode())
    data.add_new((0x6000, 0x4000), "LT", rest[4])
    data.ReferencedStudySequence = [nested]
    data.ContentSequence = [nested]
    file = write(data, folder / "in.dcm")
    done = Import([file], folder / "out")
    assert not done.problems
    (written,) = (path.read_bytes().upper() for path in done.into.files.values())
    for secret in set(secrets) - {maker}:
        assert secret.encode() not in written
    assert b"19440503" not in written
    if day != dt.date(2026, 1, 30):
        assert day.strftime("%Y%m%d").encode() not in written
    assert str(data.SOPInstanceUID).encode() not in written
    assert done.instances[0].dataset().BodyPartExamined == "CHEST"


def small(*, implicit: Any = False, **values: Any) -> Dataset:
    """A secondary capture of four pixels that says that nothing is burned in."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", generate_uid()
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    data.Modality, data.BurnedInAnnotation = "OT", "NO"
    data.PatientName, data.PatientID = "SOURCE^PERSON", "SOURCEID"
    data.Rows = data.Columns = 2
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = b"\1\2\3\4"
    data["PixelData"].VR = "OB"
    for keyword, value in values.items():
        setattr(data, keyword, value)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = (
        ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    )
    return data


def write(data: Dataset, path: Path) -> Path:
    stream = BytesIO()
    dcmwrite(stream, data, enforce_file_format=True)
    path.write_bytes(stream.getvalue())
    return path


def test_references_between_objects_are_kept_and_kinds_of_things_too(tmp_path: Path) -> None:
    reference = Dataset()
    image = small(FrameOfReferenceUID=generate_uid())
    reference.ReferencedSOPClassUID = image.SOPClassUID
    reference.ReferencedSOPInstanceUID = image.SOPInstanceUID
    other = small(
        StudyInstanceUID=image.StudyInstanceUID,
        FrameOfReferenceUID=image.FrameOfReferenceUID,
        ReferencedImageSequence=[reference],
        DeviceUID=image.FrameOfReferenceUID,
    )
    well_known = Dataset()
    well_known.FrameOfReferenceUID = "1.2.840.10008.1.4.1.1"
    well_known.ReferencedSOPClassUID = "1.3.12.2.1107.5.9.1"
    other.ReferencedStudySequence = [well_known]
    files = [write(image, tmp_path / "a.dcm"), write(other, tmp_path / "b.dcm")]
    done = Import(files, tmp_path / "out")
    new_image, new_other = (one.dataset() for one in done.instances)
    assert new_other.ReferencedImageSequence[0].ReferencedSOPInstanceUID == new_image.SOPInstanceUID
    assert new_other.ReferencedImageSequence[0].ReferencedSOPClassUID == image.SOPClassUID
    assert new_other.FrameOfReferenceUID == new_image.FrameOfReferenceUID == new_other.DeviceUID
    assert new_other.StudyInstanceUID == new_image.StudyInstanceUID == "2.25.1001"
    kept = new_other.ReferencedStudySequence[0]
    assert kept.FrameOfReferenceUID == "1.2.840.10008.1.4.1.1"
    assert kept.ReferencedSOPClassUID == "1.3.12.2.1107.5.9.1"
    again = Import(files, tmp_path / "again")
    assert [bytes(one.buffers[0]) for one in again.instances] == [
        bytes(one.buffers[0]) for one in done.instances
    ]
    elsewhere = Import(files, tmp_path / "seed", case(seed=8))
    assert elsewhere.instances[0].sop_instance_uid != done.instances[0].sop_instance_uid


def test_the_plan_says_who_it_is_and_the_object_that_it_was_changed(tmp_path: Path) -> None:
    source = small(PatientAge="044Y", InstitutionName="SOURCE CLINIC", StudyTime="111213")
    (instance,) = Import([write(source, tmp_path / "a.dcm")], tmp_path / "out").instances
    new = instance.dataset()
    assert (new.PatientName, new.PatientID, new.PatientSex) == ("NOVAK^ELLA", "NEWPID0001", "O")
    assert (new.PatientBirthDate, new.PatientAge) == ("19500517", "075Y")
    assert (new.AccessionNumber, new.StudyDescription) == ("NEWACC001001", "Planned study")
    assert (new.StudyDate, new.StudyTime) == ("20260130", "111213")
    assert new.InstitutionName == "Planned Hospital"
    assert new.PatientIdentityRemoved == "YES"
    assert [item.CodeValue for item in new.DeidentificationMethodCodeSequence] == [
        "113100",
        "113104",
        "113107",
    ]
    assert new.PatientComments == "Synthetic test data, not a real person"
    assert instance.meta[:128] == bytes(128)


def test_intervals_between_dates_of_a_patient_are_kept(tmp_path: Path) -> None:
    prior = small(StudyDate="20190301", AcquisitionDateTime="20190301101112.5+0100")
    prior.ScheduledProcedureStepStartDate = "20190228"
    current = small(StudyDate="20200301", SeriesDate="20200302")
    files = [write(prior, tmp_path / "a.dcm"), write(current, tmp_path / "b.dcm")]
    plan = case(studies=2)
    first, second = (one.dataset() for one in Import(files, tmp_path / "x", plan).instances)
    assert (first.StudyDate, second.StudyDate) == ("20260130", "20270131")
    assert first.AcquisitionDateTime == "20260130101112.5+0100"
    assert first.ScheduledProcedureStepStartDate == "20260129"
    assert second.SeriesDate == "20270201"
    planned = Import(files, tmp_path / "y", plan, dates="study").instances[1].dataset()
    assert (planned.StudyDate, planned.SeriesDate) == ("20260301", "20260302")


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)), st.integers(-9000, 9000))
def test_shifting_back_gives_the_date_again(day: dt.date, days: int) -> None:
    text = day.strftime("%Y%m%d")
    moved = shift_da(text, days)
    assert moved is not None
    assert shift_da(moved, -days) == text
    stamp = shift_dt(f"{text}1530", days)
    assert stamp == f"{moved}1530"


@pytest.mark.parametrize("text", ["SMITH", "2020", "20201301", "99991231"])
def test_what_is_no_date_does_not_pass_as_one(text: str) -> None:
    assert shift_da(text, 1) is None


def test_a_date_that_is_a_name_is_emptied(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = small(AcquisitionDate="JOHN DOE")
        file = write(source, tmp_path / "a.dcm")
    done = Import([file], tmp_path / "out")
    assert done.instances[0].dataset().AcquisitionDate == ""
    assert done.tally.emptied["AcquisitionDate"] == 1


def private(**values: str) -> Dataset:
    data = small(**values)
    data.add_new((0x0029, 0x0010), "LO", "GOOD MAKER")
    data.add_new((0x0029, 0x1001), "DS", "1.5")
    data.add_new((0x0029, 0x1002), "LO", "seen by SOURCE")
    data.add_new((0x0029, 0x1003), "UI", str(data.SOPInstanceUID))
    data.add_new((0x0031, 0x0010), "LO", "OTHER MAKER")
    data.add_new((0x0031, 0x1001), "DS", "2.5")
    return data


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ("remove", []),
        ("keep", [0x00290010, 0x00291001, 0x00291003, 0x00310010, 0x00311001]),
        (["GOOD MAKER"], [0x00290010, 0x00291001, 0x00291003]),
    ],
)
def test_private_attributes_stay_by_policy_and_say_nothing(
    policy: Any, left: list[int], tmp_path: Path
) -> None:
    file = write(private(), tmp_path / "a.dcm")
    done = Import([file], tmp_path / "out", policy=Policy(private=policy))
    new = done.instances[0].dataset()
    assert [int(one.tag) for one in new if one.tag.group & 1] == left
    if left:
        assert new[0x0029, 0x1003].value == new.SOPInstanceUID
        assert "DeidentificationMethodCodeSequence" not in new


def test_a_kept_attribute_stays_unless_it_names_the_patient(tmp_path: Path) -> None:
    plain = write(small(SeriesDescription="Axial 5 mm"), tmp_path / "a.dcm")
    named = write(small(SeriesDescription="Axial of Mr Source"), tmp_path / "b.dcm")
    policy = Policy(keep=frozenset({"SeriesDescription"}))
    done = Import([plain, named], tmp_path / "out", case(studies=2), policy=policy)
    assert [one.dataset().SeriesDescription for one in done.instances] == ["Axial 5 mm", "REMOVED"]
    assert "SeriesDescription" not in Import([plain], tmp_path / "no").instances[0].dataset()


def test_a_name_in_another_script_brings_its_own_character_set(tmp_path: Path) -> None:
    source = small(SpecificCharacterSet="ISO_IR 100", Manufacturer="Gerätebau Müller")
    file = write(source, tmp_path / "a.dcm")
    plan = case(name="Яковлев^Иван")
    done = Import([file], tmp_path / "out", plan)
    new = done.instances[0].dataset()
    assert new.SpecificCharacterSet == "ISO_IR 192"
    assert str(new.PatientName) == "Яковлев^Иван"
    assert new.Manufacturer == "Gerätebau Müller"
    assert done.tally.character_sets == {"ISO_IR 100 to ISO_IR 192": 1}
    kept = Import([file], tmp_path / "kept").instances[0].dataset()
    assert kept.SpecificCharacterSet == "ISO_IR 100"


def test_a_name_where_a_code_or_number_belongs_does_not_stay(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = small(ScanningSequence=["SE", "made for Mr Source Person"])
        source.add_new(0x00080032, "TM", "J. DOE 10:15")
        source.add_new(0x00101010, "AS", "old")
        source.add_new(0x00280A02, "CS", "x" * 20)
        source.ImageType = ["DERIVED", "PRIMARY"]
        source.SliceLocation = "-12.5"
        file = write(source, tmp_path / "a.dcm")
    done = Import([file], tmp_path / "out")
    new = done.instances[0].dataset()
    assert [new.ScanningSequence, new.AcquisitionTime] == ["", ""]
    assert new.PixelSpacingCalibrationType == ""
    assert (list(new.ImageType), new.SliceLocation) == (["DERIVED", "PRIMARY"], -12.5)


def test_a_document_that_was_accepted_comes_whole(tmp_path: Path) -> None:
    source = small(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1", DocumentTitle="of Mr Source")
    source.EncapsulatedDocument = b"%PDF-1.4 ..."
    (instance,) = Import([write(source, tmp_path / "a.dcm")], tmp_path / "out").instances
    new = instance.dataset()
    assert (new.EncapsulatedDocument, new.DocumentTitle) == (b"%PDF-1.4 ...", "")
    assert new.PatientIdentityRemoved == "NO"


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_mutated_file_is_imported_or_named_and_nothing_else(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("mutated")
    name = data.draw(st.sampled_from(["test-SR.dcm", "MR_small_implicit.dcm", "rtplan.dcm"]))
    content = bytearray(sample(name).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(132, min(len(content), 3000) - 1))
        content[place] = data.draw(st.integers(0, 255))
    file = folder / "a.dcm"
    file.write_bytes(content)
    done = Import([file], folder / "out")
    assert len(done.instances) + len(done.scan.problems) + len(done.problems) == 1
