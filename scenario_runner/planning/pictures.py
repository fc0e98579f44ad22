"""A user's own picture or array as what a series shows: which file, and how large it is."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.language.named_files import named_file
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

PICTURES = frozenset({".png", ".jpg", ".jpeg"})
ARRAYS = frozenset({".npy"})
COLOUR = frozenset({"ES", "OT", "US", "XC"})
"""Modalities whose IODs take RGB; elsewhere a colour picture becomes grey."""

EIGHT_BITS = frozenset({"ES", "US", "XC"})
"""Modalities whose IODs have no deeper pixels."""

SIGNED = frozenset({"CT", "MR", "PT"})
"""Modalities whose pixels may be negative."""

_ORIENTATION = 0x0112
"""The EXIF tag that says how a camera was held (CIPA DC-008, 4.6.5)."""
_LYING = (5, 6, 7, 8)
"""Its values for pictures whose rows are stored as columns."""

MOST_PIXELS = 100_000_000
"""Of one picture; a file that says more is refused before it is read."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that exists, and what it holds."""

    file: Path
    rows: int
    columns: int
    planes: int = 1
    """Slices of a volume; 1 for a picture."""
    signed: bool = False
    color: bool = False
    """Whether an array has three samples a pixel; a picture in colour is made grey where need be."""
    bits: int = 8
    """Of one value of an array."""
    sha256: str = ""
    """Of the whole file, for a run that is repeated when it may have changed."""

    @property
    def is_array(self) -> bool:
        """Whether its values are stored as they are, never scaled."""
        return self.file.suffix.lower() in ARRAYS


def names_a_file(phantom: str | None) -> bool:
    """Whether ``phantom`` is a file rather than a registered name."""
    return phantom is not None and Path(phantom).suffix.lower() in PICTURES | ARRAYS


def find(phantom: str, folder: Path) -> Picture | ValueProblem:
    """The picture that a scenario in ``folder`` names, measured."""
    file = named_file(str(folder / "scenario.yaml"), phantom)
    if not os.path.isfile(file):  # noqa: PTH113 - false for what is no name
        if os.path.lexists(file):
            return ValueProblem(
                "FAB313",
                f"'{phantom}' is no picture: {_instead(file)}",
                "write what it gives into a file" if file.is_fifo() else None,
            )
        return ValueProblem(
            "FAB313", f"there is no picture '{phantom}'", f"it was looked for in {folder}"
        )
    try:
        return measured(file)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return ValueProblem(
            "FAB313",
            f"'{phantom}' cannot be used as a picture: {reason}",
            "PNG, JPEG and NumPy files (.npy) can be",
        )


def _instead(file: Path) -> str:
    """What something is that is no file."""
    if file.is_dir():
        return "it is a folder"
    if file.is_symlink() and not file.exists():
        return "it is a link to nothing"
    return "it is a pipe, which can be read but once" if file.is_fifo() else "it is no file"


def measured(file: Path) -> Picture:
    """What a file holds, a photograph as its camera says it is held. Raises OSError, ValueError, SyntaxError or EOFError."""
    found = _array(file) if file.suffix.lower() in ARRAYS else _picture(file)
    with file.open("rb") as stream:
        return replace(found, sha256=file_digest(stream, "sha256").hexdigest())


def unfit(picture: Picture, modality: str) -> ValueProblem | None:
    """Why images of a modality cannot have the values of an array, which are stored as they are."""
    name = picture.file.name
    if picture.color and modality not in COLOUR:
        message = f"'{name}' has colour, and {modality} images have none"
        return ValueProblem("FAB313", message, "save one channel")
    if picture.signed and modality not in SIGNED:
        message = f"'{name}' is signed, and {modality} images have no negative values"
        return ValueProblem("FAB313", message, "save it as unsigned")
    if picture.is_array and picture.bits > 8 and modality in EIGHT_BITS:
        message = f"'{name}' has 16 bits, and {modality} images have 8"
        return ValueProblem("FAB313", message, "save the array as uint8")
    return None


def _picture(file: Path) -> Picture:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file, formats=("PNG", "JPEG")) as image:
            columns, rows = image.size
            _bounded(rows, columns)
            if image.getexif().get(_ORIENTATION) in _LYING:
                columns, rows = rows, columns
    except UnidentifiedImageError:
        raise ValueError("it is neither PNG nor JPEG") from None
    except Image.DecompressionBombError:
        raise ValueError(f"it has more than {MOST_PIXELS} pixels") from None
    return Picture(file, rows, columns)


def _array(file: Path) -> Picture:
    import numpy as np

    array = np.load(file, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise OSError("it is an archive of several arrays")
    if array.dtype.kind not in "ui" or array.dtype.itemsize > 2:
        raise ValueError(f"its values are {array.dtype}; integers of 8 or 16 bits are stored as is")
    color = _is_color(array.shape, array.dtype.itemsize)
    planes, rows, columns = _measures(array.shape, color=color)
    _bounded(rows, columns)
    return Picture(
        file,
        rows,
        columns,
        planes,
        signed=array.dtype.kind == "i",
        color=color,
        bits=array.dtype.itemsize * 8,
    )


def _is_color(shape: Sequence[int], item: int) -> bool:
    """Whether three columns are samples: of 8 bits they are, of more they are columns of slices."""
    return len(shape) == 3 and shape[-1] == 3 and item == 1


def _measures(shape: Sequence[int], *, color: bool) -> tuple[int, int, int]:
    """Planes, rows and columns of an array's shape."""
    if color:
        return 1, shape[0], shape[1]
    if len(shape) not in (2, 3) or not all(shape):
        raise ValueError(
            f"its shape is {tuple(shape)}; (rows, columns), (slices, rows, columns) or "
            "(rows, columns, 3) of 8 bits is wanted"
        )
    return (shape[0] if len(shape) == 3 else 1), shape[-2], shape[-1]


def _bounded(rows: int, columns: int) -> None:
    if rows * columns > MOST_PIXELS or max(rows, columns) > 16384:
        raise ValueError(f"{rows} × {columns} is too large; 16384 a side is the limit")
