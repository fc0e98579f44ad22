"""``fabricate preview``, and what ``fabricate run --review`` shows."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.console import Console
from scenario_runner.cli.options import (
    examples,
    open_option,
    out_option,
    paths_argument,
    production_option,
    registry_option,
    seed_option,
    set_option,
    site_option,
    surroundings,
)
from scenario_runner.cli.output import all_told
from scenario_runner.cli.questions import confirmed, opened
from scenario_runner.cli.signals import stopping
from scenario_runner.cli.study_screen import side_by_side
from scenario_runner.cli.terminal_pictures import show
from scenario_runner.cli.verbosity import remark, volume
from scenario_runner.cli.wrapping import folded, printable, terminal_width
from scenario_runner.engine.services import Control
from scenario_runner.errors import UsageError
from scenario_runner.redaction import Redactor

if TYPE_CHECKING:
    from PIL import Image

    from scenario_runner.app.contact_sheet import ContactSheet, SheetSeries, SheetStudy
    from scenario_runner.app.kept_objects import Objects
    from scenario_runner.app.plans import Plans
    from scenario_runner.app.review import Review
    from scenario_runner.engine.services import Factory

SHEET = Path("contact_sheet.html")
_SERIES = 12
"""Series that are drawn on a terminal; the page has more."""
_IN_A_ROW = 6
_ROWS = 9
_CHANGES = 8


@click.command(
    epilog=examples(
        "fabricate preview scenarios/xray_smoke.yaml",
        "fabricate preview ct.yaml --set slices=200 --sheet ct.html --open",
    )
)
@paths_argument
@site_option
@set_option
@seed_option
@click.option(
    "--sheet",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    default=SHEET,
    show_default=True,
    help="Contact sheet to write; an older one is replaced.",
)
@open_option("the contact sheet")
@out_option
@registry_option
@production_option
def preview(
    paths: tuple[Path, ...],
    site: Path | None,
    assignments: tuple[tuple[str, Any], ...],
    seed: int | None,
    sheet: Path,
    open_it: bool,
    out: Path | None,
    registry: str | None,
    allow_production: bool,
) -> int:
    """Look at every image that scenarios would send, before anything is sent.

    Writes a contact sheet: pictures of all images, of long series a strip; their attributes as a tree with what
    is wrong with them; and what differs from the patient's study before. On a terminal the pictures are drawn, too,
    and 'y' runs the scenario with exactly the bytes that were shown. Saying no, and anything but a terminal, sends
    nothing and uses up no number.

    The exit codes are those of fabricate run; 130 when you say no.
    """
    from scenario_runner.app.kept_objects import forgotten
    from scenario_runner.app.load import Sources
    from scenario_runner.app.review import Review
    from scenario_runner.app.run import RunRequest, look_at
    from scenario_runner.app.run import run as run_scenarios
    from scenario_runner.registry.location import registry_location

    request = RunRequest(
        sources=Sources(paths=paths, site=site, overrides=dict(assignments), around=surroundings()),
        registry=registry_location(registry, os.environ),
        out=out,
        seed=seed,
        allow_production=allow_production,
        command=["fabricate", *sys.argv[1:]],
    )
    control = Control()
    with forgotten() as objects:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            plans, factory = look_at(request)
            Reviewing(objects, sheet, open_it).show(plans, factory)
            return 0
        ask = Reviewing(objects, sheet, open_it)
        with Console(volume=volume()) as console, stopping(control):
            review = Review(ask=ask, objects=objects)
            result = run_scenarios(request, [console], control, review)
    console.summary(result.folder)
    return all_told(result.exit_code, console.lost)


@contextmanager
def reviewing() -> Iterator[Review]:
    """What ``--review`` adds to a run. Raises UsageError where nobody can be asked."""
    from scenario_runner.app.kept_objects import forgotten
    from scenario_runner.app.review import Review

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "--review asks, and there is no terminal to ask on",
            hint="fabricate preview writes the contact sheet without asking",
        )
    with forgotten() as objects:
        yield Review(ask=Reviewing(objects, SHEET), objects=objects)


class Reviewing:
    """Makes every instance, shows them, and asks. sheet: where the page is written."""

    def __init__(self, objects: Objects, sheet: Path, open_it: bool = False) -> None:
        self._objects, self._sheet, self._open = objects, sheet, open_it

    def __call__(self, plans: Plans, factory: Factory) -> bool:
        """Whether it is to be sent."""
        made = self.show(plans, factory)
        count = made.counts["images"]
        these = "this image" if count == 1 else f"these {amount(count, 'image')}"
        return confirmed(f"Send {these}?", default=False)

    def show(self, plans: Plans, factory: Factory) -> ContactSheet:
        """Write the page, and draw what a terminal has room for."""
        from scenario_runner.app.contact_sheet import contact_sheet
        from scenario_runner.app.contact_sheet_page import write_page

        made = contact_sheet(plans, self._objects, factory)
        write_page(made, self._sheet)
        show_sheet(made)
        remark(f"contact sheet: {self._sheet}")
        if self._open:
            opened(self._sheet)
        return made


def show_sheet(sheet: ContactSheet) -> None:
    """Patients, studies and series in lines; on a terminal with pictures."""
    quiet = Redactor(sheet.secrets).text
    for note in sheet.notes:
        _say(note, 6, f"{click.style('note:', fg='yellow')} ")
    drawn = 0
    for patient in sheet.patients:
        about = patient.planned
        name = printable(quiet(str(about.name)))
        text = f"{name}  {quiet(about.patient_id)}  {about.sex}  {about.birth_date}"
        _say(text, 0, bold=name)
        for study in patient.studies:
            planned = study.planned
            _say(quiet(f"{planned.accession}  {planned.date}  {planned.description}"), 2)
            _changes(study)
            for series in study.series:
                _series(series, quiet, drawn < _SERIES and sys.stdout.isatty())
                drawn += 1
    if sheet.left_out:
        click.echo(f"and {sheet.left_out} more series")


def _series(series: SheetSeries, quiet: Callable[[str], str], draw: bool) -> None:
    planned = series.planned
    count = amount(planned.image_count, "image" if planned.has_pixels else "object")
    wrong = f", {series.faults} against the rules" if series.faults else ""
    text = f"{planned.number}  {planned.modality}  {planned.description}  {count}{wrong}"
    _say(quiet(text), 4)
    if draw:
        show(_strip(series), rows=_ROWS)


def _strip(series: SheetSeries) -> Image.Image:
    from PIL import Image

    from scenario_runner.app.contact_sheet import strip

    chosen = strip(len(series.pictures), _IN_A_ROW)
    return side_by_side([Image.open(BytesIO(series.pictures[place].png)) for place in chosen])


def _changes(study: SheetStudy) -> None:
    """What is another than in the patient's study before."""
    if study.previous is None:
        return
    from scenario_runner.app.contact_sheet import WHOLE_SERIES

    count = amount(len(study.differences), "difference")
    _say(f"{count} from the study of {study.previous.date}, UIDs, days and times aside", 4)
    for one in study.differences[:_CHANGES]:
        before, now = one.before or "nothing", one.now or "nothing"
        change = f"{one.attribute} {before[:60]} became {now[:60]}"
        text = f"{one.series}: {now if one.attribute == WHOLE_SERIES else change}"
        _say(text, 6)
    if len(study.differences) > _CHANGES:
        _say(f"and {len(study.differences) - _CHANGES} more, all on the contact sheet", 6)


def _say(text: str, indent: int, head: str = "", bold: str = "") -> None:
    """A text in lines that a terminal has room for. head: what stands before it in place of the indent."""
    first, *others = folded(printable(text), indent, terminal_width())
    if bold:
        first = first.replace(bold, click.style(bold, bold=True), 1)
    for line in (f"{head or ' ' * indent}{first}", *others):
        click.echo(line)
