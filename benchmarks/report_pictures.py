"""Runs that a reader may be shown, and the pictures of their reports: wide, on a phone, in the dark, as printed.

    python benchmarks/report_pictures.py [FOLDER] [--every]

Writes report-*.png into docs/images, or another folder; with --every every look of every run. What an embedded PACS can do in seconds is a real run; the two that
take a kill or ten thousand images are told by hand.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PIL import Image
from playwright.sync_api import Browser, Page

from scenario_runner.evidence.built_in import fabricate_reporters
from scenario_runner.evidence.write import write_reports
from tests.evidence import samples
from tests.evidence.failing_runs import kind, tags
from tests.running import fabricate, write_scenario
from tests.web.console.browsing import chromium

ROOT = Path(__file__).resolve().parents[1]
COLOURS = 64
"""A page has few, and a picture of it is a third as large."""
MARGIN = 20
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

BACK: list[dict[str, Any]] = [
    {"send": {"to": "pacs"}, "title": "Send the study"},
    {"retrieve": {"from": "pacs"}, "title": "Fetch it back", "save_as": "back"},
]
SAME: list[dict[str, Any]] = [
    {"tags": {"of": "back", "equal": "sent"}, "title": "Every attribute came back as it was sent"},
    {"pixels": {"of": "back", "equal": "sent"}, "title": "Every pixel came back as it was sent"},
]


def _run(scenario: Path, out: Path, code: int) -> None:
    # By its name alone: what was typed stands in the report.
    asked = ("run", scenario.name, "--seed", "20260131", "--out", out.name)
    fabricate(*asked, cwd=out.parent, env={"FABRICATE_REGISTRY": ":memory:"}).check(code)


def passed(out: Path) -> None:
    """The first scenario of the guide, which passes."""
    scenario = ROOT / "scenarios" / "xray_smoke.yaml"
    _run(Path(shutil.copy(scenario, out.parent)), out, 0)


def differing(out: Path) -> None:
    """A PACS that alters an attribute and pixels."""
    series = [{"modality": one, "images": 3, "size": [256, 256]} for one in ("CT", "MR")]
    faults = [{"alter": {"attribute": "StudyDescription", "value": "WRONG"}}, {"pixels": {}}]
    scenario = write_scenario(
        out.parent / "ct_and_mr.yaml",
        [{"misbehave": {"on": "pacs", "faults": faults}, "title": "A PACS that alters what it gives out"},
         *BACK, {"assert": SAME, "title": "What came back is what was sent"}],
        title="CT and MR of one study come back unchanged",
        patients=[{"studies": [{"description": "Head with contrast", "series": series}]}],
        requirements=["PACS-014", "PACS-015"],
    )  # fmt: skip
    _run(scenario, out, 1)


def matrix(out: Path) -> None:
    """Four modalities by six transfer syntaxes, and one combination of which something else comes back."""
    syntaxes = ["explicit-le", "implicit-le", "deflated", "rle", "jpeg-ls", "jpeg-2000-lossless"]
    one = "{{ 'WRONG' if (matrix.modality, matrix.syntax) == ('MR', 'jpeg-ls') else 'Head' }}"
    alter = {"alter": {"attribute": "StudyDescription", "value": one}}
    series = {"modality": "{{ matrix.modality }}", "images": 2, "size": [64, 64],
              "transfer_syntax": "{{ matrix.syntax }}"}  # fmt: skip
    scenario = write_scenario(
        out.parent / "every_syntax.yaml",
        [{"misbehave": {"on": "pacs", "faults": [alter]}, "title": "A PACS that alters one of them"},
         *BACK, {"assert": SAME[:1], "title": "What came back is what was sent"}],
        title="Every modality in every transfer syntax",
        matrix={"modality": ["CT", "MR", "DX", "US"], "syntax": syntaxes},
        patients=[{"studies": [{"description": "Head", "series": [series]}]}],
    )  # fmt: skip
    _run(scenario, out, 1)


def named(out: Path) -> None:
    """Patients of three scripts, and a PACS that loses the script of one name."""
    names = ("Yamada^Tarou=山田^太郎=やまだ^たろう", "قباني^لنزار", "Люкceмбypг^Анна")
    series = {"modality": "DX", "images": 1, "size": [128, 128]}
    query = {"on": "pacs", "level": "study", "match": {"StudyInstanceUID": "{{ studies[1].uid }}"}}
    scenario = write_scenario(
        out.parent / "names.yaml",
        [BACK[0], {"query": query, "title": "Find the second patient by name", "save_as": "found"},
         {"assert": [{"equal": {"actual": "{{ found[0].PatientName }}", "expected": "قباني^نزار"},
                      "title": "The name is spelled as the order has it"}],
          "title": "Names come back as they were sent"}],
        title="Names of three scripts reach the PACS",
        patients=[
            {"name": name, "studies": [{"description": text, "series": [series]}]}
            for name, text in zip(names, ("胸部正面", "صورة الصدر", "Органы грудной клетки"), strict=True)
        ],
    )  # fmt: skip
    _run(scenario, out, 1)


def _told(story: samples.Story, out: Path) -> None:
    write_reports(story.write(out), fabricate_reporters())


def interrupted(out: Path) -> None:
    """Killed while it sent."""
    _told(samples.interrupted(), out)


def thousands(out: Path) -> None:
    """Ten thousand images, each with a difference."""
    story = samples.Story("20260131-160000-10k0")
    story.begin()
    steps = [
        ("send_1", "send", "Send the study"),
        ("assert_1", "assert", "What came back is what was sent"),
    ]
    story.case(steps, title="Ten series of a thousand images come back unchanged",
               patients=[samples.patient(series=10, images=1000)])  # fmt: skip
    story.step(
        "send_1", "send", steps[0][2], took=41.0, facts={"instances": 10_000, "stored": 10_000}
    )
    found = tags(
        kind("StudyDescription", "Chest PA and lateral", "CHEST PA AND LATERAL", 9_996),
        kind("PatientName", "CITIZEN^JANE", "CITIZEN^JANE^^", 4),
    )
    story.step("assert_1", "assert", steps[1][2], "failed", took=3.2, inside=[found],
               message="1 of 1 check failed")  # fmt: skip
    story.end_case("failed")
    story.end("failed")
    _told(story, out)


PARTS = {"pixels": ".differing", "grid": ".grid", "people": ".studies"}
"""Looks at a part of the page, and its class."""
LOOKS = ("wide", "phone", "dark", "print")
RUNS: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "passed": (passed, ("wide",)),
    "differing": (differing, ("wide", "phone", "dark", "print", "pixels")),
    "interrupted": (interrupted, ("wide",)),
    "matrix": (matrix, ("grid",)),
    "thousands": (thousands, ("wide",)),
    "named": (named, ("people",)),
}
"""How each run is made, and which looks of it are kept."""


def _print(report: Path) -> bytes:
    """The first sheet of the report as ``report --pdf`` has it."""
    out = report.parent.parent / f"{report.parent.name}-paper"
    fabricate("report", report.parent, "--out", out, "--pdf").check(0)
    sheet = out / "sheet.png"
    subprocess.run(
        ["gs", "-q", "-sDEVICE=png16m", "-r80", "-dTextAlphaBits=4", "-dGraphicsAlphaBits=4", "-dLastPage=1",
         "-o", sheet, out / "report.pdf"],
        check=True,
    )  # fmt: skip
    return sheet.read_bytes()


def _look(browser: Browser, report: Path, look: str) -> bytes:
    if look == "print":
        return _print(report)
    page: Page = browser.new_page(
        viewport=PHONE if look == "phone" else WIDE,  # type: ignore[arg-type]
        color_scheme="dark" if look == "dark" else "light",
        locale="en-GB",
    )
    page.goto(report.resolve().as_uri())
    if look in PARTS:
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        # The contents would stay before everything.
        page.evaluate("document.querySelector('.contents').remove()")
        picture = _part(page, PARTS[look])
    else:
        picture = page.screenshot()
    page.close()
    return picture


def _part(page: Page, of: str) -> bytes:
    """The first part of a class, with some ground around it."""
    box = page.locator(of).first.bounding_box()
    assert box is not None
    around = {
        "x": max(0.0, box["x"] - MARGIN),
        "y": max(0.0, box["y"] - MARGIN),
        "width": box["width"] + 2 * MARGIN,
        "height": box["height"] + 2 * MARGIN,
    }
    return page.screenshot(full_page=True, clip=around)  # type: ignore[arg-type]


def small(png: bytes, colours: int = COLOURS) -> bytes:
    """The same picture in few colours."""
    few = Image.open(io.BytesIO(png)).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def pictures(folder: Path, browser: Browser, *, every: bool = False) -> Iterator[tuple[str, bytes]]:
    """Name and PNG of each picture. folder: where the runs are made. every: also the looks that are not kept."""
    for name, (make, looks) in RUNS.items():
        out = folder / name
        make(out)
        for look in dict.fromkeys((*LOOKS, *looks)) if every else looks:
            yield f"report-{name}-{look}.png", small(_look(browser, out / "report.html", look))


def take(into: Path, *, every: bool = False) -> None:
    """Write the pictures into a folder."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for name, png in pictures(Path(folder), browser, every=every):
            (into / name).write_bytes(png)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    images = ROOT / "docs" / "images"
    parser.add_argument("folder", type=Path, nargs="?", default=images, help="where they are put")
    parser.add_argument("--every", action="store_true", help="every look of every run")
    given = parser.parse_args()
    take(given.folder, every=given.every)


if __name__ == "__main__":
    main()
