#!/usr/bin/env bash
# A series of Enhanced CT may have several objects, each with the next slices of the volume, and rescale intercept and slope
# stand in functional groups (PS3.3 C.7.6.16.2.9). dicom2nifti 2.6.2 makes four slices of a series of two objects with four
# each, the other half is gone without a word, and their values are not the Hounsfield units but the stored ones. dcm2niix
# has all eight, in Hounsfield units.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env
env/bin/pip install --quiet dicom2nifti==2.6.2 pydicom==3.0.1 numpy==2.4.6 nibabel==5.4.2 dcm2niix==1.0.20260724
cat >look.py <<'PY'
import subprocess
import warnings
from pathlib import Path

import dicom2nifti
import nibabel
import numpy as np
from enhanced_ct import enhanced_ct

warnings.simplefilter("ignore")
Path("series").mkdir()
for number in (1, 2):
    enhanced_ct(number, np.full((4, 8, 8), 100 * number)).save_as(f"series/{number}.dcm", enforce_file_format=True)


def told(image):
    data = np.asarray(image.dataobj)
    return f"{data.shape[2]} slices of " + ", ".join(str(int(value)) for value in np.unique(data))


made = dicom2nifti.dicom_series_to_nifti("series", "one.nii", reorient_nifti=False)["NII"]
print("dicom2nifti 2.6.2:", told(made))
subprocess.run(["env/bin/dcm2niix", "-b", "n", "-o", ".", "-f", "by", "series"], check=True, capture_output=True)
print("dcm2niix 1.0.20260724:", "; ".join(sorted(told(nibabel.load(path)) for path in Path().glob("by*.nii"))))
PY
PYTHONPATH=$here env/bin/python look.py | tee said.txt
diff said.txt - <<'TXT'
dicom2nifti 2.6.2: 4 slices of 1224
dcm2niix 1.0.20260724: 4 slices of 100; 4 slices of 200
TXT
