"""Store the words for invalid examples that have none yet, and show them on the diagnostics page.

Run ``python -m tests.language.store_renderings`` at the top of the repository.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from scenario_runner.language.rendering import render
from scenario_runner.plugins import Plugins
from tests.language.reading import findings

ROOT = Path(__file__).parents[2]
INVALID = ROOT / "tests" / "examples" / "invalid"
PAGE = ROOT / "docs" / "reference" / "diagnostics.md"

_SECTION = re.compile(r"(### (FAB\d+): [^\n]*\n(?:(?!###).)*?```text\n).*?(```)", re.DOTALL)


def with_examples(page: str) -> str:
    """The page with each code's first stored rendering in the block under its heading."""

    def replaced(match: re.Match[str]) -> str:
        stored = sorted(INVALID.glob(f"{match[2]}*.txt"))
        shown = stored[0].read_text(encoding="utf-8") if stored else ""
        return match[1] + shown + match[3] if stored else match[0]

    return _SECTION.sub(replaced, page)


def main() -> None:
    plugins = Plugins(outside=False)
    os.chdir(INVALID)
    for file in sorted(Path().glob("*.yaml")):
        stored = file.with_suffix(".txt")
        if not file.name.endswith(".site.yaml") and not stored.exists():
            stored.write_text(render(findings(file, plugins)), encoding="utf-8", newline="\n")
    page = with_examples(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(page, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
