#!/usr/bin/env bash
# The manual of dump2dcm says that it may be given what dcmdump writes. A text with line breaks, which VRs of paragraphs may have
# (PS3.5 6.2, LT), is no such thing, both of 3.6.7: as dcmdump writes it by default, dump2dcm reports two errors, makes no file
# and ends with exit code 0; what dcmdump quotes (+Qn as markup, +Qo as octal numbers) comes back as these signs, without a line break.
set -euo pipefail
dpkg-query -W dcmtk
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
cat >write.py <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.ImageComments = "first\r\nsecond "
ds.save_as("comment.dcm", enforce_file_format=True)
PY
env/bin/python write.py
for way in "" +Qn +Qo; do
  PATH=/usr/bin:/bin dcmdump +L $way comment.dcm >comment.txt
  PATH=/usr/bin:/bin dump2dcm comment.txt "again$way.dcm" 2>errors.txt
  echo "dcmdump +L $way: exit code $?, $(tail -1 errors.txt)"
  [ -e "again$way.dcm" ] || echo "no file"
done | tee said.txt
env/bin/python - <<'PY' | tee -a said.txt
from pydicom import dcmread

for name in ("comment", "again+Qn", "again+Qo"):
    print(f"{name}:", dcmread(name + ".dcm").get_item("ImageComments").value.decode().encode("unicode_escape").decode())
PY
diff said.txt - <<'TXT'
dcmdump +L : exit code 0, E: 2 Errors found in comment.txt
no file
dcmdump +L +Qn: exit code 0, 
dcmdump +L +Qo: exit code 0, 
comment: first\r\nsecond 
again+Qn: first&#13;&#10;second 
again+Qo: first\\015\\012second 
TXT
