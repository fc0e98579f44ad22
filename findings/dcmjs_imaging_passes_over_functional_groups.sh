#!/usr/bin/env bash
# The window of an enhanced object stands in its functional groups (PS3.3 C.7.6.16.2.10), like the rescale slope and
# intercept. dcmjs-imaging 0.2.5 looks for either at the top of the data set only, and stretches what is stored from its
# least to its greatest value: with a window from -160 to 240, fat, water and muscle have the grey of lung beside a piece
# of metal. The same slice as a CT Image is drawn by its window.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6
npm install --silent --no-fund --no-audit --prefix . dcmjs-imaging@0.2.5 dcmjs@0.52.2 >/dev/null
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
env/bin/python - <<'PY'
import numpy as np
from enhanced_ct import enhanced_ct
from pydicom.uid import CTImageStorage

row = [-1000, -100, 0, 60, 240, 3000]  # air, fat, water, muscle, the end of the window, metal
ds = enhanced_ct(1, np.array([[row] * 2]))
ds.save_as("enhanced.dcm", enforce_file_format=True)
shared = ds.SharedFunctionalGroupsSequence[0]
del ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence, ds.NumberOfFrames
del ds.DimensionIndexSequence, ds.DimensionOrganizationSequence
ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
for part in ("PixelMeasuresSequence", "PlaneOrientationSequence", "PixelValueTransformationSequence", "FrameVOILUTSequence"):
    ds.update(shared[part][0])
ds.ImagePositionPatient = [0, 0, 1]
ds.ImageType, ds.KVP = ["DERIVED", "PRIMARY", "AXIAL"], "120"
ds.save_as("classic.dcm", enforce_file_format=True)
PY
cat >draw.cjs <<'JS'
const fs = require("fs");
const { DicomImage } = require("dcmjs-imaging");
require("dcmjs").log.setLevel("silent");
for (const name of ["classic", "enhanced"]) {
  const bytes = fs.readFileSync(`${name}.dcm`);
  const image = new DicomImage(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const drawn = new Uint8Array(image.render().pixels);
  console.log(name, [0, 1, 2, 3, 4, 5].map((column) => drawn[column * 4]).join(" "));
}
JS
node draw.cjs 2>/dev/null | tee said.txt
diff said.txt - <<'TXT'
classic 0 38 102 140 255 255
enhanced 0 57 63 67 79 255
TXT
