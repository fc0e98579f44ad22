#!/usr/bin/env bash
# A contour of more than 65534 bytes of text, some 3000 points, has VR UN in Explicit VR, where DS has too short a length (PS3.5 6.2.2,
# note). So the same structure set has numbers in Implicit VR and, once an archive has changed its transfer syntax, bytes: pydicom
# 3.0.2 takes UN of a known attribute for what the dictionary says only up to 64 KB. dicompyler-core 0.5.6, built on it, makes points of single
# bytes at a plane named 480, for the letters 4, 8 and 0; plastimatch 1.9.4 of Debian leaves the region without a contour. The short
# contours beside it are right everywhere, and nothing ends with an error. dcmjs 0.52.2 reads the numbers.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
for tool in plastimatch dcmconv; do command -v $tool >/dev/null || { echo "needs plastimatch, dcmtk: apt-get install"; exit 2; }; done
dpkg-query -W plastimatch dcmtk
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
python3 -m venv core && core/bin/pip install --quiet dicompyler-core==0.5.6 pydicom==2.4.5 numpy==1.26.4
npm install --silent --no-fund --no-audit --prefix . dcmjs@0.52.2 >/dev/null
env/bin/python - <<'PY'
from math import cos, pi, sin

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage


def item(**values):
    one = Dataset()
    for keyword, value in values.items():
        setattr(one, keyword, value)
    return one


def circle(count, z):
    points = [(100 * cos(turn * 2 * pi / count), 100 * sin(turn * 2 * pi / count), z) for turn in range(count)]
    text = [f"{value:.4f}" for point in points for value in point]
    return item(ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=count, ContourData=text)


rois = ((1, "BODY", 4000), (2, "HEART", 100))
ds = item(
    SOPClassUID=RTStructureSetStorage, SOPInstanceUID="2.25.1", StudyInstanceUID="2.25.2", SeriesInstanceUID="2.25.3",
    Modality="RTSTRUCT", PatientID="1", PatientName="TEST^RT", PatientBirthDate="", PatientSex="", StudyDate="", StudyTime="",
    StudyID="", AccessionNumber="", ReferringPhysicianName="", SeriesNumber="", OperatorsName="", Manufacturer="",
    StructureSetLabel="A", StructureSetDate="", StructureSetTime="", ApprovalStatus="UNAPPROVED",
    RTROIObservationsSequence=[
        item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="", ROIInterpreter="")
        for number, _, _ in rois
    ],
    StructureSetROISequence=[
        item(ROINumber=number, ROIName=name, ReferencedFrameOfReferenceUID="2.25.4", ROIGenerationAlgorithm="")
        for number, name, _ in rois
    ],
    ROIContourSequence=[
        item(ReferencedROINumber=number, ROIDisplayColor=[255, 0, 0], ContourSequence=[circle(count, 0), circle(count, 3)])
        for number, _, count in rois
    ],
)
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
ds.save_as("implicit.dcm", enforce_file_format=True)
PY
PATH=/usr/local/bin:/usr/bin:/bin
dcmconv +te implicit.dcm explicit.dcm
cat >read.cjs <<'JS'
const fs = require("fs");
const dcmjs = require("dcmjs");
for (const name of ["implicit", "explicit"]) {
  const bytes = fs.readFileSync(`${name}.dcm`);
  const { dict } = dcmjs.data.DicomMessage.readFile(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const counts = dict["30060039"].Value.map((roi) => roi["30060040"].Value[0]["30060050"].Value.length);
  console.log(`${name}, dcmjs:`, counts.join(", "), "numbers");
}
JS
cat >read.py <<'PY'
from pydicom import dcmread

for name in ("implicit", "explicit"):
    values = [roi.ContourSequence[0].ContourData for roi in dcmread(name + ".dcm").ROIContourSequence]
    print(f"{name}, pydicom:", ", ".join(f"{len(value)} in {type(value).__name__}" for value in values))
PY
cat >core.py <<'PY'
from dicompylercore.dicomparser import DicomParser

for name in ("implicit", "explicit"):
    for number in (1, 2):
        planes = DicomParser(name + ".dcm").GetStructureCoordinates(number).items()
        seen = ", ".join(f"plane {z} has {len(one[0]['data'])} points" for z, one in planes)
        print(f"{name}, dicompyler-core, {number}:", seen)
PY
{
  env/bin/python read.py
  core/bin/python -W ignore core.py
  for name in implicit explicit; do
    plastimatch convert --input $name.dcm --output-cxt $name.txt >plastimatch.log 2>&1
    echo "$name, plastimatch:" "$(grep -c '^1||' $name.txt || true) contours of BODY, $(grep -c '^2||' $name.txt) of HEART"
  done
  node read.cjs
} | tee said.txt
diff said.txt - <<'TXT'
implicit, pydicom: 12000 in MultiValue, 300 in MultiValue
explicit, pydicom: 95494 in bytes, 300 in MultiValue
implicit, dicompyler-core, 1: plane 0.00 has 4000 points, plane 3.00 has 4000 points
implicit, dicompyler-core, 2: plane 0.00 has 100 points, plane 3.00 has 100 points
explicit, dicompyler-core, 1: plane 480 has 31832 points
explicit, dicompyler-core, 2: plane 0.00 has 100 points, plane 3.00 has 100 points
implicit, plastimatch: 2 contours of BODY, 2 of HEART
explicit, plastimatch: 0 contours of BODY, 2 of HEART
implicit, dcmjs: 12000, 300 numbers
explicit, dcmjs: 12000, 300 numbers
TXT
