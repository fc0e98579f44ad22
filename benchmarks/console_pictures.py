"""Pictures of the console with a few studies in it, as the guide shows them.

    python benchmarks/console_pictures.py [FOLDER]

Writes console-*.png into docs/images, or another folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, Page, expect

from benchmarks.report_pictures import PHONE, ROOT, WIDE, small
from tests.running import fabricate
from tests.web.console.browsing import chromium
from tests.web.imaging_files import upload
from tests.web.served import Served, served

STUDIES = (("ct", "2"), ("mr", "4"), ("mg", "4"), ("us", "8"))
"""Kinds, and images of a series."""
COLOURS = 128
"""Of a page with pictures of its own: with fewer, green words are grey."""


def _files(folder: Path, kind: str, images: str) -> list[Path]:
    """Those of a study. folder: also of the registry that numbers it."""
    made = folder / kind
    fabricate(
        "study", kind, "--images", images, "--seed", "7", "--yes", "--out", folder / f"{kind}-run",
        "--dicom-dir", made, "--registry", folder / "numbers.sqlite3",
    ).check(0)  # fmt: skip
    return sorted(made.rglob("*.dcm"))


def _pages(browser: Browser, service: Served, study: str) -> dict[str, bytes]:
    """The picture of each page that stays as it is when it is there."""
    wide = {"viewport": WIDE, "locale": "en-GB"}
    phone = {"viewport": PHONE, "locale": "en-GB", "color_scheme": "dark"}
    found = {}
    for name, look, path in (
        ("dashboard", wide, "/"), ("studies", wide, "/studies"), ("study", wide, f"/studies/{study}"),
        ("phone", phone, "/studies"),
    ):  # fmt: skip
        page: Page = browser.new_page(**look)  # type: ignore[arg-type]
        page.goto(service.url + path, wait_until="networkidle")
        found[name] = page.screenshot()
        page.close()
    return found


def _chosen(browser: Browser, service: Served, files: list[Path]) -> bytes:
    """Files that are about to be uploaded."""
    page = browser.new_page(viewport=WIDE, locale="en-GB")  # type: ignore[arg-type]
    page.goto(f"{service.url}/uploads", wait_until="networkidle")
    page.locator("input[data-files]").first.set_input_files(files)
    expect(page.get_by_text("Ready")).to_have_count(len(files))
    picture = page.screenshot()
    page.close()
    return picture


def take(into: Path) -> None:
    """Write the pictures into a folder."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        with served(folder / "data") as service:
            # What an empty installation is told to begin with would take the dashboard's place.
            asked = {"scenario": "xray_smoke", "site": "embedded"}
            service.client.post(f"{service.url}/api/v1/runs", json=asked).raise_for_status()
            answers = []
            for kind, images in STUDIES:
                files = [one.read_bytes() for one in _files(folder, kind, images)]
                answers.append(upload(service, *files, to="upload-multiple").json())
            [of_mr] = answers[1]["studies"]
            found = _pages(browser, service, of_mr["study_instance_uid"])
            found["upload"] = _chosen(browser, service, _files(folder, "xray", "4"))
    for which, png in found.items():
        (into / f"console-{which}.png").write_bytes(small(png, COLOURS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    images = ROOT / "docs" / "images"
    parser.add_argument("folder", type=Path, nargs="?", default=images, help="where they are put")
    take(parser.parse_args().folder)


if __name__ == "__main__":
    main()
