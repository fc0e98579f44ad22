#!/usr/bin/env bash
# Who de-identifies by the Basic Profile gives every UID a new one, in sequences too, the same for the same, so that what refers
# to an image still does (PS3.15 E.3.9, action U of table E.1-1). dicom-anonymizer 2.1.0 does so in the content of a key
# object selection and leaves the evidence above it as it was: the document says that its images are of a study and a
# series that are not there any more, and names images that it does not speak of.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet dicom-anonymizer==2.1.0 pydicom==3.0.2 highdicom==0.28.2
mkdir before after
env/bin/python - <<'PY'
import highdicom as hd
import pydicom
from pydicom.data import get_testdata_file
from pydicom.sr.codedict import codes

image = pydicom.dcmread(get_testdata_file("CT_small.dcm", download=False))
image.save_as("before/image.dcm")
hd.ko.KeyObjectSelectionDocument(
    evidence=[image],
    content=hd.ko.KeyObjectSelection(document_title=codes.DCM.OfInterest, referenced_objects=[image]),
    series_instance_uid=hd.UID(), series_number=9, sop_instance_uid=hd.UID(), instance_number=1,
    manufacturer="Nobody", institution_name=None, institutional_department_name=None,
).save_as("before/key.dcm")
PY
env/bin/dicom-anonymizer before after >/dev/null 2>&1
env/bin/python - <<'PY' | tee said.txt
import pydicom

print("dicom-anonymizer 2.1.0")
for when in ("before", "after"):
    image, key = (pydicom.dcmread(f"{when}/{name}.dcm") for name in ("image", "key"))
    evidence = key.CurrentRequestedProcedureEvidenceSequence[0]
    series = evidence.ReferencedSeriesSequence[0]
    selected = key.ContentSequence[-1].ReferencedSOPSequence[0]
    proof = series.ReferencedSOPSequence[0]
    held = {
        "study": (key.StudyInstanceUID, image.StudyInstanceUID),
        "study of the evidence": (evidence.StudyInstanceUID, image.StudyInstanceUID),
        "series of the evidence": (series.SeriesInstanceUID, image.SeriesInstanceUID),
        "image of the evidence": (proof.ReferencedSOPInstanceUID, image.SOPInstanceUID),
        "image of the content": (selected.ReferencedSOPInstanceUID, image.SOPInstanceUID),
    }
    print(f"{when}, wrong:", ", ".join(what for what, (theirs, ours) in held.items() if theirs != ours) or "nothing")
PY
diff said.txt - <<'TXT'
dicom-anonymizer 2.1.0
before, wrong: nothing
after, wrong: study of the evidence, series of the evidence, image of the evidence
TXT
