"""The bits of a pixel cell that its value is in (PS3.5 8.1.1, PS3.3 C.7.6.3).

The others mean nothing, whatever is in them: burned-in overlays of old. pydicom 3.0.2 takes the value to
end at bit 0, where DCMTK and GDCM go by High Bit.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.long_cells import is_in_long_words
from scenario_runner.dicom.syntaxes import EXPLICIT_BE, NATIVE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pydicom import Dataset


def stored_values(
    cells: npt.NDArray[np.generic], bits_stored: int, high_bit: int
) -> npt.NDArray[Any]:
    """The values of cells that hold more than them, in the type of the cells; of signed ones the sign is kept.

    A High Bit that cannot be is taken for the usual one, Bits Stored less one.
    """
    allocated = 8 * cells.dtype.itemsize
    integers: npt.NDArray[Any] = cells
    if cells.dtype.kind not in "iu" or not 0 < bits_stored < allocated:
        return integers
    below = high_bit + 1 - bits_stored
    if not 0 <= below <= allocated - bits_stored:
        below = 0
    above = allocated - bits_stored - below
    return (integers << above) >> (above + below)


def is_shifted(header: Dataset) -> bool:
    """Whether values end above bit 0, as High Bit says."""
    stored, high = header.get("BitsStored"), header.get("HighBit")
    return isinstance(stored, int) and isinstance(high, int) and high >= stored


def values_of(cells: npt.NDArray[np.generic], header: Dataset) -> npt.NDArray[Any]:
    """The same by the header of the image."""
    stored = int(header.get("BitsStored") or 0)
    high = header.get("HighBit")
    return stored_values(cells, stored, stored - 1 if high is None else int(high))


def is_packed(transfer_syntax_uid: str, header: Dataset) -> bool:
    """Whether cells are single bits that pydicom 3.0.2 does not read.

    It takes the words of Big Endian for bytes, and too few bytes for a frame that begins within one.
    """
    if (
        header.get("BitsAllocated") != 1
        or "PixelData" not in header
        or (transfer_syntax_uid and transfer_syntax_uid not in NATIVE)
    ):
        return False  # what is compressed has a cell of its own for each bit
    return transfer_syntax_uid == EXPLICIT_BE or _cells(header) % 8 != 0


def packed_frames(
    dataset: Dataset, transfer_syntax_uid: str, first: int, count: int
) -> npt.NDArray[np.uint8]:
    """Frames of single bits, 0 or 1: (count, rows, columns), from the one with the number ``first``, from 1.

    Each begins with the bit behind the last one of the frame before (PS3.5 8.1.1). Raises ValueError for what is not
    there.
    """
    import numpy as np

    element, cells = dataset["PixelData"], _cells(dataset)
    data = np.frombuffer(element.value, np.uint8)
    if transfer_syntax_uid == EXPLICIT_BE and element.VR == "OW":
        data = data[: len(data) // 2 * 2].reshape(-1, 2)[:, ::-1].reshape(-1)
    start, stop = (first - 1) * cells, (first - 1 + count) * cells
    if first < 1 or stop > 8 * len(data):
        raise ValueError(f"the pixels end before frame {first - 1 + count}")
    bits = np.unpackbits(data[start // 8 : (stop + 7) // 8], bitorder="little")
    found = bits[start % 8 : start % 8 + stop - start]
    return found.reshape(count, int(dataset.Rows), int(dataset.Columns))


def _cells(header: Dataset) -> int:
    """Pixels of a frame of single bits, which has one sample."""
    return int(header.get("Rows") or 0) * int(header.get("Columns") or 0)


def has_long_cells(transfer_syntax_uid: str, header: Dataset) -> bool:
    """Whether cells are of several words, in Big Endian: pydicom 3.0.2 takes each for one long word."""
    allocated = header.get("BitsAllocated")
    is_long = isinstance(allocated, int) and allocated > 16 and allocated % 16 == 0
    return is_long and "PixelData" in header and transfer_syntax_uid == EXPLICIT_BE


def in_long_words(dataset: Dataset) -> Dataset:
    """The same with each cell of pixel data as one long Big Endian word.

    ``dicom.long_cells`` tells which they are. dataset: one of which ``has_long_cells`` holds.
    """
    import numpy as np

    data = dataset["PixelData"].value
    if is_in_long_words(data, int(dataset.BitsAllocated)):
        return dataset
    words = int(dataset.BitsAllocated) // 16
    whole = len(data) // (2 * words) * 2 * words
    cells = np.frombuffer(data[:whole], np.uint16).reshape(-1, words)
    other = copy.copy(dataset)
    other.PixelData = cells[:, ::-1].tobytes() + data[whole:]
    return other
