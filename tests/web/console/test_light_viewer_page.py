"""The page of the light viewer is for everybody: in light and dark, wide and narrow, with its panels open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.web.console.browsing import LOOKS, tab
from tests.web.imaging_files import ct, upload
from tests.web.served import served

pytestmark = pytest.mark.peer
STUDY = "1.2.826.0.1.3680043.8.498.77"


def test_the_light_viewer_is_for_everybody(tmp_path: Path, browser: Browser) -> None:
    long = "Λ" * 60 + "^" + "O" * 60
    files = [
        ct(STUDY, series, image, PatientName=long, SpecificCharacterSet="ISO_IR 192")
        for series in (1, 2)
        for image in (1, 2, 3)
    ]
    with served(tmp_path / "data") as service, tab(browser, service.url) as it:
        assert upload(service, *files).status_code == 201
        page = it.go(f"/viewer/light?StudyInstanceUIDs={STUDY}")
        expect(page.get_by_label(re.compile("image 1 of 3")).first).to_be_visible()
        for scheme, width in LOOKS:
            it.look(scheme, width)
            assert it.violations() == [], (scheme, width)
            assert it.overflow() == 0, (scheme, width)
        page.get_by_role("button", name="Tags").click()
        expect(page.get_by_role("cell", name="Patient's Name").first).to_be_visible()
        assert it.violations() == [], "under the mouse what is pressed can still be read"
        for scheme, width in LOOKS[:2]:
            it.look(scheme, width)
            assert it.violations() == [], (scheme, width)
            assert it.overflow() == 0, (scheme, width)
        page.get_by_label("Filter").or_(page.get_by_placeholder("Filter")).first.press("Escape")
        expect(page.get_by_role("cell", name="Patient's Name")).to_have_count(0)
