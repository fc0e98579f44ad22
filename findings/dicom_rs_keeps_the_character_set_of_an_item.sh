#!/usr/bin/env bash
# A Specific Character Set within an item holds for that item; behind it, that of the data set holds again (PS3.3 C.12.1.1.2). dicom-object 0.10.1
# (dicom-rs) goes on with it: when a referenced series has a description in Cyrillic, everything behind it, the next item and the
# patient's name included, is read as Cyrillic, and Müller becomes Mќller. Behind an item in UTF-8 the bytes of Latin-1
# are written with backslashes, at which a name is then divided into three.
set -euo pipefail
command -v cargo >/dev/null || { echo "needs Rust with cargo"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage


def series(**values):
    one = Dataset()
    for keyword, value in values.items():
        setattr(one, keyword, value)
    return one


ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.SpecificCharacterSet, ds.PatientName = "ISO_IR 100", "Müller^Jörg"
for name, term, text in (("cyrillic", "ISO_IR 144", "ГРУДЬ"), ("utf8", "ISO_IR 192", "Łódź"), ("none", None, "für")):
    first = series(SeriesDescription=text)
    if term:
        first.SpecificCharacterSet = term
    ds.ReferencedSeriesSequence = [first, series(SeriesDescription="für")]
    ds.save_as(name + ".dcm", enforce_file_format=True)
PY
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "read"
version = "0.1.0"
edition = "2021"
[dependencies]
dicom-object = { version = "=0.10.1", default-features = false }
[profile.dev]
debug = false
TOML
cat >src/main.rs <<'RS'
fn main() {
    for name in ["none", "cyrillic", "utf8"] {
        let object = dicom_object::open_file(format!("{name}.dcm")).unwrap();
        let items = object.element_by_name("ReferencedSeriesSequence").unwrap().items().unwrap().to_vec();
        let texts: Vec<String> = items
            .iter()
            .map(|item| item.element_by_name("SeriesDescription").unwrap().to_str().unwrap().trim().to_string())
            .collect();
        let patient = object.element_by_name("PatientName").unwrap().to_str().unwrap();
        println!("{name}: series {}; patient {}", texts.join(", "), patient.trim());
    }
}
RS
cargo build --quiet 2>built.txt || { cat built.txt; exit 2; }
echo "dicom-object@0.10.1"
target/debug/read | tee said.txt
diff said.txt - <<'TXT'
none: series für, für; patient Müller^Jörg
cyrillic: series ГРУДЬ, fќr; patient Mќller^Jіrg
utf8: series Łódź, f\374r; patient M\374ller^J\366rg
TXT
