"""Small instances for tests of the archive and of the embedded PACS."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pydicom import DataElement, Dataset, dcmwrite
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from scenario_runner.archive.query import Matches, Query

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.archive.archive import Archive
    from scenario_runner.archive.outcomes import Stored
    from scenario_runner.dicom.levels import Level, Root

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = str(ExplicitVRLittleEndian)
IMPLICIT = str(ImplicitVRLittleEndian)


@dataclass(frozen=True)
class Sample:
    """An encoded instance: data is the data set alone, file the Part 10 file."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data: bytes
    file: bytes


def sample(
    study: str = "1.2.3",
    series: int = 1,
    number: int = 1,
    *,
    size: int = 8,
    transfer_syntax: str = EXPLICIT,
    **attributes: Any,
) -> Sample:
    """A CT image. The SOP Instance UID is ``study.series.number`` unless given by keyword."""
    ds = Dataset()
    ds.SOPClassUID = CT_IMAGE
    ds.SOPInstanceUID = f"{study}.{series}.{number}"
    ds.StudyInstanceUID = study
    ds.SeriesInstanceUID = f"{study}.{series}"
    ds.PatientID, ds.PatientName = "PID1", "CITIZEN^JANE"
    ds.PatientBirthDate, ds.PatientSex = "19700131", "F"
    ds.StudyDate, ds.StudyTime, ds.StudyID = "20260131", "093000", "1"
    ds.AccessionNumber, ds.ReferringPhysicianName = "A0001", ""
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "CT", series, number
    ds.Rows = ds.Columns = size
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.PixelData = bytes(range(256)) * (size * size * 2 // 256 + 1)
    ds.PixelData = ds.PixelData[: size * size * 2]
    ds["PixelData"].VR = "OW"
    for keyword, value in attributes.items():
        # Archives hold values that the Standard does not allow.
        ds.add(DataElement(keyword, dictionary_VR(keyword), value, validation_mode=IGNORE))
    return encoded(ds, transfer_syntax)


def encoded(ds: Dataset, transfer_syntax: str = EXPLICIT) -> Sample:
    """Encode a data set as it would be sent and as it would lie on a disk."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(transfer_syntax)
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta = meta
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    file = buffer.getvalue()
    (length,) = struct.unpack_from("<L", file, 140)
    return Sample(
        str(ds.SOPClassUID), str(ds.SOPInstanceUID), transfer_syntax, file[144 + length :], file
    )


def put(archive: Archive, one: Sample) -> Stored:
    """Store a sample."""
    return archive.store(
        one.sop_class_uid, one.sop_instance_uid, one.transfer_syntax_uid, [one.data]
    )


def write(one: Sample, folder: Path) -> Path:
    """Write a sample as a file named by its UID."""
    path = folder / f"{one.sop_instance_uid}.dcm"
    path.write_bytes(one.file)
    return path


def identifier(**keys: Any) -> Dataset:
    """An identifier of a query in Unicode."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in keys.items():
        # Wildcards and ranges are no valid values of their VR, and need not be.
        ds.add(DataElement(keyword, dictionary_VR(keyword), value, validation_mode=IGNORE))
    return ds


def ask(
    archive: Archive,
    level: Level,
    model: Root,
    keys: Dataset,
    *,
    retrieve_ae_title: str = "",
    relational: bool = False,
) -> Matches:
    """A C-FIND of the archive; iterating gives a match for each response.

    What is told at once is held to what each match says by itself.
    """
    query = Query.of(level, model, keys, relational=relational)
    for implicit in (False, True):
        told = list(query.encoded(archive, retrieve_ae_title, implicit=implicit))
        matches = query.run(archive, retrieve_ae_title)
        assert told == [match.encode(implicit=implicit) for match in matches]
    return query.run(archive, retrieve_ae_title)
