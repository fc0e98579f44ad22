"""Enhanced CT objects that validators find nothing wrong with, for the findings that need one."""

from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian

KIND = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]


def item(**values: Any) -> Dataset:
    """A data set of these attributes."""
    one = Dataset()
    for keyword, value in values.items():
        setattr(one, keyword, value)
    return one


def enhanced_ct(number: int, hounsfield: npt.NDArray[np.int_]) -> Dataset:
    """The object of that number in a series, whose frames go on where those of the one before it end.

    hounsfield: (frames, rows, columns), stored 1024 higher.
    """
    frames, rows, columns = hounsfield.shape
    kind = {
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
    }
    patient = {
        "PatientName": "TEST^CT",
        "PatientID": "1",
        "PatientBirthDate": "",
        "PatientSex": "O",
    }
    study = {
        "StudyInstanceUID": "2.25.1",
        "StudyDate": "20260101",
        "StudyTime": "120000",
        "StudyID": "1",
    }
    series = {
        "SeriesInstanceUID": "2.25.2",
        "FrameOfReferenceUID": "2.25.3",
        "SeriesNumber": 1,
        "Modality": "CT",
    }
    device = {"Manufacturer": "Nobody", "ManufacturerModelName": "None", "DeviceSerialNumber": "1"}
    empty = {"PositionReferenceIndicator": "", "AccessionNumber": "", "ReferringPhysicianName": ""}
    ds = item(
        **patient, **study, **series, **device, **empty, **kind,
        SOPClassUID=EnhancedCTImageStorage, SOPInstanceUID=f"2.25.10{number}", InstanceNumber=number,
        PatientPosition="HFS", SoftwareVersions="1", ImageType=KIND, ContentDate="20260101", ContentTime="120000",
        ContentQualification="RESEARCH", BurnedInAnnotation="NO", LossyImageCompression="00",
        PresentationLUTShape="IDENTITY", MultienergyCTAcquisition="NO", AcquisitionContextSequence=[],
        NumberOfFrames=frames, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", Rows=rows, Columns=columns,
        BitsAllocated=16, BitsStored=16, HighBit=15, PixelRepresentation=0,
        PixelData=(hounsfield + 1024).astype("<u2").tobytes(),
    )  # fmt: skip
    ds.DimensionOrganizationSequence = [item(DimensionOrganizationUID="2.25.4")]
    ds.DimensionIndexSequence = [
        item(
            DimensionOrganizationUID="2.25.4",
            DimensionIndexPointer=pointer,
            FunctionalGroupPointer=0x00209111,
        )
        for pointer in (0x00209056, 0x00209057)
    ]
    abdomen = item(CodeValue="818981001", CodingSchemeDesignator="SCT", CodeMeaning="Abdomen")
    ds.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[item(PixelSpacing=[1, 1], SliceThickness=1)],
            PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
            PixelValueTransformationSequence=[
                item(RescaleIntercept=-1024, RescaleSlope=1, RescaleType="HU")
            ],
            IrradiationEventIdentificationSequence=[item(IrradiationEventUID="2.25.5")],
            FrameVOILUTSequence=[item(WindowCenter=40, WindowWidth=400)],
            CTImageFrameTypeSequence=[item(FrameType=KIND, **kind)],
            FrameAnatomySequence=[item(FrameLaterality="U", AnatomicRegionSequence=[abdomen])],
        )
    ]
    ds.PerFrameFunctionalGroupsSequence = [
        item(
            FrameContentSequence=[
                item(StackID="1", InStackPositionNumber=place, DimensionIndexValues=[1, place])
            ],
            PlanePositionSequence=[
                item(ImagePositionPatient=[0, 0, place + (number - 1) * frames])
            ],
        )
        for place in range(1, frames + 1)
    ]
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = (
        ds.SOPClassUID,
        ds.SOPInstanceUID,
    )
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds
