#!/usr/bin/env bash
# A system that does not know an attribute, as one that is newer than it, passes it on as UN; it is Implicit VR within, and a reader that knows
# it may read it (PS3.5 6.2.2). pydicom 3.0.2 does so up to 64 KB and leaves bytes beyond. So of two files with references to images in such
# a sequence, three in one and 2000 in the other, dicognito 0.19.0 and dcm-anonymizer 0.5.0 give the three the new UIDs that the images
# get, and leave the 2000 as they were: they name images of before, which are not there any more. Both call either file done.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet dicognito==0.19.0 dcm-anonymizer==0.5.0 pydicom==3.0.2
mkdir before after
cat >make.py <<'PY'
import struct
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

reference = Dataset()
reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CTImageStorage, "1.2.3.4.5"
stream = DicomBytesIO()
stream.is_implicit_VR = stream.is_little_endian = True
write_dataset(stream, reference)
item = struct.pack("<HHL", 0xFFFE, 0xE000, len(stream.getvalue())) + stream.getvalue()
for name, count in (("short", 3), ("long", 2000)):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = SecondaryCaptureImageStorage, f"1.2.3.4.{count}", "OT"
    ds.PatientName, ds.PatientID, ds.StudyInstanceUID, ds.SeriesInstanceUID = "CITIZEN^JANE", "1", "1.2.3.1", "1.2.3.2"
    ds.ReferencedImageSequence = []
    ds.save_as("file.dcm", enforce_file_format=True)
    whole = Path("file.dcm").read_bytes()
    empty = struct.pack("<HH2s2xL", 0x0008, 0x1140, b"SQ", 0)
    filled = struct.pack("<HH2s2xL", 0x0008, 0x1140, b"UN", len(item) * count) + item * count
    assert whole.count(empty) == 1
    Path(f"before/{name}.dcm").write_bytes(whole.replace(empty, filled))
PY
env/bin/python make.py
for name in short long; do
  mkdir "after/$name"
  env/bin/python -m dicognito --seed finding --output-directory "after/$name/dicognito" "before/$name.dcm" >told.txt
  mkdir in && cp "before/$name.dcm" in
  env/bin/dcm-anon in "after/$name/dcm-anonymizer" --salt finding --quiet >told.txt 2>&1
  rm -r in
done
cat >look.py <<'PY'
from pathlib import Path

for name in ("short", "long"):
    for tool in ("dicognito", "dcm-anonymizer"):
        [file] = Path("after", name, tool).glob("*.dcm")
        print(f"{name}, {tool}:", file.read_bytes().count(b"1.2.3.4.5\0"), "references of before")
PY
env/bin/python look.py | tee said.txt
diff said.txt - <<'TXT'
short, dicognito: 0 references of before
short, dcm-anonymizer: 0 references of before
long, dicognito: 2000 references of before
long, dcm-anonymizer: 2000 references of before
TXT
