"""A step and a check of a third party, in a folder that the site file names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.scripts import run, write
from tests.running import fabricate, write_site

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = '''
from typing import ClassVar
from scenario_runner.api import Check, CheckResult, Step, StepContext, StepResult, Text, hookimpl


class Greet(Step):
    """Greet somebody."""

    name: ClassVar[str] = "greet"
    whom: Text
    """Who is greeted."""
    times: int = 1
    """How often."""

    def run(self, context: StepContext) -> StepResult:
        return StepResult(message="hello " * self.times + self.whom, value={"whom": self.whom})


class Polite(Check):
    """Holds when somebody is called by a name."""

    name: ClassVar[str] = "polite"
    of: Text
    """Who."""

    def evaluate(self, context: StepContext) -> CheckResult:
        outcome = "passed" if self.of else "failed"
        return CheckResult(outcome=outcome, expected="a name", actual=self.of)


@hookimpl
def fabricate_steps():
    return [Greet]


@hookimpl
def fabricate_checks():
    return [Polite]
'''


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "polite.py").write_text(PLUGIN, encoding="utf-8")
    return write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins=["mine"])


def test_it_works_like_a_built_in_one(tmp_path: Path, site: Path) -> None:
    text = """\
steps:
  - {greet: {whom: "{{ patients[0].name }}", times: 2}, save_as: greeted}
  - assert: [polite: {of: "{{ greeted.whom }}"}]
"""
    done = run(tmp_path, text, 0, "--site", site)
    name = done.run["cases"][0]["patients"][0]["name"]
    assert done.step("greet")["message"] == f"hello hello {name}"
    assert done.step("assert")["checks"][0]["actual"] == name


def test_its_errors_are_positioned_like_those_of_a_built_in_one(tmp_path: Path, site: Path) -> None:
    text = "schema: scenario/v1\nname: x\nsteps:\n  - greet: {who: x, times: many}\n  - assert: [polite: {off: 1}]\n  - gret: {whom: x}\n"
    path = write(tmp_path, text)
    done = fabricate("validate", path, "--site", site, "--format", "json").check(3)
    found = {(e["code"], e["line"], e["column"]) for e in map(json.loads, done.out.splitlines())}
    assert found >= {("FAB104", 4, 13), ("FAB102", 4, 28), ("FAB104", 5, 23), ("FAB109", 6, 5)}
    assert "did you mean 'whom'" in done.out
    assert "did you mean 'greet'" in done.out
    assert "unknown step 'greet'" in fabricate("validate", path).check(3).out


def test_it_is_in_the_schema_of_that_site_only(site: Path) -> None:
    with_site = fabricate("schema", "scenario", "--site", site).check().out
    assert "Greet somebody." in with_site
    assert "Who is greeted." in with_site
    assert "Greet somebody." not in fabricate("schema", "scenario").check().out


@pytest.mark.parametrize("taken", ["echo", "greet"])
def test_a_name_claimed_twice_names_both_plugins(tmp_path: Path, site: Path, taken: str) -> None:
    second = PLUGIN.replace('"greet"', f'"{taken}"').replace('"polite"', '"kind"')
    (tmp_path / "mine" / "second.py").write_text(second, encoding="utf-8")
    path = write(tmp_path, "steps:\n  - echo: {to: pacs}\n")
    done = fabricate("run", path, "--site", site, "--out", tmp_path / "run")
    assert done.code in (2, 3)
    assert f"'{taken}' is claimed by two plugins" in done.err
    assert "second.py" in done.err
    assert ("polite.py" if taken == "greet" else "scenario_runner.steps") in done.err
    assert "Traceback" not in done.err
