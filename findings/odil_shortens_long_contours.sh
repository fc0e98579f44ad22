#!/usr/bin/env bash
# The length of a decimal string has 16 bits in Explicit VR, and a contour of some thousand points needs more: its VR is then UN, whose
# length has 32 (PS3.5 6.2.2). odil 0.12.2 of Debian, changing the transfer syntax of a structure set from Implicit VR, keeps DS and writes
# the length less 65536: of 4000 points 739 are left, and the rest of the text stands where the next elements are looked
# for. Exit code 0. dcmconv of DCMTK writes UN, with all of it.
set -euo pipefail
for tool in odil dcmconv; do command -v $tool >/dev/null || { echo "needs odil, dcmtk: apt-get install"; exit 2; }; done
dpkg-query -W odil dcmtk
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
from math import cos, pi, sin

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage

points = [(100 * cos(turn * pi / 2000), 100 * sin(turn * pi / 2000), 0) for turn in range(4000)]
contour = Dataset()
contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
contour.ContourData = [f"{value:.4f}" for point in points for value in point]
roi = Dataset()
roi.ContourSequence, roi.ReferencedROINumber = [contour], 1
ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = RTStructureSetStorage, "2.25.1", "RTSTRUCT"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.StructureSetLabel, ds.ROIContourSequence, ds.ApprovalStatus = "BODY", [roi], "UNAPPROVED"
ds.save_as("implicit.dcm", enforce_file_format=True)
PY
PATH=/usr/local/bin:/usr/bin:/bin
dcmconv +te implicit.dcm dcmconv.dcm
odil transcode --transfer-syntax ExplicitVRLittleEndian implicit.dcm odil.dcm
env/bin/python -W ignore - <<'PY' | tee said.txt
from pydicom import dcmread

for name in ("implicit", "dcmconv", "odil"):
    contour = dcmread(name + ".dcm").ROIContourSequence[0].ContourSequence[0]
    element = contour.get_item("ContourData")
    points = len(element.value.split(b"\\")) // 3
    print(f"{name}:", element.VR, contour.NumberOfContourPoints, "points announced,", points, "there")
PY
diff said.txt - <<'TXT'
implicit: None 4000 points announced, 4000 there
dcmconv: UN 4000 points announced, 4000 there
odil: DS 4000 points announced, 739 there
TXT
