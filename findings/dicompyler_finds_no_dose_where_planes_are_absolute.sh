#!/usr/bin/env bash
# The planes of an RT Dose lie where Grid Frame Offset Vector says: distances from the first one, beginning with 0, or z
# coordinates of the patient, beginning with that of Image Position (PS3.3 C.8.8.3.2). dicompyler-core 0.5.6 adds the position to
# either. Of a dose in the second form it finds nothing at the planes it has, and the first plane at twice its z: a caller that
# takes no dose for none, as the calculation of a histogram does, has 0 Gy, without a word.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet dicompyler-core==0.5.6 pydicom==2.4.5 numpy==1.26.4
env/bin/python -W ignore - <<'PY' | tee said.txt
import numpy as np
from dicompylercore.dicomparser import DicomParser
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTDoseStorage

z = [-100, -97, -94]
for form, offsets in (("distances", [0, 3, 6]), ("coordinates", z)):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID, ds.is_little_endian, ds.is_implicit_VR = ExplicitVRLittleEndian, True, False
    ds.SOPClassUID, ds.SOPInstanceUID = RTDoseStorage, "2.25.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "2.25.2", "2.25.3", "1"
    ds.Modality, ds.DoseUnits, ds.DoseType, ds.DoseSummationType, ds.DoseGridScaling = "RTDOSE", "GY", "PHYSICAL", "PLAN", "0.001"
    ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing = [-10, -20, z[0]], [1, 0, 0, 0, 1, 0], [5, 5]
    ds.NumberOfFrames, ds.FrameIncrementPointer, ds.GridFrameOffsetVector = 3, 0x3004000C, offsets
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 4, 4
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelData = np.repeat([1000, 2000, 3000], 16).astype("<u2").tobytes()
    ds.save_as("dose.dcm", write_like_original=False)
    parser = DicomParser("dose.dcm")
    for place in (*z, 2 * z[0]):
        grid = np.asarray(parser.GetDoseGrid(place))
        print(f"{form}: at {place} mm", f"{grid[0, 0] * float(ds.DoseGridScaling):g} Gy" if grid.size else "nothing")
PY
diff said.txt - <<'TXT'
distances: at -100 mm 1 Gy
distances: at -97 mm 2 Gy
distances: at -94 mm 3 Gy
distances: at -200 mm nothing
coordinates: at -100 mm nothing
coordinates: at -97 mm nothing
coordinates: at -94 mm nothing
coordinates: at -200 mm 1 Gy
TXT
