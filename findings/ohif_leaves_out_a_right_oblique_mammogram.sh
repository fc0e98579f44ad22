#!/usr/bin/env bash
# The orientation of a right medio-lateral oblique mammogram is most often P\FL: rows run towards posterior, columns towards
# foot and left (PS3.3 C.7.6.1.1.1; the left one's is A\FR). OHIF 3.13.2's protocol for mammographies (@ohif/hpMammo) leaves
# the place of the right MLO empty for it, though view code, laterality, view position and series description all say what
# the image is. It does so wherever P or FL is one of the two values (P\L, A\FL); with A\F, and nothing else changed, the
# image is there. Its general grid (@ohif/mnGrid) shows all four.
set -euo pipefail
command -v npm >/dev/null || { echo "needs Node.js 20 or later with npm"; exit 2; }
chromium=$(command -v chromium) || { echo "needs Chromium"; exit 2; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv env && env/bin/pip install --quiet pydicom==3.0.2 numpy==2.4.6 playwright==1.64.0
npm pack --silent @ohif/app@3.13.2 >/dev/null
tar xzf ohif-app-3.13.2.tgz package/dist && mv package/dist site
cat >site/app-config.js <<'JS'
window.config = {
  routerBasename: "/", extensions: [], modes: [], customizationService: {}, showStudyList: false,
  defaultDataSourceName: "dicomjson",
  dataSources: [{
    namespace: "@ohif/extension-default.dataSourcesModule.dicomjson", sourceName: "dicomjson",
    configuration: { friendlyName: "files beside the pages", name: "json" },
  }],
};
JS
cat >make.py <<'PY'
"""Four mammograms of one study, which differ in view, side and patient orientation only; the list of them for the viewer."""
import json
import sys
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

VIEWS = [("R", "CC", "P\\L", 1), ("L", "CC", "A\\R", 2), ("R", "MLO", sys.argv[2], 3), ("L", "MLO", "A\\FR", 4)]
CODES = {"CC": ("399162004", "cranio-caudal"), "MLO": ("399368009", "medio-lateral oblique")}
root = Path(sys.argv[1])
series = []
for side, view, orientation, number in VIEWS:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.2", f"2.25.7{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.5", f"2.25.6{number}"
    ds.Modality, ds.PatientName, ds.PatientID = "MG", "TEST^MAMMO", "1"
    ds.StudyDate, ds.StudyTime, ds.PatientSex, ds.BodyPartExamined = "20240101", "120000", "F", "BREAST"
    ds.SeriesNumber = ds.InstanceNumber = number
    ds.SeriesDescription = f"{side} {view}"
    ds.ImageLaterality, ds.ViewPosition = side, view
    ds.PatientOrientation = orientation.split("\\")
    ds.PresentationIntentType = "FOR PRESENTATION"
    code = Dataset()
    code.CodeValue, code.CodeMeaning = CODES[view]
    code.CodingSchemeDesignator = "SCT"
    ds.ViewCodeSequence = [code]
    ds.Rows = ds.Columns = 256
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 12, 11
    ds.WindowCenter, ds.WindowWidth, ds.ImagerPixelSpacing = 2048, 4096, [0.1, 0.1]
    ds.PixelData = np.full((256, 256), 3000, "<u2").tobytes()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, UID(ds.SOPInstanceUID)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta = meta
    ds.save_as(root / f"{number}.dcm", enforce_file_format=True)
    del ds.PixelData
    told = {element.keyword: element.value for element in ds if element.VR != "SQ"}
    told = {key: list(value) if not isinstance(value, (str, int, float)) else value for key, value in told.items()}
    told["ViewCodeSequence"] = [{k: str(code.get(k)) for k in ("CodeValue", "CodeMeaning", "CodingSchemeDesignator")}]
    series.append({
        "SeriesInstanceUID": ds.SeriesInstanceUID, "SeriesNumber": number, "Modality": "MG",
        "SeriesDescription": ds.SeriesDescription, "SeriesDate": "20240101",
        "instances": [{"metadata": told, "url": f"dicomweb:/{number}.dcm"}],
    })
study = {"StudyInstanceUID": "2.25.5", "StudyDate": "20240101", "StudyTime": "120000", "PatientName": "TEST^MAMMO",
         "PatientID": "1", "Modalities": "MG", "NumInstances": 4, "series": series}
(root / "study.json").write_text(json.dumps({"studies": [study]}))
PY
cat >look.py <<'PY'
"""The panes of the protocol, and what each shows, once three have an image."""
import functools
import http.server
import sys
import threading

from playwright.sync_api import sync_playwright

PANES = """[...document.querySelectorAll('[data-cy=viewport-pane]')].map(
    pane => pane.querySelector('canvas') ? pane.innerText.split('\\n')[1] || '' : 'nothing')"""


class Pages(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/viewer"):
            self.path = "/index.html"
        super().do_GET()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory="site"))
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://127.0.0.1:{server.server_port}"
with sync_playwright() as play:
    browser = play.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox", "--enable-unsafe-swiftshader"])
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.set_default_timeout(120_000)
    page.goto(f"{base}/viewer/dicomjson?url={base}/study.json&hangingprotocolId=@ohif/{sys.argv[2]}")
    page.wait_for_function(f"{PANES}.filter(said => said.includes(' ')).length >= 3")
    page.wait_for_timeout(10_000)  # for a fourth that comes late
    print(", ".join(page.evaluate(PANES)))
    browser.close()
server.shutdown()
PY
failed=0
expect() {
  env/bin/python make.py site "$1"
  seen=$(env/bin/python look.py "$chromium" "$2")
  echo "OHIF 3.13.2, $2, right MLO with the orientation $1: $seen"
  [ "$seen" = "$3" ] || { echo "not so any more: expected $3"; failed=1; }
}
expect 'P\FL' hpMammo "R CC, L CC, nothing, L MLO"
expect 'P\L' hpMammo "R CC, L CC, nothing, L MLO"
expect 'A\F' hpMammo "R CC, L CC, R MLO, L MLO"
expect 'P\FL' mnGrid "R CC, L CC, R MLO, L MLO"
exit $failed
