"""Commands that only look for the plugins of a site file refuse a file that is none."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from scenario_runner.cli.group import fabricate
from scenario_runner.cli.output import reported
from tests.running import write_scenario


@pytest.mark.parametrize("text", [None, "[]\n", "schema: nothing/v1\n", "name: x\n"])
@pytest.mark.parametrize("command", ["schema scenario", "library diff a b", "library docs a", "report a"])  # fmt: skip
def test_a_file_that_is_no_site_file_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    text: str | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = write_scenario(tmp_path / "given.yaml", [{"log": {"message": "x"}}])
    if text is not None:
        given.write_text(text)
    for folder in ("a", "b"):
        library = tmp_path / folder / "library.yaml"
        library.parent.mkdir()
        library.write_text("schema: library/v1\nname: radiology\nversion: 1.0.0\n")
    assert reported(partial(fabricate.main, [*command.split(), "--site", "given.yaml"])) == 3
    shown = capsys.readouterr()
    assert "given.yaml:1:" in shown.err
    assert "schema: site/v1" in shown.err
    assert not shown.out
