"""The reference on the command line, and scenarios and libraries to start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.app.copying import copy_scenario
from scenario_runner.app.explain import explained
from scenario_runner.app.load import Sources
from scenario_runner.app.new import write_library, write_new
from scenario_runner.app.validate import validate
from scenario_runner.errors import UsageError
from scenario_runner.language.catalogue import TITLES
from scenario_runner.plugins import Plugins


def test_every_diagnostic_step_and_check_is_explained() -> None:
    plugins = Plugins(outside=False)
    for code, title in TITLES.items():
        assert explained((code,)).startswith(f"### {code}: {title}\n")
        assert "\n## " not in explained((code,))
    for step in plugins.steps():
        assert explained(("step", step)).startswith(f"## {step}\n")
        assert explained((step,)).startswith(f"## {step}\n")
    for check in plugins.checks():
        assert explained(("check", check)).startswith(f"## {check}\n")


@pytest.mark.parametrize("words", [("FAB999",), ("step", "sned"), ("sned",), ("step",), ("check",)])
def test_what_cannot_be_explained_is_wrong_usage(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        explained(words)


@pytest.mark.parametrize("kind", ["scenario", "site"])
def test_a_new_file_is_sound_and_tells_editors_its_schema(kind: str, tmp_path: Path) -> None:
    def named(path: Path) -> str:
        first = path.read_text().splitlines()[0]
        assert validate(Sources(paths=[path])).diagnostics == []
        return first.removeprefix("# yaml-language-server: $schema=")

    shipped = named(write_new(kind, "a", tmp_path / "below" / "a.yaml"))
    assert Path(shipped.removeprefix("file://")).name == f"{kind}.v1.schema.json"
    assert shipped.startswith("file://")
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / f"{kind}.v1.schema.json").write_text("{}")
    beside = named(write_new(kind, "b", tmp_path / "below" / "b.yaml"))
    assert beside == f"../schemas/{kind}.v1.schema.json"


def test_a_new_library_is_sound(tmp_path: Path) -> None:
    write_library("radiology", tmp_path / "libs" / "radiology")
    assert validate(Sources(paths=[tmp_path])).diagnostics == []
    with pytest.raises(UsageError):
        write_library("radiology", tmp_path / "libs" / "radiology")


def test_a_copy_has_the_files_that_the_scenario_names(tmp_path: Path) -> None:
    names = {
        str(one.relative_to(tmp_path))
        for one in copy_scenario("real_files", tmp_path, tmp_path).written
    }
    assert "real_files.yaml" in names
    assert any(one.endswith(".dcm") for one in names)
    assert validate(Sources(paths=[tmp_path])).diagnostics == []
    with pytest.raises(UsageError):
        copy_scenario("real_files", tmp_path, tmp_path)
    with pytest.raises(UsageError, match="ships"):
        copy_scenario("nothing", tmp_path, tmp_path)


@pytest.mark.parametrize(
    "key", ["requirements", "matrix", "setup", "phase", "accession", "burn_in", "images"]
)
def test_a_key_of_the_scenario_file_is_explained(key: str) -> None:
    text = explained((key,))
    assert f": {key}\n" in text
    assert f"| `{key}` |" in text
