"""The pictures of the documentation, taken again: of the console of a server with some studies, and of reports.

    python benchmarks/pictures.py [FOLDER]

Writes console-*.png and report-*.png into docs/images, or another folder.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Page

from benchmarks.report_pictures import take
from tests.running import fabricate
from tests.web.console.browsing import Tab, chromium, tab
from tests.web.imaging_files import upload
from tests.web.served import Served, served

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("ct", "mr", "mg", "us", "xray")


def _made(folder: Path, registry: Path) -> dict[str, list[Path]]:
    """A study of each kind, its files."""
    found = {}
    for seed, kind in enumerate(KINDS, start=1):
        fabricate(
            "study", kind, "--images", "4", "--seed", str(seed), "--registry", registry, "--yes",
            "--out", folder / f"run-{kind}", "--dicom-dir", folder / kind,
        ).check(0)  # fmt: skip
        found[kind] = sorted((folder / kind).rglob("*.dcm"))
    return found


def _study(it: Tab, service: Served) -> None:
    studies = service.client.get(f"{service.api}/studies?modality=MR").json()["studies"]
    it.go(f"/studies/{studies[0]['study_instance_uid']}")


def _uploading(it: Tab, files: list[Path]) -> None:
    page: Page = it.go("/uploads")
    page.locator("input[data-files]").first.set_input_files(files)
    page.get_by_role("article").get_by_text("Would be linked").first.wait_for()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    images = ROOT / "docs" / "images"
    parser.add_argument("folder", type=Path, nargs="?", default=images, help="where they are put")
    into = parser.parse_args().folder
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        registry = folder / "data" / "registry.sqlite3"
        registry.parent.mkdir()
        made = _made(folder, registry)
        with served(folder / "data") as service, chromium() as browser:
            for kind in KINDS[:-1]:
                files = [(one.name, one.read_bytes()) for one in made[kind]]
                upload(service, *files, to="upload-multiple")
            with tab(browser, service.url) as it:
                it.page.set_viewport_size({"width": 1280, "height": 800})
                for name, show in (
                    ("dashboard", lambda: it.go("/")),
                    ("studies", lambda: it.go("/studies")),
                    ("study", lambda: _study(it, service)),
                    ("upload", lambda: _uploading(it, made["xray"])),
                ):
                    show()
                    it.page.wait_for_load_state("networkidle")
                    it.page.screenshot(path=into / f"console-{name}.png")
                it.look("dark", 390)
                it.go("/studies")
                it.page.wait_for_load_state("networkidle")
                it.page.screenshot(path=into / "console-phone.png")
    take(into)


if __name__ == "__main__":
    main()
