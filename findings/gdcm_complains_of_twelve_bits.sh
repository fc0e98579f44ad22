#!/usr/bin/env bash
# A JPEG Extended image of 12 bits (process 4, 1.2.840.10008.1.2.4.51), JPGExtended.dcm of pydicom's test data, is
# decoded by GDCM 3.2.6 to the samples that imagecodecs finds, value for value. And yet GDCM first says on standard error
# that it does not support 12 bits: it tries a decoder of 8 bits before the one it has for them.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env
env/bin/pip install --quiet pydicom==3.0.2 pydicom-data==1.0.0 python-gdcm==3.2.6 numpy==2.4.6 imagecodecs==2026.3.6
cat > decode.py <<'PY'
import importlib.metadata

import gdcm
import imagecodecs
import numpy as np
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import get_frame

print("python-gdcm", importlib.metadata.version("python-gdcm"))
file = str(get_testdata_file("JPGExtended.dcm"))
dataset = dcmread(file)
assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.51"
assert dataset.BitsStored == 12
other = imagecodecs.jpeg_decode(get_frame(dataset.PixelData, 0, number_of_frames=1))
reader = gdcm.ImageReader()
reader.SetFileName(file)
assert reader.Read()
buffer = reader.GetImage().GetBuffer().encode("utf-8", "surrogateescape")
samples = np.frombuffer(buffer, "<u2").reshape(other.shape)
print("largest sample", samples.max(), "equal to imagecodecs:", np.array_equal(samples, other))
assert np.array_equal(samples, other)
PY
env/bin/python decode.py 2> said || { cat said; exit 1; }
cat said
grep -q "precision 12" said
