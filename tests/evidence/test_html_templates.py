"""Compiled templates are kept as Python keeps modules: the report is the same, only sooner."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import jinja2
import pytest

from scenario_runner.evidence.html import HtmlReporter
from scenario_runner.evidence.write import write_reports
from tests.evidence import samples

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which compiled templates are kept for this test alone."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path / "kept"


def _report(folder: Path) -> str:
    write_reports(samples.failing().write(folder), [HtmlReporter])
    return (folder / "report.html").read_text("utf-8")


def _never(*_: object, **__: object) -> None:
    raise AssertionError("a template was compiled")


def test_the_second_report_compiles_no_template(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _report(tmp_path / "1" / "run")
    assert len(list(kept.rglob("*.html.*.pyc"))) == 4
    monkeypatch.setattr(jinja2.Environment, "compile", _never)
    assert _report(tmp_path / "2" / "run") == first


@pytest.mark.parametrize("damage", [b"", b"no code", None])
def test_what_is_damaged_is_compiled_again(
    tmp_path: Path, kept: Path, damage: bytes | None
) -> None:
    first = _report(tmp_path / "1" / "run")
    for file in kept.rglob("*.html.*.pyc"):
        whole = file.read_bytes()
        file.write_bytes(whole[:-100] if damage is None else damage)
    assert _report(tmp_path / "2" / "run") == first


def test_a_template_that_changed_is_compiled_again(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _report(tmp_path / "1" / "run")
    source = jinja2.FileSystemLoader.get_source

    def changed(
        self: jinja2.FileSystemLoader, environment: jinja2.Environment, name: str
    ) -> object:
        text, *rest = source(self, environment, name)
        return (text.replace("<main", '<main data-new="1"'), *rest)

    assert list(kept.rglob("*.html.*.pyc"))
    monkeypatch.setattr(jinja2.FileSystemLoader, "get_source", changed)
    assert 'data-new="1"' in _report(tmp_path / "2" / "run")


def test_nothing_is_kept_where_python_keeps_nothing(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert "</html>" in _report(tmp_path / "1" / "run")
    assert not kept.exists()


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path, kept: Path) -> None:
    kept.write_text("a file where the folder would be", encoding="utf-8")
    assert "</html>" in _report(tmp_path / "1" / "run")
