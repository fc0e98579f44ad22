"""``fabricate report``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenario_runner.cli.options import RunFolder, examples, plugins_site_option
from scenario_runner.cli.trusting import trust_of, trust_option
from scenario_runner.errors import MachineError
from scenario_runner.evidence.files import write_atomically

if TYPE_CHECKING:
    from scenario_runner.evidence.record import RunRecord

_BROWSER = "FABRICATE_BROWSER"
_FORMS = (".csv", ".json", ".reqif")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")


@click.command(
    epilog=examples(
        "fabricate report runs/20261120T172139Z-3f2a",
        "fabricate report evidence-1 --out for-the-file --pdf --trust people.pem",
        "fabricate report evidence-1 --redact --out for-the-vendor",
    )
)
@click.argument("run", type=RunFolder())
@click.option(
    "--out",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Write into a new folder and leave the run as it is.",
)
@click.option(
    "--detail",
    type=click.Choice(["failures", "all"]),
    default="failures",
    show_default=True,
    help="Whose steps are on paper.",
)
@click.option("--pdf", is_flag=True, help="Write report.pdf, too, by Chromium or Chrome.")
@click.option(
    "--pdf-a", is_flag=True, help="The same as PDF/A-3, for archives, with run.json attached."
)
@click.option(
    "--junit",
    type=click.Choice(["steps", "checks"]),
    default="steps",
    show_default=True,
    help="What is a test in junit.xml.",
)
@click.option(
    "--requirements",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the requirements with their proofs, as .csv, .json or .reqif.",
)
@click.option(
    "--redact",
    is_flag=True,
    help="Write a copy for others, in which people and their numbers have pseudonyms; by default into RUN-redacted.",
)
@click.option("--github", is_flag=True, help="Annotate a workflow, and add to its summary.")
@trust_option
@plugins_site_option
def report(
    run: Path,
    out: Path | None,
    detail: str,
    pdf: bool,
    pdf_a: bool,
    junit: str,
    requirements: Path | None,
    redact: bool,
    github: bool,
    trusted: tuple[Path, ...],
    site: Path | None,
) -> int:
    """Write the reports of a run again from its record.

    RUN is a run folder, or the id of a run under runs/.

    Works for a run that was killed, too: it is shown as interrupted, up to its last event. With --site
    the reporters of that site's plugins write theirs too.

    On paper a run of more than three cases has the steps of those that did not pass; --detail all has all of them.

    With --out the reports show who signed the run and whether that holds. Without it they take the place of those
    that are there, which is refused for a run that is signed.

    --pdf-a needs the extra pdfa. What it writes was validated, and fails to be written where it is none.

    --redact leaves the run as it is. In the copy the same person has the same pseudonym everywhere; pictures are
    taken along only where it is known that no text is burned into them.
    """
    from scenario_runner.app.load import load_plugins
    from scenario_runner.app.reports import by_check, report_again, with_every_detail

    reporters = list(load_plugins(site).named("fabricate_reporters").values())
    if detail == "all":
        reporters = with_every_detail(reporters)
    if junit == "checks":
        reporters = by_check(reporters)
    if requirements is not None and requirements.suffix not in _FORMS:
        raise click.UsageError(
            f"--requirements '{requirements}' ends in none of {', '.join(_FORMS)}"
        )
    if pdf or pdf_a:
        from scenario_runner.app.pdf import pdf_reporter

        reporters.append(pdf_reporter(_browser(), to_keep=pdf_a))
    if redact and out is None:
        whole = run.resolve()
        out = whole.with_name(f"{whole.name}-redacted")
    record = report_again(run, out, reporters, trust_of(trusted), redact=redact)
    if requirements is not None:
        _write_requirements(record, requirements)
    if github:
        _tell_github(record)
    folder = out or run
    click.echo(f"report: {folder / 'report.html'} ({record.outcome})")
    for beside in (folder / "report.pdf" if pdf or pdf_a else None, requirements):
        if beside is not None:
            click.echo(f"wrote {beside}")
    return 0


def _write_requirements(record: RunRecord, to: Path) -> None:
    from scenario_runner.evidence.exports import requirements_csv, requirements_json
    from scenario_runner.evidence.reqif import requirements_reqif

    if to.suffix == ".reqif":
        write_atomically(to, [requirements_reqif(record)])
        return
    text = requirements_csv(record) if to.suffix == ".csv" else requirements_json(record)
    write_atomically(to, [text.encode("utf-8", "replace")])


def _tell_github(record: RunRecord) -> None:
    from scenario_runner.evidence.exports import github_annotations, github_summary

    for line in github_annotations(record):
        click.echo(line)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8", errors="replace") as file:
            file.write(github_summary(record))


def _browser() -> str:
    """The program that prints. Raises MachineError when there is none."""
    named = os.environ.get(_BROWSER)
    for name in [named] if named else _BROWSERS:
        if found := shutil.which(name):
            return found
    raise MachineError(
        f"no {named or 'Chromium or Chrome'} was found that could print the report",
        hint=f"install one, or name its program in {_BROWSER}; report.html prints from any browser",
    )
