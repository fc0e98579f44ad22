#!/usr/bin/env bash
# A Long Text may hold the control characters TAB, LF, FF and CR (PS3.5 6.1.3 and Table 6.2-1). dciodvfy of Debian 12
# (dicom3tools 2022-06-18) takes LF and CR, and calls a TAB in PatientComments an error: "Character invalid".
set -euo pipefail
command -v dciodvfy >/dev/null || { echo "needs dciodvfy: apt-get install dicom3tools"; exit 2; }
echo "dicom3tools $(dpkg-query -W -f='${Version}' dicom3tools)"
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

for name, text in (("lines", "one\r\ntwo"), ("tab", "one\ttwo")):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.2", "2.25.3"
    ds.PatientComments = text
    ds.save_as(f"{name}.dcm", enforce_file_format=True)
PY
for name in lines tab; do
  dciodvfy $name.dcm 2>&1 | grep -i "Comments" >$name.out || true
  echo "$name: $(cat $name.out)"
done
[ ! -s lines.out ]
grep -q "^Error.*Comments" tab.out
