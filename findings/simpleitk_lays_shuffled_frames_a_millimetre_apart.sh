#!/usr/bin/env bash
# Frames of an enhanced object may stand in any order; where each lies is said by its Plane Position (PS3.3 C.7.6.16.2.3) and its order
# by the dimension indices (PS3.3 C.7.6.17). SimpleITK 2.5.7 (GDCM) has the places right where the frames lie one behind
# another, upwards or downwards. Of the same four slices, 10 mm apart, interleaved as they were acquired (1 3 2 4), it
# makes a volume in the order of storage with a spacing of 1 mm, and says nothing. dcm2niix sorts them.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet SimpleITK==2.5.7 pydicom==3.0.2 numpy==2.4.6 nibabel==5.4.2 dcm2niix==1.0.20260724
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
from pathlib import Path

import SimpleITK as sitk
import nibabel
import numpy as np
from enhanced_ct import enhanced_ct

for name, order in (("upwards", [0, 1, 2, 3]), ("downwards", [3, 2, 1, 0]), ("interleaved", [0, 2, 1, 3])):
    ds = enhanced_ct(1, np.stack([np.full((4, 4), 100 * (place + 1)) for place in order]))
    for frame, place in zip(ds.PerFrameFunctionalGroupsSequence, order):
        frame.PlanePositionSequence[0].ImagePositionPatient = [0, 0, 10 * place]
        frame.FrameContentSequence[0].InStackPositionNumber = place + 1
        frame.FrameContentSequence[0].DimensionIndexValues = [1, place + 1]
    ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness = 10
    Path(name).mkdir()
    ds.save_as(f"{name}/ct.dcm", enforce_file_format=True)
    image = sitk.ReadImage(f"{name}/ct.dcm")
    values = sitk.GetArrayFromImage(image)[:, 0, 0]
    places = [image.TransformIndexToPhysicalPoint((0, 0, index))[2] for index in range(4)]
    print(f"{name}, SimpleITK:", ", ".join(f"{value:g} at {place:g} mm" for place, value in sorted(zip(places, values))))
    subprocess.run(["env/bin/dcm2niix", "-b", "n", "-o", name, "-f", "ct", name], check=True, capture_output=True)
    volume = nibabel.load(f"{name}/ct.nii")
    values = np.asarray(volume.dataobj)[0, 0]
    places = [(volume.affine @ [0, 0, index, 1])[2] for index in range(4)]
    print(f"{name}, dcm2niix:", ", ".join(f"{value:g} at {place:g} mm" for place, value in sorted(zip(places, values))))
PY
env/bin/python look.py 2>&1 | tee said.txt
diff said.txt - <<'TXT'
upwards, SimpleITK: 100 at 0 mm, 200 at 10 mm, 300 at 20 mm, 400 at 30 mm
upwards, dcm2niix: 100 at 0 mm, 200 at 10 mm, 300 at 20 mm, 400 at 30 mm
downwards, SimpleITK: 100 at 0 mm, 200 at 10 mm, 300 at 20 mm, 400 at 30 mm
downwards, dcm2niix: 100 at 0 mm, 200 at 10 mm, 300 at 20 mm, 400 at 30 mm
interleaved, SimpleITK: 100 at 0 mm, 300 at 1 mm, 200 at 2 mm, 400 at 3 mm
interleaved, dcm2niix: 100 at 0 mm, 200 at 10 mm, 300 at 20 mm, 400 at 30 mm
TXT
