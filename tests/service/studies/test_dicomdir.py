"""A DICOMDIR says of each kind of object what directory readers look for, as DCMTK's own does."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence as Items

from scenario_runner.dicom.sop_classes import (
    BASIC_TEXT_SR,
    ENCAPSULATED_PDF,
    GRAYSCALE_PRESENTATION_STATE,
    KEY_OBJECT_SELECTION,
    RAW_DATA,
    STORAGE_ARC,
)
from scenario_runner.service.studies.dicomdir import Listed, dicomdir
from scenario_runner.service.studies.directory_records import kind_of, listed
from scenario_runner.service.studies.headers import header_of
from tests.archive.samples import sample

pytestmark = pytest.mark.peer


def code(value: str, meaning: str) -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, "DCM", meaning
    return made


def content(relationship: str, meaning: str) -> Dataset:
    made = Dataset()
    made.RelationshipType, made.ValueType = relationship, "CODE"
    made.ConceptNameCodeSequence = Items([code("113011", "Title Modifier")])
    made.ConceptCodeSequence = Items([code("113013", meaning)])
    return made


def verified(when: str) -> Dataset:
    made = Dataset()
    made.VerificationDateTime, made.VerifyingObserverName = when, "CITIZEN^JOE"
    made.VerifyingOrganization = "NORTH"
    made.VerifyingObserverIdentificationCodeSequence = Items([code("1", "Somebody")])
    return made


def referenced() -> Items:
    series, image = Dataset(), Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = STORAGE_ARC + "2", "1.2.3.1.1"
    series.SeriesInstanceUID, series.ReferencedImageSequence = "1.2.3.1", Items([image])
    return Items([series])


MADE = {"ContentDate": "20260131", "ContentTime": "093000"}
NAMED = {"ContentLabel": "LABEL", "ContentDescription": "", "ContentCreatorName": "MÜLLER^ANNE"}
DOCUMENT = {
    **MADE,
    "ValueType": "CONTAINER",
    "ConceptNameCodeSequence": Items([code("113000", "Für die Überweisung")]),
    "ContentSequence": Items(
        [content("HAS CONCEPT MOD", "Qualität"), content("CONTAINS", "left out")]
    ),
}
OBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "IMAGE": (STORAGE_ARC + "2", {}),
    "SR DOCUMENT": (
        BASIC_TEXT_SR,
        {
            **DOCUMENT,
            "CompletionFlag": "COMPLETE",
            "VerificationFlag": "VERIFIED",
            "VerifyingObserverSequence": Items([verified("20260130"), verified("20260131093000")]),
        },
    ),
    "KEY OBJECT DOC": (KEY_OBJECT_SELECTION, DOCUMENT),
    "PRESENTATION": (
        GRAYSCALE_PRESENTATION_STATE,
        {
            **NAMED,
            "PresentationCreationDate": "20260131",
            "PresentationCreationTime": "093000",
            "ReferencedSeriesSequence": referenced(),
        },
    ),
    "ENCAP DOC": (
        ENCAPSULATED_PDF,
        {**MADE, "DocumentTitle": "Befund", "MIMETypeOfEncapsulatedDocument": "application/pdf"},
    ),
    "WAVEFORM": (STORAGE_ARC + "9.1.1", MADE),
    "RAW DATA": (RAW_DATA, MADE),
    "REGISTRATION": (STORAGE_ARC + "66.1", {**MADE, **NAMED}),
    "RT DOSE": (STORAGE_ARC + "481.2", {"DoseSummationType": "PLAN"}),
    "RT STRUCTURE SET": (STORAGE_ARC + "481.3", {"StructureSetLabel": "RTSS"}),
    "RT PLAN": (STORAGE_ARC + "481.5", {"RTPlanLabel": "RTPLAN", "RTPlanDate": "20260131"}),
    "RT TREAT RECORD": (STORAGE_ARC + "481.4", {"TreatmentDate": "20260131"}),
}
_BESIDE = {"SpecificCharacterSet", "ReferencedFileID", "IconImageSequence"}
"""What another writer may say otherwise."""


def written(folder: Path) -> Path:
    """A file-set with one object of each kind, and a number that is missing."""
    found = []
    for number, (sop_class, attributes) in enumerate(OBJECTS.values(), start=1):
        one = sample(
            series=number, SOPClassUID=sop_class, SpecificCharacterSet="ISO_IR 100", StudyDescription="Ü",
            **attributes,
        )  # fmt: skip
        path = folder / "DICOM" / f"I{number}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(one.file)
        header, syntax = header_of(path)
        names = ("DICOM", f"I{number}")
        said = listed(header, sop_class)
        found.append(Listed(said, names, sop_class, one.sop_instance_uid, syntax))
    (folder / "DICOMDIR").write_bytes(dicomdir(found, "1.2.9"))
    return folder / "DICOMDIR"


def records(path: Path) -> dict[str, Dataset]:
    """By the object that is referenced; of levels by their type."""
    return {
        str(one.get("ReferencedSOPInstanceUIDInFile") or one.get("SeriesInstanceUID") or one.DirectoryRecordType): one
        for one in pydicom.dcmread(path).DirectoryRecordSequence
    }  # fmt: skip


def plain(one: Dataset) -> dict[str, Any]:
    values = {element.keyword: element.value for element in one}
    return {
        name: [plain(item) for item in value] if isinstance(value, Items) else str(value)
        for name, value in values.items()
        if name not in _BESIDE and not name.startswith("OffsetOf")
    }


def test_each_type_of_record_says_what_the_standard_and_dcmtk_have_there(tmp_path: Path) -> None:
    ours = written(tmp_path)
    judged = subprocess.run(["dciodvfy", ours], capture_output=True, text=True, check=False)
    assert "Error" not in judged.stdout + judged.stderr
    theirs = tmp_path / "THEIRS"
    subprocess.run(
        ["dcmmkdir", "--general-purpose", "--no-consistency-check", "--recurse", "--invent",
         "--no-xfer-check", "--output-file", theirs, "--input-directory", tmp_path, "DICOM"],
        check=True, capture_output=True,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names without a value
        mine, expected = records(ours), records(theirs)
        for found in (mine, expected):
            assert {one.DirectoryRecordType for one in found.values()} >= set(OBJECTS)
        for name, record in expected.items():
            for keyword, value in plain(record).items():
                assert plain(mine[name]).get(keyword) == value, f"{record.DirectoryRecordType}"


def test_what_has_no_number_gets_its_place_and_dates_are_not_made_up(tmp_path: Path) -> None:
    path = tmp_path / "I1"
    bare = sample(SeriesNumber=None, InstanceNumber=None, StudyDate=None, StudyID=None)
    path.write_bytes(bare.file)
    header, syntax = header_of(path)
    said = listed(header, bare.sop_class_uid)
    files = [
        Listed(said, ("I1",), bare.sop_class_uid, f"1.2.3.{number}", syntax) for number in (1, 2)
    ]
    (tmp_path / "DICOMDIR").write_bytes(dicomdir(files, "1.2.9"))
    _, study, series, *images = pydicom.dcmread(tmp_path / "DICOMDIR").DirectoryRecordSequence
    assert (study.StudyDate, study.StudyID, series.SeriesNumber) == ("", "", 1)
    assert [one.InstanceNumber for one in images] == [1, 2]


def test_a_sop_class_nobody_knows_is_an_image() -> None:
    assert (kind_of("1.2.3"), kind_of(STORAGE_ARC + "66.4")) == ("IMAGE", "IMAGE")
