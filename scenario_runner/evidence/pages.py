"""Pages beside the report of a run: two runs compared, and the history of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.html import style
from scenario_runner.evidence.html_templates import templates
from scenario_runner.evidence.html_text import First, seconds
from scenario_runner.evidence.plots import bars

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.evidence.comparing import Comparison
    from scenario_runner.evidence.history import CaseHistory, History

_MOST = 500


def write_comparison(comparison: Comparison, path: Path) -> None:
    """Write two runs compared as one page. Raises MachineError."""
    write_atomically(path, comparison_page(comparison))


def comparison_page(comparison: Comparison) -> Iterator[bytes]:
    """Two runs compared as one page, in pieces."""
    groups = []
    for way, title in (
        ("worse", "What got worse"),
        ("better", "What got better"),
        ("different", "What is only different"),
    ):
        found = comparison.of(way)  # type: ignore[arg-type]
        shown = First(found[:_MOST], max(0, len(found) - _MOST))
        groups.append({"way": way, "title": title, "count": len(found), "found": shown})
    return _page("compare.html.j2", comparison=comparison, groups=groups)


def write_history(past: History, noise: float, path: Path) -> None:
    """Write the history of runs as one page. Raises MachineError."""
    rows = [
        {
            "case": case,
            "words": words_about(case, noise),
            "plot": bars(case.past),
            "passed": f"{sum(one.outcome == 'passed' for one in case.past)} of {len(case.past)}",
            "last": case.past[-1],
            "usual": seconds(case.usual_s) if case.usual_s else "–",
        }
        for case in past.cases[:_MOST]
    ]
    rows.sort(key=lambda row: not row["words"])
    left = max(0, len(past.cases) - _MOST)
    write_atomically(path, _page("history.html.j2", history=past, rows=First(rows, left)))


def words_about(case: CaseHistory, noise: float) -> list[str]:
    """``newly failing``, ``flaky``, ``slow``, ``failing``: what stands out, the most urgent first."""
    words = []
    if case.newly_failing:
        words.append("newly failing")
    elif case.judged and case.judged[-1].outcome != "passed":
        words.append("failing")
    if case.flaky:
        words.append("flaky")
    if case.slow(noise):
        words.append("slow")
    return words


def _page(template: str, **values: Any) -> Iterator[bytes]:
    css, digest = style("tokens.css", "report.css", "beside.css")
    page = templates().get_template(template).stream(style=css, style_hash=digest, **values)
    page.enable_buffering(200)
    return (chunk.encode("utf-8") for chunk in page)
