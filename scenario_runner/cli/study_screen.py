"""What ``fabricate study`` shows: what it will make, and how it came out."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scenario_runner.amounts import amount
from scenario_runner.authority import authority
from scenario_runner.cli.console import word
from scenario_runner.cli.rows import print_table
from scenario_runner.cli.terminal_pictures import show
from scenario_runner.cli.wrapping import beside, cells, folded, padded, printable, terminal_width
from scenario_runner.evidence.unseen import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL import Image

    from scenario_runner.app.plans import Plans
    from scenario_runner.app.run import RunResult
    from scenario_runner.engine.services import Factory
    from scenario_runner.evidence.record import CaseRecord, RunRecord, StepRecord
    from scenario_runner.planning.plan import PlannedSeries

_LABEL = 11
_TITLE = 7
"""Where the title of a case begins, after how it came out."""
_PICTURES = 4
"""Series of which an image is shown; more would be too small to see anything."""
_SIDE = 512
"""Pixels of a picture's longer edge, where the terminal has pixels."""
_ROWS = 18
"""Lines of text that pictures may take."""
_SHOWN = 10
"""Studies, or series of one, that are listed."""
Who = TypeVar("Who")
Study = TypeVar("Study")
_NO_PACS = ("fhir", "hl7")
"""Kinds of target that store no images."""
_COLUMNS = ["study", "series", "", "description", "images", "size"]


def show_plan(plans: Plans, factory: Factory) -> None:
    """Who, which numbers, a row for each series, and a picture of the first ones."""
    case = plans.jobs[0].case
    shown, more = _first([(one, one.studies) for one in case.patients])
    for patient, studies in shown:
        about = f"{patient.patient_id}  {patient.name}  {patient.sex}  {patient.birth_date}"
        _line("patient", about)
        for study in studies:
            _line("accession", f"{study.accession}  {study.date}  {study.description}")
    if more:
        _line("", more)
    click.echo()
    series = list(case.series())
    print_table([_row(one) for one in series[: 2 * _SHOWN]], _COLUMNS)
    if len(series) > 2 * _SHOWN:
        click.echo(f"and {len(series) - 2 * _SHOWN} more series")
    click.echo()
    show(side_by_side([_middle(one, factory) for one in series[:_PICTURES]]), rows=_ROWS)
    click.echo()


def _first(
    whose: Sequence[tuple[Who, Sequence[Study]]],
) -> tuple[list[tuple[Who, Sequence[Study]]], str]:
    """The first studies, each below its patient, and how much more there is, in words."""
    shown: list[tuple[Who, Sequence[Study]]] = []
    left = _SHOWN
    for who, studies in whose[:_SHOWN]:
        shown.append((who, studies[:left]))
        left -= len(studies[:left])
        if not left:
            break
    patients = len(whose) - len(shown)
    more = sum(len(studies) for _, studies in whose) - (_SHOWN - left)
    told = [amount(patients, "more patient")] if patients else []
    told += [amount(more, "more study")] if more else []
    return shown, f"and {' with '.join(told)}" if told else ""


def _row(series: PlannedSeries) -> list[str]:
    study = int(series.study.id.rpartition("s")[2])
    size = f"{series.rows} × {series.columns}" if series.has_pixels else "no pixels"
    if series.frames > 1:
        size += f" × {series.frames}"
    about = [str(study), str(series.number), series.modality, series.description]
    return [*about, str(series.image_count), size]


def _middle(series: PlannedSeries, factory: Factory) -> Image.Image:
    """The image in the middle, as the report shows it."""
    from PIL import Image

    from scenario_runner.imaging.factory import preview_png

    instance = factory.instance(series.images[series.image_count // 2], {})
    return Image.open(BytesIO(preview_png(instance, _SIDE).png))


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """One picture of several, of one height, with a gap between."""
    from PIL import Image

    height = max(one.height for one in pictures)
    scaled = [
        one.convert("RGB").resize((max(1, round(one.width * height / one.height)), height))
        for one in pictures
    ]
    gap = height // 40
    whole = Image.new("RGB", (sum(one.width + gap for one in scaled) - gap, height))
    left = 0
    for one in scaled:
        whole.paste(one, (left, 0))
        left += one.width + gap
    return whole


def json_text(result: RunResult) -> str:
    """``{run, folder, outcome, report, patients}``; patients as in ``run.json``."""
    record = result.record
    text = json.dumps(
        {
            "run": record.id,
            "folder": result.folder.as_posix(),
            "outcome": result.outcome,
            "report": (result.folder / "report.html").as_posix(),
            "patients": [patient for case in record.cases for patient in case.patients],
        },
        ensure_ascii=False,
        indent=1,
        default=list,  # images that are made on demand
    )
    return escaped(text)


def show_outcome(result: RunResult, *, kept: Path | None, saved: Path | None) -> None:
    """One screen: who, which accession, which UIDs, whether it is there, each check, the report."""
    record = result.record
    for case in record.cases:
        first, *others = folded(printable(case.scenario.title), _TITLE, terminal_width())
        click.echo(f"{word(case.outcome)}  {click.style(first, bold=True)}")
        for line in others:
            click.echo(f"{' ' * _TITLE}{click.style(line.lstrip(), bold=True)}")
        for label, text in _facts(record, case):
            _line(label, text)
        click.echo()
        width = max((cells(one.title or one.id) for one in case.steps), default=0)
        for step in case.steps:
            _step(step, width)
    click.echo()
    if kept is not None:
        _line("objects", kept.as_posix())
    if saved is not None:
        _line("scenario", saved.as_posix())
    _line("report", (result.folder / "report.html").as_posix())


def _facts(record: RunRecord, case: CaseRecord) -> Iterator[tuple[str, str]]:
    whose = [(patient, patient.get("studies", [])) for patient in case.patients]
    shown, more = _first(whose)
    for patient, studies in shown:
        yield "patient", f"{patient['id']}  {patient['name']}"
        for study in studies:
            yield "accession", f"{study['accession']}  {study['date']}  {study['description']}"
            yield "study", study["uid"]
            listed = study.get("series", [])
            for series in listed[:_SHOWN]:
                count = amount(len(series["images"]), "image")
                head = f"{series['number']} {series['modality']} {series['description']}, {count}"
                yield "series", f"{head}  {series['uid']}"
            if (unlisted := len(listed) - _SHOWN) > 0:
                yield "", f"and {unlisted} more series; the report has all"
    if more:
        yield "", f"{more}; the report has all"
    images = [
        image
        for _, studies in whose
        for study in studies
        for series in study["series"]
        for image in series["images"]
    ]
    stored = sum(1 for image in images if any(one["stored"] for one in image.get("sent", [])))
    there = next(
        (check.outcome == "passed" for step in case.steps for check in step.checks
         if check.check == "stored"), None,
    )  # fmt: skip
    answer = "yes" if there else "no" if there is False or not stored else "not known"
    where = ", ".join(_target(one) for one in record.targets if one.kind not in _NO_PACS)
    yield "in the PACS", f"{answer}: {stored} of {amount(len(images), 'image')} stored by {where}"


def _target(target: Any) -> str:
    if target.kind == "embedded":
        return f"{target.name} (the embedded PACS, which is gone again)"
    address = target.url or f"{target.ae_title}@{authority(target.host, target.port)}"
    return f"{target.name} ({printable(address)})"


def _step(step: StepRecord, width: int) -> None:
    """A step in a line, its checks each in one of its own. width: of the longest name of a step."""
    passed = step.outcome == "passed"
    if not step.checks or not passed:
        _outcome(step.outcome, padded(step.title or step.id, width), step.message)
    for check in step.checks:
        if check.attempt == step.attempts:
            message = "" if check.outcome == "passed" else check.message
            _outcome(check.outcome, check.title or check.check, message)


def _outcome(outcome: str, title: str, message: str) -> None:
    first, *others = beside(printable(title), printable(message), 9, terminal_width())
    for line in (f"  {word(outcome)}  {first}", *others):
        click.echo(line.rstrip())


def _line(label: str, text: str) -> None:
    name = f"{label:<{_LABEL}}"
    first, *others = beside(name, printable(text), 2, terminal_width())
    shown = first.replace(label, click.style(label, dim=True), 1) if label else first
    for line in (f"  {shown}", *others):
        click.echo(line.rstrip())
