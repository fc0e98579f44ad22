#!/usr/bin/env bash
# The Basic Application Level Confidentiality Profile takes away dates and times, and the name of whoever verified a report or drew a
# region (PS3.15 table E.1-1: Study Date, Verifying Observer Name, ROI Interpreter). gdcmanon of GDCM 3.0.21 writes the name of that profile
# into De-identification Method and follows its table of 2008, the edition that its manual links to: all dates and times of the study and these
# names stay, and the content of a structured report is emptied. Exit code 0, and Patient Identity Removed is YES.
set -euo pipefail
for tool in gdcmanon openssl; do command -v $tool >/dev/null || { echo "needs libgdcm-tools, openssl: apt-get install"; exit 2; }; done
dpkg-query -W libgdcm-tools
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
mkdir before after
cat >make.py <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian, RTStructureSetStorage


def item(**values):
    one = Dataset()
    for keyword, value in values.items():
        setattr(one, keyword, [item(**each) for each in value] if keyword.endswith("Sequence") else value)
    return one


def write(name, number, sop_class, **values):
    ds = item(
        SOPClassUID=sop_class, SOPInstanceUID=f"1.2.3.4.{number}", StudyInstanceUID="1.2.3.4.10", PatientID="1",
        PatientName="CITIZEN^JANE", PatientBirthDate="19700131", SeriesInstanceUID=f"1.2.3.4.2{number}",
        Modality=name.upper(), StudyDate="20260131", StudyTime="093000", **values,
    )
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(f"before/{name}.dcm", enforce_file_format=True)


finding = dict(CodeValue="121071", CodingSchemeDesignator="DCM", CodeMeaning="Finding")
report = dict(CodeValue="126000", CodingSchemeDesignator="DCM", CodeMeaning="Imaging Measurement Report")
verifying = dict(VerifyingObserverName="READER^RUTH", VerifyingOrganization="", VerificationDateTime="20260131110000")
text = dict(RelationshipType="CONTAINS", ValueType="TEXT", ConceptNameCodeSequence=[finding], TextValue="Nodule")
write(
    "sr", 1, ComprehensiveSRStorage, ValueType="CONTAINER", ConceptNameCodeSequence=[report], ContinuityOfContent="SEPARATE",
    CompletionFlag="COMPLETE", VerificationFlag="VERIFIED", VerifyingObserverSequence=[verifying], ContentSequence=[text],
)
seen = dict(ObservationNumber=1, ReferencedROINumber=1, RTROIInterpretedType="ORGAN", ROIInterpreter="PLANNER^PAUL")
write("rtstruct", 2, RTStructureSetStorage, StructureSetLabel="A", RTROIObservationsSequence=[seen])
PY
env/bin/python make.py
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 -subj /CN=finding 2>/dev/null
gdcmanon --de-identify --certificate certificate.pem --recursive --input before --output after
cat >look.py <<'PY'
from pydicom import dcmread

sr, rtstruct = dcmread("after/sr.dcm"), dcmread("after/rtstruct.dcm")
for name, ds in (("sr", sr), ("rtstruct", rtstruct)):
    print(f"{name}: {ds.DeidentificationMethod}, {ds.PatientIdentityRemoved}; patient '{ds.PatientName}' of {ds.StudyDate} {ds.StudyTime}")
verifying = sr.VerifyingObserverSequence[0]
print("sr: verified by", verifying.VerifyingObserverName, verifying.VerificationDateTime, "items of content:", len(sr.ContentSequence))
print("rtstruct: interpreted by", rtstruct.RTROIObservationsSequence[0].ROIInterpreter)
PY
env/bin/python -W ignore look.py | tee said.txt
diff said.txt - <<'TXT'
sr: BASIC APPLICATION LEVEL CONFIDENTIALITY PROFILE, YES; patient '' of 20260131 093000
rtstruct: BASIC APPLICATION LEVEL CONFIDENTIALITY PROFILE, YES; patient '' of 20260131 093000
sr: verified by READER^RUTH 20260131110000 items of content: 0
rtstruct: interpreted by PLANNER^PAUL
TXT
