#!/usr/bin/env bash
# A time may have hours and minutes only (PS3.5 6.2, TM), and an object may say its offset from UTC (Timezone Offset From UTC, PS3.3 C.12.1). dicom2fhir 0.1.25
# makes midnight of a time of four digits, in ImagingStudy.started and in that of its series, and passes over the offset: what was
# acquired at 10:15 in New York has the time zone of its configuration, six hours early. FHIR has dateTime of a day alone for what is not known.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet dicom2fhir==0.1.25 fhir.resources==8.0.0 pydicom==3.0.2
env/bin/python -W ignore - <<'PY' | tee said.txt
import asyncio
import json
from pathlib import Path

from dicom2fhir.dicom2fhir import from_directory
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage


def converted(**values):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = UltrasoundImageStorage, "2.25.1", "US"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID, ds.PatientName = "2.25.2", "2.25.3", "7", "CITIZEN^JANE"
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    Path("study").mkdir(exist_ok=True)
    ds.save_as("study/us.dcm", enforce_file_format=True)
    made = asyncio.run(from_directory(Path("study"), {"dicom_timezone": "Europe/Berlin"}))
    return {one["resource"]["resourceType"]: one["resource"] for one in json.loads(made.model_dump_json())["entry"]}


for text, offset in (("101500", None), ("1015", None), ("101500", "-0500")):
    more = {"TimezoneOffsetFromUTC": offset} if offset else {}
    made = converted(StudyDate="20260130", StudyTime=text, **more)
    print(f"StudyTime {text}, offset {offset or 'none'}: started {made['ImagingStudy']['started']}")
PY
diff said.txt - <<'TXT'
StudyTime 101500, offset none: started 2026-01-30T10:15:00+01:00
StudyTime 1015, offset none: started 2026-01-30T00:00:00+01:00
StudyTime 101500, offset -0500: started 2026-01-30T10:15:00+01:00
TXT
