"""``fabricate view``."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenario_runner.cli import terminal_pictures, tree
from scenario_runner.cli.options import examples
from scenario_runner.cli.wrapping import json_text
from scenario_runner.errors import FabricatorError, UsageError

if TYPE_CHECKING:
    from PIL import Image

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.imaging.terminal import Colors
    from scenario_runner.showing import Window

DAMAGED = 3
_COLUMNS = 160
"""Where there is no terminal to fit into."""
_INLINE = 1024


class _WindowType(click.ParamType["Window"]):
    """Two numbers with a comma between, and a function."""

    name = "window"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Window:
        from scenario_runner.showing.window import FUNCTIONS, Window, WindowError

        *numbers, function = (
            value.split(",") if value.count(",") > 1 else (*value.split(","), "linear")
        )
        try:
            center, width = (float(number) for number in numbers)
        except ValueError:
            self.fail(f"'{value}' is not CENTER,WIDTH, for example 40,400", param, ctx)
        if function not in FUNCTIONS:
            self.fail(f"'{function}' is none of {', '.join(FUNCTIONS)}", param, ctx)
        try:
            return Window(center, width, function)
        except WindowError as error:
            self.fail(str(error), param, ctx)


@click.command(
    epilog=examples(
        "fabricate view image.dcm",
        "fabricate view image.dcm --window 40,400 --png image.png",
        "fabricate view image.dcm --json --inline",
        "fabricate view retrieved",
    )
)
@click.argument(
    "file", metavar="FILE|FOLDER", type=click.Path(exists=True, path_type=Path, allow_dash=False)
)
@click.option("--tags/--no-tags", default=True, help="Whether attributes are listed.")
@click.option(
    "--image/--no-image",
    default=None,
    help="Whether the image is drawn; by default on a terminal only.",
)
@click.option(
    "--frame",
    type=click.IntRange(1),
    metavar="N",
    default=1,
    show_default=True,
    help="Which frame.",
)
@click.option(
    "--window",
    type=_WindowType(),
    metavar="CENTER,WIDTH[,FUNCTION]",
    help="Instead of the window in the file; linear, or by FUNCTION linear-exact or sigmoid.",
)
@click.option(
    "--png", type=click.Path(), metavar="FILE", help="Write the image in full size; - is stdout."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the DICOM JSON Model (PS3.18 annex F)."
)
@click.option(
    "--inline",
    is_flag=True,
    help=f"With --json, binary values over {_INLINE} bytes too, as base64.",
)
@click.option("--full", is_flag=True, help="Do not cut values to the width of the terminal.")
@click.option(
    "--colors",
    type=click.Choice(["truecolor", "256", "none"]),
    help="How many colours the terminal has; by default as it says.",
)
def view(
    file: Path,
    tags: bool,
    image: bool | None,
    frame: int,
    window: Window | None,
    png: str | None,
    as_json: bool,
    inline: bool,
    full: bool,
    colors: Colors | None,
) -> int:
    """Show a DICOM file: its attributes as a tree, with what is wrong with them, and its image.

    Of a folder, all DICOM files below it as studies, series and images, in the order of a viewer: series by their
    number, images by their place in space where they lie in one stack, else by their number.

    Exit code 3 for a file that is damaged or no DICOM file, or has no such image; what can be read
    of it is shown.
    """
    from scenario_runner.conformance.reader import read_file

    if os.path.isdir(file):  # noqa: PTH112 - false for what is no name
        from scenario_runner.cli.folder_screen import show_folder

        if png is not None or window is not None or frame != 1:
            raise UsageError(f"'{file}' is a folder", hint="name one file for its image")
        return show_folder(file, as_json=as_json, image=image)
    read = read_file(file)
    damage = read.damage
    with warnings.catch_warnings():
        # What pydicom doubts about values stands in the tree, as findings.
        warnings.simplefilter("ignore")
        if damage is not None and (as_json or png is not None or not read.readable):
            raise _DamagedError(
                f"'{file}': {damage.attribute or ''} {damage.message}".replace("  ", " ")
            )
        if png is not None:
            _write(_picture(file, frame, window), png)
            return 0
        if as_json:
            click.echo(_json(file, inline=inline))
            return 0
        if tags:
            tree.show(read, columns=None if full else _COLUMNS, colors=colors)
        if image or (image is None and sys.stdout.isatty() and _has_pixels(read)):
            _draw(file, frame, window, colors)
    return DAMAGED if damage is not None else 0


class _DamagedError(FabricatorError):
    """The file is damaged or no DICOM file, or has no image that can be shown."""

    exit_code = DAMAGED


def _has_pixels(read: DicomFile) -> bool:
    keywords = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
    return any(read.data.get(keyword) is not None for keyword in keywords)


def _picture(file: Path, frame: int, window: Window | None) -> Image.Image:
    """One frame, windowed, in full size. Raises FabricatorError when it cannot be shown."""
    from scenario_runner.showing import NotShownError, render

    try:
        return render(file, frame, window)
    except NotShownError as error:
        raise _DamagedError(f"'{file}': {error}") from error


def _write(picture: Image.Image, target: str) -> None:
    if target == "-":
        picture.save(sys.stdout.buffer, "PNG")
    else:
        picture.save(Path(target), "PNG")


def _draw(file: Path, frame: int, window: Window | None, colors: Colors | None) -> None:
    """Draw into the terminal; a file without an image that can be shown says why."""
    try:
        picture = _picture(file, frame, window)
    except FabricatorError as error:
        click.echo(f"no image: {error.message}", err=True)
        return
    terminal_pictures.show(picture, colors)


def _json(file: Path, *, inline: bool) -> str:
    from scenario_runner.dicom.elements import DamagedDatasetError, read_until
    from scenario_runner.dicom.json_model import of_elements
    from scenario_runner.dicom.part10 import read_meta

    content = file.read_bytes()
    try:
        meta = read_meta(content)
        elements = read_until(content[meta.data_offset :], meta.transfer_syntax_uid)
    except DamagedDatasetError as error:
        raise _DamagedError(f"'{file}' cannot be read: {error}") from error
    most = None if inline else _INLINE
    model = of_elements(elements, f"{file.resolve().as_uri()}#", most_inline=most)
    return json_text(model, indent=2)
