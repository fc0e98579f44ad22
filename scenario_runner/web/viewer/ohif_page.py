"""The page that starts OHIF, and what it is told about this server: our DICOMweb, and nobody else's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.pacs.dicomweb.app import PREFIX as DICOM_WEB
from scenario_runner.web.viewer.installed import BASE, PREFIX

if TYPE_CHECKING:
    from scenario_runner.web.viewer.installed import Installed

SOURCE: Final = "fabricator"
_DICOM_WEB: Final[dict[str, Any]] = {
    "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
    "sourceName": SOURCE,
    "configuration": {
        "friendlyName": "DICOM Fabricator",
        "name": SOURCE,
        "qidoRoot": DICOM_WEB,
        "wadoRoot": DICOM_WEB,
        "wadoUriRoot": "/wado",
        "qidoSupportsIncludeField": True,
        "imageRendering": "wadors",
        "thumbnailRendering": "wadors",
        "enableStudyLazyLoad": True,
        "supportsFuzzyMatching": False,
        "supportsWildcard": True,
        "omitQuotationForMultipartRequest": True,
        "bulkDataURI": {"enabled": True},
    },
}
_CONFIGURATION: Final[dict[str, Any]] = {
    "name": "DICOM Fabricator",
    "routerBasename": PREFIX,
    "extensions": [],
    "modes": [],
    "customizationService": {},
    "showStudyList": True,
    "maxNumberOfWebWorkers": 3,
    "showWarningMessageForCrossOrigin": False,
    "showCPUFallbackMessage": True,
    "showLoadingIndicator": True,
    "investigationalUseDialog": {"option": "never"},
    "defaultDataSourceName": SOURCE,
    "dataSources": [_DICOM_WEB],
}
CONFIGURATION: Final = f"window.config = {json.dumps(_CONFIGURATION, indent=2)};\n"
"""``app-config.js``."""
START: Final = f"""window.PUBLIC_URL = "{BASE}";
function browserImportFunction(name) {{
  return import(name);
}}
"""
"""What the package's own page has in scripts within it, which our policy lets no browser run."""


def page(installed: Installed) -> str:
    """The page, whatever part of the viewer is asked for: the address says which."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>OHIF Viewer</title>
<link rel="icon" href="{BASE}assets/favicon.ico">
<link rel="stylesheet" href="{BASE}{installed.style}">
<script src="{PREFIX}/start.js"></script>
<script src="{PREFIX}/app-config.js"></script>
<script defer src="{BASE}{installed.script}"></script>
</head>
<body>
<noscript>The viewer needs JavaScript.</noscript>
<div id="react-portal"></div>
<div id="root"></div>
</body>
</html>
"""
