"""A library of 500 scenarios in 20 step lists: how long it takes to validate, and to plan, in one process.

    python benchmarks/library.py [--scenarios 500] [--lists 20]

Processor time counts; elapsed time is shown beside it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LIST = """schema: steps/v1
name: list{number}
parameters:
  to: {{type: target, default: pacs, description: Where the studies go}}
  patience: {{type: duration, default: 30s}}
  level: {{type: text, one_of: [study, series], default: study}}
steps:
  - send: {{to: "{{{{ params.to }}}}"}}
  - wait: {{on: "{{{{ params.to }}}}", until: {{stored: all}}, timeout: "{{{{ params.patience }}}}"}}
  - id: find
    query: {{on: "{{{{ params.to }}}}", level: "{{{{ params.level }}}}", match: {{StudyInstanceUID: "{{{{ studies[0].uid }}}}"}}}}
    save_as: found
  - assert:
      - count: {{actual: "{{{{ found }}}}", expected: {{min: 1}}}}
      - stored: {{on: "{{{{ params.to }}}}"}}
"""

SCENARIO = """schema: scenario/v1
name: scenario{number}
title: One of many
tags: [smoke]
vars: {{images: 2}}
patients:
  - id: "PID{{6digits}}"
    sex: F
    studies:
      - description: Chest PA and lateral
        accession: "{{YYYY}}{{2letters}}{{7digits}}"
        series:
          - {{modality: {modality}, images: "{{{{ vars.images }}}}"}}
steps:
  - use: {{steps: many/list{of}@^1, with: {{to: pacs}}}}
  - assert:
      - equal: {{actual: "{{{{ found | length }}}}", expected: 1}}
finally:
  - delete: {{from: pacs}}
"""


def write(folder: Path, scenarios: int, lists: int) -> None:
    """Write the library into a folder."""
    library = folder / "libs" / "many"
    (library / "steps").mkdir(parents=True)
    (library / "library.yaml").write_text("schema: library/v1\nname: many\nversion: 1.0.0\n")
    for number in range(lists):
        text = LIST.format(number=number)
        (library / "steps" / f"list{number}.yaml").write_text(text)
    for number in range(scenarios):
        modality = ("CR", "CT", "DX", "MR", "US")[number % 5]
        text = SCENARIO.format(number=number, of=number % lists, modality=modality)
        (folder / f"s{number:03}.yaml").write_text(text)


def measured(what: str, work: Callable[[], object]) -> None:
    """Do it, and print what it took."""
    began, processor = time.perf_counter(), time.process_time()
    work()
    spent, elapsed = time.process_time() - processor, time.perf_counter() - began
    print(f"{what:<10} {spent:6.2f} s of processor, {elapsed:6.2f} s elapsed")


def main() -> None:
    """Write, validate, plan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenarios", type=int, default=500)
    parser.add_argument("--lists", type=int, default=20)
    asked = parser.parse_args()
    from scenario_runner.app.load import Sources
    from scenario_runner.app.plan import PlanRequest, preview
    from scenario_runner.app.validate import validate

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, asked.scenarios, asked.lists)
        sources = Sources(paths=sorted(folder.glob("*.yaml")))

        def check() -> None:
            found = validate(sources).diagnostics
            assert not found, found[0]

        measured("validate", check)
        measured("plan", lambda: preview(PlanRequest(sources=sources, registry=":memory:", seed=1)))


if __name__ == "__main__":
    main()
