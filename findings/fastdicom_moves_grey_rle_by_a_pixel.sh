#!/usr/bin/env bash
# fastdicom 0.1.0, a reader for machine learning, moves a grey image of 8 bits in RLE Lossless by one pixel: the first is 0,
# each one after it is that of its neighbour to the left, the last is gone. With 16 bits, and with three samples a
# pixel, all are where they belong. So an ultrasound of most makers is read wrong, and looks right.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet fastdicom==0.1.0 pydicom==3.0.2 numpy==2.4.6
env/bin/python - <<'PY' | tee said.txt
import fastdicom
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, SecondaryCaptureImageStorage

print("fastdicom 0.1.0")
for bits, samples in ((8, 1), (16, 1), (8, 3)):
    pixels = np.arange(1, 4 * 6 * samples + 1, dtype=f"<u{bits // 8}").reshape((4, 6, samples) if samples > 1 else (4, 6))
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "2.25.1"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = 4, 6, samples
    ds.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit, ds.PixelRepresentation = bits - 1, 0
    ds.PixelData = pixels.tobytes()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.compress(RLELossless, generate_instance_uid=False)
    ds.save_as("rle.dcm", enforce_file_format=True)
    assert np.array_equal(ds.pixel_array, pixels)
    got = np.asarray(fastdicom.dcmread("rle.dcm").pixel_array)
    moved = np.concatenate([[0], pixels.ravel()[:-1]])
    how = "right" if np.array_equal(got.ravel(), pixels.ravel()) else "moved" if np.array_equal(got.ravel(), moved) else "otherwise"
    print(f"{samples} x {bits} bits: {how}, first row {got[0].ravel().tolist()[:6]}")
PY
diff said.txt - <<'TXT'
fastdicom 0.1.0
1 x 8 bits: moved, first row [0, 1, 2, 3, 4, 5]
1 x 16 bits: right, first row [1, 2, 3, 4, 5, 6]
3 x 8 bits: right, first row [1, 2, 3, 4, 5, 6]
TXT
