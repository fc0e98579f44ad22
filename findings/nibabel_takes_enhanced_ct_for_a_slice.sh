#!/usr/bin/env bash
# nibabel 5.4.2, whose DICOM part calls itself experimental, has a wrapper for objects of many frames, and takes it for
# Enhanced MR alone. An Enhanced CT gets the one for
# a single slice: image_shape leaves the frames out while get_data() returns them all, first instead of last, as they are
# stored and not in Hounsfield units, and there is no affine, though each frame says where it is. Told to use the wrapper
# for frames, it has all of it right.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet nibabel==5.4.2 pydicom==3.0.2 numpy==2.4.6
cat >look.py <<'PY'
import warnings

import nibabel
import numpy as np
from enhanced_ct import enhanced_ct

warnings.simplefilter("ignore")
from nibabel.nicom.dicomwrappers import MultiframeWrapper, WrapperError, wrapper_from_data

ds = enhanced_ct(1, np.full((4, 8, 6), 100))
print("nibabel", nibabel.__version__)
for wrapper in (wrapper_from_data(ds), MultiframeWrapper(ds)):
    data = wrapper.get_data()
    try:
        place = f"a slice every {abs(wrapper.affine[2, 2]):.0f} mm"
    except WrapperError:
        place = "no affine"
    print(type(wrapper).__name__, wrapper.image_shape, data.shape, int(data.max()), place)
PY
PYTHONPATH=$here env/bin/python look.py | tee said.txt
diff said.txt - <<'TXT'
nibabel 5.4.2
Wrapper (8, 6) (4, 8, 6) 1124 no affine
MultiframeWrapper (8, 6, 4) (8, 6, 4) 100 a slice every 1 mm
TXT
