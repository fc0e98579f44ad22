#!/usr/bin/env bash
# dicom-object 0.10.1, of dicom-rs, knows most character sets of DICOM and neither Latin alphabet No. 5 (ISO_IR 148, Turkish)
# nor any of the code extensions. It says nothing of it, no error, no U+FFFD: a Turkish name comes out with letters of
# Icelandic, a Korean one as Latin letters between escape sequences. ISO_IR 144 is read, and UTF-8.
set -euo pipefail
command -v cargo >/dev/null || { echo "needs Rust with cargo"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2
env/bin/python - <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

NAMES = {"cyrillic": ("ISO_IR 144", "Люкceмбypг"), "turkish": ("ISO_IR 148", "ÇELİK^GÜLŞEN"),
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
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "names"
version = "0.1.0"
edition = "2021"
[dependencies]
dicom-object = { version = "=0.10.1", default-features = false }
[profile.dev]
debug = false
TOML
cat >src/main.rs <<'RS'
fn main() -> Result<(), Box<dyn std::error::Error>> {
    for title in ["cyrillic", "turkish", "korean"] {
        let object = dicom_object::open_file(format!("{title}.dcm"))?;
        let name = object.element_by_name("PatientName")?.to_str()?.to_string();
        println!("{title}: {}", name.trim_end().replace('\u{1b}', "<ESC>"));
    }
    Ok(())
}
RS
cargo build --quiet 2>built.txt || { cat built.txt; exit 2; }
echo "dicom-object 0.10.1"
target/debug/names | tee said.txt
diff said.txt - <<'TXT'
cyrillic: Люкceмбypг
turkish: ÇELÝK^GÜLÞEN
korean: Hong^Gildong=<ESC>$)Cûó^<ESC>$)CÑÎÔ×=<ESC>$)CÈ«^<ESC>$)C±æµ¿
TXT
