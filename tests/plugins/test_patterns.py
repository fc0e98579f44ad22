"""A field of a plugin may ask for a pattern that pydantic searches for and Python's own engine cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = r'''
"""The step `spell`."""

from typing import Annotated, ClassVar

from pydantic import Field

from scenario_runner.api import Step, StepContext, StepResult, hookimpl

Word = Annotated[str, Field(pattern=r"^\p{L}+$")]


class Spell(Step):
    """Spell a word."""

    name: ClassVar[str] = "spell"
    word: Word
    """Letters of any script."""
    meanings: dict[Word, str] = {}
    """By word."""

    def run(self, context: StepContext) -> StepResult:
        """Nothing."""
        return StepResult(message=self.word)


@hookimpl
def fabricate_steps() -> list[type[Step]]:
    return [Spell]
'''


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ("{word: Röntgen, meanings: {Ω: last}}", 0, ""),
        ("{word: x4}", 3, "'x4' does not have the form that 'word' needs"),
    ],
)
def test_letters_of_any_script_are_asked_for_by_the_model(
    tmp_path: Path, given: str, code: int, said: str
) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "spell.py").write_text(PLUGIN, "utf-8")
    site, file = tmp_path / "site.yaml", tmp_path / "spelling.yaml"
    site.write_text("schema: site/v1\nname: s\nplugins: plugins\ntargets: {pacs: {embedded: {}}}\n")
    file.write_text(f"schema: scenario/v1\nname: spelling\nsteps:\n  - spell: {given}\n", "utf-8")
    assert said in fabricate("validate", file, "--site", site).check(code).out
