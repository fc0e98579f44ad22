#!/usr/bin/env bash
# A signed pixel cell of 12 bits stored in 16 has its sign in bit 11, and a reader looks at nothing above (PS3.5 8.1.1); writers
# may leave zeros there. ImageJ 1.54p, daikon 1.2.46, dicomsdl 0.109.4 and medcon 0.23.0 of Debian take the whole word: -5 is 4091, air of a CT
# whiter than bone. pydicom 3.0.2, SimpleITK 2.5.7 and vtk-dicom 0.8.14 of Debian have it right.
set -euo pipefail
for tool in npm java javac mvn medcon dicomtonifti; do
  command -v $tool >/dev/null || { echo "needs Node.js 20, a JDK and Maven, and medcon, vtk-dicom-tools of Debian: no $tool"; exit 2; }
done
dpkg-query -W medcon vtk-dicom-tools
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6 dicomsdl==0.109.4 SimpleITK==2.5.7 nibabel==5.4.2
npm install --silent --no-fund --no-audit --prefix . daikon@1.2.46 >/dev/null
mvn --quiet dependency:copy -Dartifact=net.imagej:ij:1.54p -DoutputDirectory=. >mvn.txt 2>&1 || { cat mvn.txt; exit 2; }
cat >write.py <<'PY'
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = SecondaryCaptureImageStorage, "2.25.1", "OT"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 1, 2
ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 1
ds.PixelData = bytes([0xFB, 0x0F, 200, 0])  # -5 in 12 bits, 200
ds.save_as("signed.dcm", enforce_file_format=True)
PY
cat >read.py <<'PY'
import dicomsdl
import nibabel
import pydicom
import SimpleITK

print("pydicom:", *pydicom.dcmread("signed.dcm").pixel_array.ravel().tolist())
print("SimpleITK:", *SimpleITK.GetArrayFromImage(SimpleITK.ReadImage("signed.dcm")).ravel().tolist())
print("vtk-dicom:", *sorted(map(int, nibabel.load("vtk.nii.gz").get_fdata().ravel())))
print("dicomsdl:", *dicomsdl.open("signed.dcm").pixelData(storedvalue=True).ravel().tolist())
print("medcon:", *map(int, nibabel.load("medcon.nii").get_fdata().ravel()))
PY
cat >read.cjs <<'JS'
const fs = require("fs");
const daikon = require("daikon");
const bytes = fs.readFileSync("signed.dcm");
const image = daikon.Series.parseImage(new DataView(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
console.log("daikon:", ...image.getInterpretedData(true));
JS
cat >Read.java <<'JAVA'
import ij.plugin.DICOM;

public class Read {
  public static void main(String[] names) {
    DICOM image = new DICOM();
    image.open("signed.dcm");
    ij.process.ImageProcessor pixels = image.getProcessor();
    pixels.setCalibrationTable(image.getCalibration().getCTable());
    System.out.println("ImageJ: " + (int) pixels.getPixelValue(0, 0) + " " + (int) pixels.getPixelValue(1, 0));
    System.exit(0);
  }
}
JAVA
env/bin/python write.py
javac -cp ij-1.54p.jar Read.java
{
  (PATH=/usr/local/bin:/usr/bin:/bin; medcon -n -f signed.dcm -c nifti -o medcon -qs; dicomtonifti -o vtk.nii.gz signed.dcm) >tools.txt 2>&1
  env/bin/python -W ignore read.py
  node read.cjs
  java -Djava.awt.headless=true -cp ij-1.54p.jar:. Read 2>/dev/null
} | tee said.txt
diff said.txt - <<'TXT'
pydicom: -5 200
SimpleITK: -5 200
vtk-dicom: -5 200
dicomsdl: 4091 200
medcon: 4091 200
daikon: 4091 200
ImageJ: 4091 200
TXT
