"""Small SOP instances for sending; bytes only, encoded here so that no other room is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydicom import Dataset
from pydicom.uid import generate_uid

from scenario_runner.dicom.syntaxes import EXPLICIT_LE
from scenario_runner.network.queries import encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CT = "1.2.840.10008.5.1.4.1.1.2"
PAIR = (CT, EXPLICIT_LE)


@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoded instance, its data set in two pieces."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    buffers: Sequence[bytes | memoryview]

    @property
    def data(self) -> bytes:
        return b"".join(self.buffers)


@dataclass(frozen=True, slots=True)
class Study:
    """One CT study with one series; ``instances`` makes its images."""

    patient_id: str = "PID000001"
    patient_name: str = "CITIZEN^JANE"
    accession: str = "ACC0000001"
    character_set: str = "ISO_IR 192"
    uid: str = field(default_factory=lambda: generate_uid(prefix=None))
    series_uid: str = field(default_factory=lambda: generate_uid(prefix=None))

    def instances(self, count: int, size: int = 64) -> Iterator[Encoded]:
        for number in range(1, count + 1):
            yield self.instance(number, size)

    def instance(self, number: int, size: int = 64) -> Encoded:
        ds = Dataset()
        ds.SpecificCharacterSet = self.character_set
        ds.SOPClassUID = CT
        ds.SOPInstanceUID = generate_uid(prefix=None)
        ds.StudyDate, ds.StudyTime = "20260131", "093000"
        ds.AccessionNumber = self.accession
        ds.Modality = "CT"
        ds.PatientName = self.patient_name
        ds.PatientID = self.patient_id
        ds.StudyInstanceUID, ds.SeriesInstanceUID = self.uid, self.series_uid
        ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", 1, number
        ds.SamplesPerPixel = 1
        ds.PhotometricInterpretation = "MONOCHROME2"
        ds.Rows = ds.Columns = size
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
        ds.PixelData = number.to_bytes(2, "little") * (size * size)
        encoded = encode(ds, EXPLICIT_LE)
        cut = len(encoded) - 2 * size * size
        buffers = (encoded[:cut], memoryview(encoded)[cut:])
        return Encoded(CT, ds.SOPInstanceUID, EXPLICIT_LE, buffers)
