#!/usr/bin/env bash
# A series of Enhanced CT may have several objects, each with the next slices of the volume, and rescale intercept and slope
# stand in functional groups (PS3.3 C.7.6.16.2.9). dicom2nifti 2.6.2 makes four slices of a series of two objects with four
# each, the other half is gone without a word, and their values are not the Hounsfield units but the stored ones. dcm2niix
# has all eight, in Hounsfield units.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env
env/bin/pip install --quiet dicom2nifti==2.6.2 pydicom==3.0.1 numpy==2.4.6 nibabel==5.4.2 dcm2niix==1.0.20260724
cat >enhanced_ct.py <<'PY'
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian


def item(**values):
    one = Dataset()
    for keyword, value in values.items():
        setattr(one, keyword, [item(**each) for each in value] if keyword.endswith("Sequence") else value)
    return one


def enhanced_ct(number, hounsfield):  # frames, rows, columns; of several objects each goes on where the last one ends
    frames, rows, columns = hounsfield.shape
    derived = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]
    kind = dict(PixelPresentation="MONOCHROME", VolumetricProperties="VOLUME", VolumeBasedCalculationTechnique="NONE")
    index = dict(DimensionOrganizationUID="2.25.4", FunctionalGroupPointer=0x00209111)
    abdomen = dict(CodeValue="818981001", CodingSchemeDesignator="SCT", CodeMeaning="Abdomen")
    shared = dict(
        PixelMeasuresSequence=[dict(PixelSpacing=[1, 1], SliceThickness=1)],
        PlaneOrientationSequence=[dict(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        PixelValueTransformationSequence=[dict(RescaleIntercept=-1024, RescaleSlope=1, RescaleType="HU")],
        IrradiationEventIdentificationSequence=[dict(IrradiationEventUID="2.25.5")],
        FrameVOILUTSequence=[dict(WindowCenter=40, WindowWidth=400)],
        CTImageFrameTypeSequence=[dict(FrameType=derived, **kind)],
        FrameAnatomySequence=[dict(FrameLaterality="U", AnatomicRegionSequence=[abdomen])],
    )
    places = [
        dict(
            FrameContentSequence=[dict(StackID="1", InStackPositionNumber=one, DimensionIndexValues=[1, one])],
            PlanePositionSequence=[dict(ImagePositionPatient=[0, 0, one + (number - 1) * frames])],
        )
        for one in range(1, frames + 1)
    ]
    ds = item(
        PatientName="TEST^CT", PatientID="1", PatientBirthDate="", PatientSex="O", StudyInstanceUID="2.25.1",
        StudyDate="20260101", StudyTime="120000", StudyID="1", SeriesInstanceUID="2.25.2", FrameOfReferenceUID="2.25.3",
        SeriesNumber=1, Modality="CT", Manufacturer="Nobody", ManufacturerModelName="None", DeviceSerialNumber="1",
        PositionReferenceIndicator="", AccessionNumber="", ReferringPhysicianName="", ImageType=derived, **kind,
        SOPClassUID=EnhancedCTImageStorage, SOPInstanceUID=f"2.25.10{number}", InstanceNumber=number,
        PatientPosition="HFS", SoftwareVersions="1", ContentDate="20260101", ContentTime="120000",
        ContentQualification="RESEARCH", BurnedInAnnotation="NO", LossyImageCompression="00",
        PresentationLUTShape="IDENTITY", MultienergyCTAcquisition="NO", AcquisitionContextSequence=[],
        DimensionOrganizationSequence=[dict(DimensionOrganizationUID="2.25.4")],
        DimensionIndexSequence=[dict(DimensionIndexPointer=one, **index) for one in (0x00209056, 0x00209057)],
        SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=places,
        NumberOfFrames=frames, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", Rows=rows, Columns=columns,
        BitsAllocated=16, BitsStored=16, HighBit=15, PixelRepresentation=0,
        PixelData=(hounsfield + 1024).astype("<u2").tobytes(),
    )
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds
PY
cat >look.py <<'PY'
import subprocess
import warnings
from pathlib import Path

import dicom2nifti
import nibabel
import numpy as np
from enhanced_ct import enhanced_ct

warnings.simplefilter("ignore")
Path("series").mkdir()
for number in (1, 2):
    enhanced_ct(number, np.full((4, 8, 8), 100 * number)).save_as(f"series/{number}.dcm", enforce_file_format=True)


def told(image):
    data = np.asarray(image.dataobj)
    return f"{data.shape[2]} slices of " + ", ".join(str(int(value)) for value in np.unique(data))


made = dicom2nifti.dicom_series_to_nifti("series", "one.nii", reorient_nifti=False)["NII"]
print("dicom2nifti 2.6.2:", told(made))
subprocess.run(["env/bin/dcm2niix", "-b", "n", "-o", ".", "-f", "by", "series"], check=True, capture_output=True)
print("dcm2niix 1.0.20260724:", "; ".join(sorted(told(nibabel.load(path)) for path in Path().glob("by*.nii"))))
PY
env/bin/python look.py | tee said.txt
diff said.txt - <<'TXT'
dicom2nifti 2.6.2: 4 slices of 1224
dcm2niix 1.0.20260724: 4 slices of 100; 4 slices of 200
TXT
