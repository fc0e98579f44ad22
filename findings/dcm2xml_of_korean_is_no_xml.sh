#!/usr/bin/env bash
# Where DCMTK's dcm2xml cannot name a character set in XML, as with every code extension, Thai, GB18030 and GBK, it writes each
# byte beyond ASCII as a character of that number. The escape sequences of a Korean or Japanese name begin with ESC, which
# XML 1.0 has no reference for: DCMTK 3.6.7 writes it all the same, exit code 0, and neither Python nor DCMTK's own xml2dcm can
# read the document. A Thai object is read, with another name in it than before.
set -euo pipefail
command -v dcm2xml >/dev/null || { echo "needs dcm2xml and xml2dcm (Debian: dcmtk)"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

NAMES = {"latin": ("ISO_IR 100", "Müller^Jörg"), "thai": ("ISO_IR 166", "นามสกุล^ชื่อ"),
         "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동")}
for title, (terms, name) in NAMES.items():
    ds = Dataset()
    ds.SpecificCharacterSet, ds.PatientName = terms, name
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(f"{title}.dcm", enforce_file_format=True)
PY
dcm2xml --version >version.txt && head -1 version.txt
for name in latin thai korean; do
  dcm2xml $name.dcm $name.xml 2>/dev/null
  if python3 -c "import xml.etree.ElementTree as e, sys; e.parse(sys.argv[1])" $name.xml 2>/dev/null; then xml="XML"; else xml="no XML"; fi
  if xml2dcm $name.xml back.dcm >/dev/null 2>&1; then
    back=$(env/bin/python -c "
import pydicom, sys
a, b = (pydicom.dcmread(path).PatientName for path in sys.argv[1:])
print('the same name' if a == b else 'another name')" $name.dcm back.dcm)
  else
    back="cannot read it"
  fi
  echo "$name: $xml, xml2dcm: $back"
done | tee said.txt
diff said.txt - <<'TXT'
latin: XML, xml2dcm: the same name
thai: XML, xml2dcm: another name
korean: no XML, xml2dcm: cannot read it
TXT
