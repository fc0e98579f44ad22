"""A Markdown summary beside the HTML report, for a pull request. An example of a reporter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from scenario_runner.api import hookimpl

if TYPE_CHECKING:
    from scenario_runner.evidence.record import RunRecord


class SummaryMarkdown:
    """One table: every case, its outcome, and the first step that did not pass."""

    name: ClassVar[str] = "summary-markdown"
    file: ClassVar[str] = "summary.md"

    def write(self, record: RunRecord, folder: Path) -> None:
        """Write ``summary.md``."""
        lines = [f"# {record.id}: {record.outcome}", "", "| case | outcome | first problem |"]
        lines.append("|---|---|---|")
        for case in record.cases:
            bad = (
                step for step in case.steps if step.outcome in ("failed", "error", "interrupted")
            )
            first = next(bad, None)
            problem = f"{first.id}: {first.message}" if first else ""
            lines.append(f"| {_cell(case.name)} | {case.outcome} | {_cell(problem)} |")
        (folder / self.file).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cell(text: str) -> str:
    """Text that cannot break out of a table's cell or become markup."""
    for special in "\\|<>`*_[]":
        text = text.replace(special, f"\\{special}")
    return " ".join(text.split())


@hookimpl
def fabricate_reporters() -> list[type[Any]]:
    """The one reporter of this plugin."""
    return [SummaryMarkdown]
