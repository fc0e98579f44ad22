#!/usr/bin/env bash
# Each region of a structure set names the frame of reference that its contours lie in (PS3.3 C.8.8.5), as coordinates of a report do
# (C.18.9). By the Basic Profile that reference gets the same new UID as the frame of the images: both have action U (PS3.15 table E.1-1).
# dcm-anonymizer 0.5.0 gives the frame a new UID in the images and in the structure set's list of frames, and leaves the references of
# regions and coordinates as they were. Whoever places regions by them finds no image in their frame; all files count as processed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet dcm-anonymizer==0.5.0 pydicom==3.0.2
mkdir before
cat >make.py <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import Comprehensive3DSRStorage, CTImageStorage, ExplicitVRLittleEndian, RTStructureSetStorage


def item(**values):
    one = Dataset()
    for keyword, value in values.items():
        setattr(one, keyword, [item(**each) for each in value] if keyword.endswith("Sequence") else value)
    return one


def write(name, number, sop_class, **values):
    ds = item(
        SOPClassUID=sop_class, SOPInstanceUID=f"1.2.3.4.{number}", StudyInstanceUID="1.2.3.4.10", PatientID="1",
        PatientName="CITIZEN^JANE", SeriesInstanceUID=f"1.2.3.4.2{number}", FrameOfReferenceUID="1.2.3.4.9",
        Modality=name.upper(), **values,
    )
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(f"before/{name}.dcm", enforce_file_format=True)


write("ct", 1, CTImageStorage, ImagePositionPatient=[0, 0, 0], ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[1, 1])
image = dict(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID="1.2.3.4.1")
contour = dict(ContourImageSequence=[image], ContourGeometricType="POINT", NumberOfContourPoints=1, ContourData=[1, 2, 0])
roi = dict(ROINumber=1, ROIName="HEART", ROIGenerationAlgorithm="", ReferencedFrameOfReferenceUID="1.2.3.4.9")
write(
    "rtstruct", 2, RTStructureSetStorage, StructureSetLabel="A",
    ReferencedFrameOfReferenceSequence=[dict(FrameOfReferenceUID="1.2.3.4.9")],
    StructureSetROISequence=[roi], ROIContourSequence=[dict(ReferencedROINumber=1, ContourSequence=[contour])],
)
region = dict(CodeValue="111030", CodingSchemeDesignator="DCM", CodeMeaning="Image Region")
report = dict(CodeValue="126000", CodingSchemeDesignator="DCM", CodeMeaning="Imaging Measurement Report")
point = dict(
    RelationshipType="CONTAINS", ValueType="SCOORD3D", ConceptNameCodeSequence=[region], GraphicType="POINT",
    GraphicData=[1, 2, 0], ReferencedFrameOfReferenceUID="1.2.3.4.9",
)
write(
    "sr", 3, Comprehensive3DSRStorage, ValueType="CONTAINER", ConceptNameCodeSequence=[report], ContinuityOfContent="SEPARATE",
    CompletionFlag="COMPLETE", VerificationFlag="UNVERIFIED", ContentSequence=[point],
)
PY
env/bin/python make.py
env/bin/dcm-anon before after --salt finding --quiet >told.txt 2>&1
cat >look.py <<'PY'
import json
from pathlib import Path

from pydicom import dcmread

audit = json.loads(Path("after/anonymization_audit.json").read_text())
print("processed:", audit["files_processed"], "failed:", audit["files_failed"])
ct, rtstruct, sr = (dcmread(f"after/{name}.dcm") for name in ("ct", "rtstruct", "sr"))
for what, uid in (
    ("image", ct.FrameOfReferenceUID),
    ("structure set", rtstruct.FrameOfReferenceUID),
    ("its list of frames", rtstruct.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID),
    ("its region", rtstruct.StructureSetROISequence[0].ReferencedFrameOfReferenceUID),
    ("coordinates in the report", sr.ContentSequence[0].ReferencedFrameOfReferenceUID),
):
    now = "that of the image" if uid == ct.FrameOfReferenceUID else uid
    print(f"{what}:", "a new one" if what == "image" and uid != "1.2.3.4.9" else now)
PY
env/bin/python look.py | tee said.txt
diff said.txt - <<'TXT'
processed: 3 failed: 0
image: a new one
structure set: that of the image
its list of frames: that of the image
its region: 1.2.3.4.9
coordinates in the report: 1.2.3.4.9
TXT
