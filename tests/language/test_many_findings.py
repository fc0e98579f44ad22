"""A file that is wrong everywhere is told about in seconds, and not in megabytes."""

from __future__ import annotations

import time

import pytest

from scenario_runner.errors import MOST_DIAGNOSTICS, InvalidInput
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario, read_scenario
from scenario_runner.plugins import Plugins

HEAD = "schema: scenario/v1\nname: x\n"


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"key{n}: 1\n" for n in range(20_000)),
        "steps:\n" + "".join(f"  - sned{n}: {{}}\n" for n in range(5_000)),
        "steps:\n" + "  - log: {message: '{{ nothing }}'}\n" * 5_000,
        "vars:\n" + "".join(f"  v{n}: '{{{{ vars.w{n} }}}}'\n" for n in range(5_000)),
    ],
    ids=["keys", "steps", "templates", "vars"],
)
def test_thousands_of_mistakes_are_cut_and_come_quickly(body: str) -> None:
    document = parse_document(HEAD + body, "wrong.yaml")
    started = time.process_time()
    with pytest.raises(InvalidInput) as caught:
        check_scenario(document, Plugins(outside=False))
    assert time.process_time() - started < 10
    assert 1 <= len(caught.value.diagnostics) <= MOST_DIAGNOSTICS


def test_a_name_no_file_system_takes_is_a_diagnostic() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_scenario("x" * 5000, Plugins(outside=False))
    assert caught.value.diagnostics[0].code == "FAB001"
