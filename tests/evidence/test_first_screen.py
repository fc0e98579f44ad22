"""What a person sees first: the verdict and what failed, and no false alarm beside it."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from scenario_runner.evidence.html import HtmlReporter
from scenario_runner.evidence.html_first import size
from scenario_runner.evidence.write import write_reports
from tests.evidence import samples
from tests.evidence.signing.people import command
from tests.evidence.test_html import _Page

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def _page(folder: Path, story: samples.Story) -> str:
    write_reports(story.write(folder), [HtmlReporter])
    return (folder / "report.html").read_text(encoding="utf-8")


def _words(html: str) -> str:
    return _Page(html).words


def test_what_failed_stands_before_anything_else_that_is_told(tmp_path: Path) -> None:
    words = _words(_page(tmp_path, samples.failing()))
    order = ["Failed Of 2 cases", "What did not pass", "One study has the accession number",
             "StudyDescription: Chest PA and lateral no value", "connection refused",
             "cases passed", "Tested", "How it was run"]  # fmt: skip
    places = [words.index(one) for one in order]
    assert places == sorted(places)


def test_a_run_that_passed_has_no_list_of_failures(tmp_path: Path) -> None:
    html = _page(tmp_path, samples.passing())
    assert "What did not pass" not in html
    assert 'class="grid"' not in html


def test_a_matrix_is_a_grid_with_a_link_in_each_place(tmp_path: Path) -> None:
    html = _page(tmp_path, samples.grid((7,)))
    (grid,) = re.findall(r'<table class="grid">.*?</table>', html, flags=re.DOTALL)
    assert len(re.findall(r'<a href="#c\d+" class="status passed">', grid)) == 23
    assert len(re.findall(r'<a href="#c8" class="status failed">', grid)) == 1
    assert "modality DX, view PA" in _words(html)
    # What stands in the grid is not listed a second time.
    assert 'class="plain index"' not in html
    first = re.findall(r'<article class="case" data-outcome="(\w+)"', html)
    assert first == ["failed"] + ["passed"] * 23


def test_cases_that_never_began_are_one_line_with_the_command_that_goes_on(
    tmp_path: Path,
) -> None:
    html = _page(tmp_path, samples.grid((7,), begun=10))
    words = _words(html)
    assert "14 cases never began. fabricate rerun 20260131-150000-grid --failed goes on." in words
    assert len(re.findall("<article", html)) == 10
    lines = re.findall(r'<table class="plain failed-lines".*?</table>', html, flags=re.DOTALL)
    assert len(re.findall("<tr", lines[0])) == 2  # the head, and the one that failed


def test_a_step_that_was_skipped_has_not_failed(tmp_path: Path) -> None:
    html = _page(tmp_path, samples.failing())
    (lines,) = re.findall(r'<table class="plain failed-lines".*?</table>', html, flags=re.DOTALL)
    assert "earlier step went wrong" not in lines
    assert len(re.findall("<tbody", lines)) == 3


def test_what_was_expected_and_what_came_stand_below_their_headings(tmp_path: Path) -> None:
    html = _page(tmp_path, samples.failing())
    (lines,) = re.findall(r'<table class="plain failed-lines".*?</table>', html, flags=re.DOTALL)
    rows = re.findall(
        r'data-label="Expected">(.*?)</td>.*?data-label="Actual">(.*?)</td>', lines, flags=re.DOTALL
    )
    told = [tuple(_words(f"<p>{side}</p>") for side in row) for row in rows]
    assert ("StudyDescription: Chest PA and lateral", "no value") in told


def test_every_printed_page_names_the_run_and_its_outcome_whatever_it_is_called(
    tmp_path: Path,
) -> None:
    html = _page(tmp_path / "a", samples.passing())
    assert (
        '@page { @top-left { content: "Run 20260131-093000-k3v9 · Passed · 2026-01-31 09:30"'
        in html
    )
    evil = samples.passing('x"; } body { display: none } </style><b>')
    page = _page(tmp_path / "b", evil)
    assert 'content: "Run xbodydisplaynonestyleb · Passed' in page
    assert page.count("</style>") == 1


def test_paper_has_the_steps_of_what_passed_only_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = samples.grid((7,)).write(tmp_path / "run")
    assert command("report", folder) == 0
    assert '<body data-printed="failures">' in (folder / "report.html").read_text("utf-8")
    assert command("report", folder, "--detail", "all") == 0
    assert '<body data-printed="all">' in (folder / "report.html").read_text("utf-8")


def test_no_browser_is_said_in_a_sentence_and_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = samples.passing().write(tmp_path / "run")
    monkeypatch.setenv("FABRICATE_BROWSER", "no-such-browser")
    assert command("report", folder, "--pdf") == 4
    assert "no-such-browser was found" in capsys.readouterr().err
    monkeypatch.setenv("FABRICATE_BROWSER", "false")
    assert command("report", folder, "--pdf") == 4
    assert "did not print the report" in capsys.readouterr().err
    assert (folder / "report.html").is_file()
    assert (folder / "manifest.json").is_file()


def test_a_pdf_for_archives_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = samples.passing().write(tmp_path / "run")
    browser = tmp_path / "browser"
    browser.write_text(
        '#!/bin/sh\nfor word; do case $word in --print-to-pdf=*) echo no pdf > "${word#*=}";; esac; done\n',
        encoding="utf-8",
    )
    browser.chmod(0o755)
    monkeypatch.setenv("FABRICATE_BROWSER", str(browser))
    assert command("report", folder, "--pdf-a") == 4
    assert "printed no PDF that can be read" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    assert command("report", folder, "--pdf-a") == 2
    assert "needs pikepdf, which is not installed" in capsys.readouterr().err
    assert not (folder / "report.pdf").exists()


def test_sizes_are_in_the_unit_that_suits_them() -> None:
    assert [size(n) for n in (0, 999, 1000, 25_170_548, 999_600, 3 * 10**15)] == [
        "0 B", "999 B", "1.0 kB", "25.2 MB", "1.0 MB", "3000 TB",
    ]  # fmt: skip
