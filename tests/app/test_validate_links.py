"""Links among the files that are validated."""

from __future__ import annotations

from pathlib import Path

from tests.running import fabricate, write_scenario


def test_a_link_that_leads_to_itself_is_told_and_the_others_are_checked(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop.name)
    good = write_scenario(tmp_path / "good.yaml", [{"echo": {"to": "pacs"}}])
    done = fabricate("validate", "loop", good, cwd=tmp_path)
    assert done.code == 3
    assert "loop:1:1: error FAB001: the file cannot be read" in done.out
    assert "2 files checked, 1 error" in done.err
