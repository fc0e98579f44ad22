"""What ``fabricate view FOLDER`` shows: studies, series and images as a tree, a strip of each series."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenario_runner.amounts import amount
from scenario_runner.app.viewed_folder import ViewedFolder, view_folder
from scenario_runner.cli.terminal_pictures import show
from scenario_runner.cli.verbosity import Volume, remark, volume
from scenario_runner.cli.wrapping import json_text, printable
from scenario_runner.errors import FabricatorError, NothingSelected

if TYPE_CHECKING:
    from PIL import Image

    from scenario_runner.app.viewed_folder import ViewedImage, ViewedSeries, ViewedStudy

_IMAGES = 5
"""Images of a series that are listed, from either end; --verbose lists all."""
_PROBLEMS = 20
_IN_A_ROW = 6
_ROWS = 9
_SERIES_DRAWN = 24


def show_folder(folder: Path, *, as_json: bool, image: bool | None) -> int:
    """Print the tree; 0, or 3 when a file cannot be shown. Raises NothingSelected without any."""
    found = view_folder(folder)
    if as_json:
        click.echo(json_text(found.plain(), indent=1))
    elif not found.files and not found.problems:
        raise NothingSelected(f"there is no DICOM file in '{folder}'")
    else:
        _show(found, folder, image if image is not None else sys.stdout.isatty())
    return 3 if found.problems else 0


def _show(found: ViewedFolder, folder: Path, draw: bool) -> None:
    drawn = 0
    whose = ""
    for study in found.studies:
        patient = f"{study.patient_name}  {study.patient_id}"
        if patient != whose:
            click.echo(click.style(printable(patient), bold=True))
            whose = patient
        click.echo(f"  {printable(_about(study))}")
        for series in study.series:
            click.echo(f"    {printable(_head(series))}")
            for line in _lines(series, folder):
                click.echo(f"      {line}")
            if draw and drawn < _SERIES_DRAWN:
                drawn += 1
                _draw(series)
    for path, why in found.problems[:_PROBLEMS]:
        click.echo(f"{click.style('damaged:', fg='red')} {printable(f'{path}: {why}')}")
    if len(found.problems) > _PROBLEMS:
        click.echo(f"and {len(found.problems) - _PROBLEMS} more damaged ones")
    others = f", {amount(found.others, 'other file')} passed over" if found.others else ""
    count = amount(len(found.studies), "study")
    remark(f"{count}, {amount(found.files, 'DICOM file')}{others}")


def _about(study: ViewedStudy) -> str:
    parts = (study.accession, _day(study.date), study.description, study.uid)
    return "  ".join(part for part in parts if part)


def _day(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdecimal() else date


def _head(series: ViewedSeries) -> str:
    number = "-" if series.number is None else str(series.number)
    images = series.images
    noun = "image" if images[0].pictured else "object"
    text = f"{number}  {series.modality}  {series.description}  {amount(len(images), noun)}"
    return f"{text} by position" if series.in_space else text


def _lines(series: ViewedSeries, folder: Path) -> list[str]:
    """A line for each image; of a long series those at both ends."""
    images = series.images
    if volume() is Volume.VERBOSE or len(images) <= 2 * _IMAGES:
        return [_line(one, folder) for one in images]
    left_out = len(images) - 2 * _IMAGES
    return [
        *(_line(one, folder) for one in images[:_IMAGES]),
        f"… {amount(left_out, 'more image')}; --verbose has all",
        *(_line(one, folder) for one in images[-_IMAGES:]),
    ]


def _line(image: ViewedImage, folder: Path) -> str:
    parts = ["-" if image.number is None else f"{image.number}"]
    if image.rows is not None and image.columns is not None:
        frames = f" × {image.frames}" if image.frames > 1 else ""
        parts.append(f"{image.rows} × {image.columns}{frames}")
    if image.position is not None:
        parts.append(f"{image.position:g} mm")
    parts.append(image.file.relative_to(folder).as_posix())
    return printable("  ".join(parts))


def _draw(series: ViewedSeries) -> None:
    from scenario_runner.app.contact_sheet import strip
    from scenario_runner.cli.study_screen import side_by_side

    chosen = strip(len(series.images), _IN_A_ROW)
    pictures = [one for place in chosen if (one := _picture(series.images[place])) is not None]
    if pictures:
        show(side_by_side(pictures), rows=_ROWS)


def _picture(image: ViewedImage) -> Image.Image | None:
    """The middle frame, windowed; None for what has none or cannot be decoded."""
    from scenario_runner.showing import NotShownError, render

    if not image.pictured:
        return None
    try:
        picture = render(image.file, image.frames // 2 + 1, None)
    except (NotShownError, FabricatorError):
        return None
    picture.thumbnail((256, 256))
    return picture
