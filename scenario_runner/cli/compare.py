"""``fabricate compare`` and ``fabricate history``."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import Decorator, RunFolder, examples
from scenario_runner.cli.wrapping import json_text
from scenario_runner.evidence.comparing_inputs import compared_inputs

if TYPE_CHECKING:
    from scenario_runner.evidence.record import RunRecord

_STYLES = {"worse": "red", "better": "green", "different": None}
_noise: Decorator = click.option(
    "--noise",
    type=click.FloatRange(min=0),
    metavar="PERCENT",
    default=100.0,
    show_default=True,
    help="How much longer something may take. Half a second more is never slow.",
)
_format: Decorator = click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people, or one JSON object.",
)
_html: Decorator = click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page, too."
)


@click.command(
    epilog=examples(
        "fabricate compare runs/20261119T080000Z-91aa runs/20261120T172139Z-3f2a",
        "fabricate compare baseline evidence-1 --html compared.html",
    )
)
@click.argument("before", type=RunFolder())
@click.argument("after", type=RunFolder())
@_noise
@_format
@_html
def compare(before: Path, after: Path, noise: float, style: str, html: Path | None) -> int:
    """Say what differs between two runs.

    BEFORE and AFTER are run folders, or ids of runs under runs/.

    Outcomes of cases, steps and checks, differences of attributes, statuses of instances, durations, counts, what each PACS
    is and offers, versions, and the files and variables that the runs were given. A case or check that is not there any more is worse.

    \b
    Exit codes:
      0  nothing got worse
      1  something did
    """  # noqa: D301 - click wants a real backspace
    from scenario_runner.evidence.comparing import compare as compared
    from scenario_runner.evidence.pages import write_comparison
    from scenario_runner.evidence.write import read_record

    found = compared(read_record(before), read_record(after), noise / 100)
    found.differences.extend(compared_inputs(before, after))
    if html is not None:
        write_comparison(found, html)
    if style == "json":
        document = {
            "schema": "comparison/v1",
            "before": _named(found.before),
            "after": _named(found.after),
            "differences": [dataclasses.asdict(one) for one in found.differences],
        }
        click.echo(json_text(document, indent=1))
    else:
        for one in found.differences:
            line = f"{one.way:9} {one.kind:9} {_plain(one.subject)}: {_plain(one.before)} → {_plain(one.after)}"
            click.echo(click.style(line, fg=_STYLES[one.way]))
        counts = Counter(one.way for one in found.differences)
        click.echo(
            f"{counts['worse']} worse, {counts['better']} better, {counts['different']} different"
        )
    return 1 if found.of("worse") else 0


@click.command(
    epilog=examples("fabricate history runs", "fabricate history nightly --html history.html")
)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_noise
@_format
@_html
def history(folder: Path, noise: float, style: str, html: Path | None) -> int:
    """Say which cases are flaky, slow or newly failing.

    FOLDER holds run folders, as runs does. A case is newly failing when it passed the time before, flaky when it went
    from passing to failing and back at least three times, slow when it took longer than it usually did.
    """
    from scenario_runner.evidence.history import history as read
    from scenario_runner.evidence.history import run_folders
    from scenario_runner.evidence.html_text import seconds
    from scenario_runner.evidence.pages import words_about, write_history

    past = read(run_folders(folder))
    if html is not None:
        write_history(past, noise / 100, html)
    if style == "json":
        document: dict[str, Any] = {
            "schema": "history/v1",
            "runs": [_named(run) for run in past.runs],
            "cases": [
                {
                    "id": case.id,
                    "stands_out": words_about(case, noise / 100),
                    "turns": case.turns,
                    "usual_s": case.usual_s,
                    "past": [dataclasses.asdict(one) for one in case.past],
                }
                for case in past.cases
            ],
            "unread": past.unread,
        }
        click.echo(json_text(document, indent=1))
        return 0
    for line in past.unread:
        click.echo(f"not read: {_plain(line)}", err=True)
    for case in past.cases:
        words = ", ".join(words_about(case, noise / 100)) or "-"
        marks = "".join(_MARKS[one.outcome] for one in case.past[-40:])
        last = seconds(case.past[-1].duration_s)
        click.echo(f"{words:22} {marks:40} {last:>9}  {_plain(case.id)}")
    click.echo(
        f"{amount(len(past.runs), 'run')}, {amount(len(past.cases), 'case')}; . passed, F failed, E error"
    )
    return 0


_MARKS = {"passed": ".", "failed": "F", "error": "E", "interrupted": "!", "skipped": "s"}


def _named(run: RunRecord) -> dict[str, Any]:
    return {"run": run.id, "started": run.started, "outcome": run.outcome}


def _plain(text: str) -> str:
    from scenario_runner.evidence.html_text import visible

    return visible(text, 400)
