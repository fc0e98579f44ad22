"""``report.pdf`` as PDF/A-3: by the reference validator, and by somebody who opens what is attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pikepdf
import pytest

from tests.evidence import samples
from tests.evidence.signing.people import command
from tests.peers.verapdf import verdicts

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer


def _named() -> samples.Story:
    """People of three scripts, and one of them in bold type, for which a machine may have no font."""
    story = samples.Story()
    story.begin()
    title = "山田^太郎 ヤマダ, Люкceмбypг^Анна, قباني^لنزار"
    story.case([("assert_1", "assert", title)], title=title)
    found = [samples.check("equal", title, "ヤマダ", "山田", "failed")]
    story.step("assert_1", "assert", title, "failed", message=title, inside=found)
    story.end_case("failed")
    story.end("failed")
    return story


def test_the_report_is_a_pdf_a_3_with_the_run_attached(tmp_path: Path) -> None:
    folders = [
        samples.failing().write(tmp_path / "failing"),
        _named().write(tmp_path / "named"),
    ]
    for folder in folders:
        assert command("report", folder, "--pdf-a") == 0
        assert command("verify", folder) == 0
    files = [folder / "report.pdf" for folder in folders]
    assert verdicts("3b", *files) == [f"PASS {file} 3b" for file in files]
    for folder in folders:
        with pikepdf.open(folder / "report.pdf") as pdf:
            attached = pdf.attachments["run.json"].get_file()
            assert attached.read_bytes() == (folder / "run.json").read_bytes()
            assert attached.mime_type == "application/json"
            assert [str(one.AFRelationship) for one in pdf.Root.AF] == ["/Source"]


def test_a_character_that_no_font_has_is_told_and_no_file_is_called_an_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = samples.passing()
    story.case([], case="odd", title="An unassigned character: \U0003fffd", name="odd")
    folder = story.write(tmp_path / "run")
    assert command("report", folder, "--pdf-a") == 4
    said = capsys.readouterr().err
    assert "cannot become a PDF/A-3" in said
    assert "no font here has a character of the report" in said
    assert not (folder / "report.pdf").exists()
    assert command("verify", folder) == 0
