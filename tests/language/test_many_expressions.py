"""A file of thousands of expressions is checked in the time of its expressions, not of their square."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest

from scenario_runner.errors import MOST_DIAGNOSTICS, InvalidInput
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.plugins import Plugins

HEAD = "schema: scenario/v1\nname: many\nvars:\n  a: 1\n  b: [1, 2]\n"
FEW, MANY = 250, 1_250

RIGHT: dict[str, Callable[[int], str]] = {
    "steps without an id": lambda n: f'  - log: {{message: "{{{{ vars.a + {n} }}}}"}}',
    "steps that save": lambda n: f'  - {{log: {{message: "{{{{ vars.a }}}}"}}, save_as: s{n}}}',
    "steps with checks": lambda n: f'  - assert: [{{equal: {{actual: "{{{{ vars.a }}}}", expected: {n}}}}}]',
    "conditions": lambda n: f'  - {{log: {{message: x}}, when: "vars.a > {n}"}}',
}  # fmt: skip
WRONG: dict[str, Callable[[int], str]] = {
    "names there are not": lambda n: f'  - {{log: {{message: "{{{{ nix{n} }}}}"}}, save_as: s{n}}}',
    "steps there are not": lambda n: f"  - {{id: i{n}, assert: [{{duration: {{of: nix{n}, max: 1s}}}}]}}",
    "attributes there are not": lambda n: f"  - query: {{on: pacs, match: {{Nix{n}: x}}}}",
}  # fmt: skip


def scenario(line: Callable[[int], str], count: int) -> str:
    return HEAD + "steps:\n" + "\n".join(line(number) for number in range(count)) + "\n"


def seconds(text: str, plugins: Plugins) -> tuple[float, int]:
    """Processor time that checking takes, and the number of diagnostics.

    Garbage is not collected meanwhile: how long that takes is a matter of all the tests that ran before.
    """
    gc.collect()
    gc.disable()
    before, found = time.process_time(), 0
    try:
        check_scenario(parse_document(text, "many.yaml"), plugins)
    except InvalidInput as error:
        found = len(error.diagnostics)
    finally:
        taken = time.process_time() - before
        gc.enable()
    return taken, found


@pytest.mark.parametrize("kind", [*RIGHT, *WRONG])
def test_checking_five_times_as_many_expressions_takes_about_five_times_as_long(
    kind: str,
) -> None:
    plugins = Plugins()
    line = {**RIGHT, **WRONG}[kind]
    seconds(scenario(line, 10), plugins)  # what is loaded and made once
    few, _ = seconds(scenario(line, FEW), plugins)
    most = 3 * (MANY / FEW) * max(few, 0.04)
    for _ in range(5):
        many, found = seconds(scenario(line, MANY), plugins)
        if many < most:
            break  # otherwise other processes may have had the caches meanwhile
    assert found == (MOST_DIAGNOSTICS if kind in WRONG else 0)
    assert many < most


def test_thousands_of_variables_that_use_each_other_are_rendered_in_the_time_of_each() -> None:
    def chain(count: int) -> str:
        links = [f'  v{n}: "{{{{ vars.v{n + 1} }}}}"' for n in range(count)]
        return "\n".join([HEAD.rstrip(), *links, f"  v{count}: x", "steps: [{log: {message: x}}]"])

    plugins = Plugins()
    seconds(chain(10), plugins)
    few, _ = seconds(chain(FEW), plugins)
    many, found = seconds(chain(MANY), plugins)
    assert found == 0
    assert many < 3 * (MANY / FEW) * max(few, 0.04)
