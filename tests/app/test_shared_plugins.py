"""Plugins are loaded once for all site files that name the same folders."""

from __future__ import annotations

from pathlib import Path

from scenario_runner.app.load import load_plugins

SITE = "schema: site/v1\nname: one\ntargets: {pacs: {}}\n"


def _site(folder: Path, name: str, more: str = "") -> Path:
    path = folder / name
    path.write_text(SITE + more, encoding="utf-8")
    return path


def test_a_site_without_plugins_takes_those_of_another(tmp_path: Path) -> None:
    known = load_plugins(_site(tmp_path, "one.yaml"))
    assert load_plugins(_site(tmp_path, "two.yaml"), known=known) is known


def test_a_site_with_plugins_of_its_own_has_them_and_no_other_has(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/empty.py").write_text("", encoding="utf-8")
    known = load_plugins(None)
    own = load_plugins(_site(tmp_path, "own.yaml", "plugins: [mine]\n"), known=known)
    assert own is not known
    assert own.names() == [*known.names(), "empty.py"]
    assert load_plugins(None, known=own) is not own
