#!/usr/bin/env bash
# nibabel 5.4.2, whose DICOM part calls itself experimental, has a wrapper for objects of many frames, and takes it for
# Enhanced MR alone. An Enhanced CT gets the one for
# a single slice: image_shape leaves the frames out while get_data() returns them all, first instead of last, as they are
# stored and not in Hounsfield units, and there is no affine, though each frame says where it is. Told to use the wrapper
# for frames, it has all of it right.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet nibabel==5.4.2 pydicom==3.0.2 numpy==2.4.6
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
import warnings

import nibabel
import numpy as np
from enhanced_ct import enhanced_ct

warnings.simplefilter("ignore")
from nibabel.nicom.dicomwrappers import MultiframeWrapper, WrapperError, wrapper_from_data

ds = enhanced_ct(1, np.full((4, 8, 6), 100))
print("nibabel", nibabel.__version__)
for wrapper in (wrapper_from_data(ds), MultiframeWrapper(ds)):
    data = wrapper.get_data()
    try:
        place = f"a slice every {abs(wrapper.affine[2, 2]):.0f} mm"
    except WrapperError:
        place = "no affine"
    print(type(wrapper).__name__, wrapper.image_shape, data.shape, int(data.max()), place)
PY
env/bin/python look.py | tee said.txt
diff said.txt - <<'TXT'
nibabel 5.4.2
Wrapper (8, 6) (4, 8, 6) 1124 no affine
MultiframeWrapper (8, 6, 4) (8, 6, 4) 100 a slice every 1 mm
TXT
