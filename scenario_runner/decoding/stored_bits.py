"""The bits of a pixel cell that its value is in (PS3.5 8.1.1, PS3.3 C.7.6.3).

The others mean nothing, whatever is in them: burned-in overlays of old. pydicom 3.0.2 takes the value to
end at bit 0, where DCMTK and GDCM go by High Bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
