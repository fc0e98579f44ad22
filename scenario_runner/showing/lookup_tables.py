"""Lookup tables of images: what their descriptors say, and what is wrong with them, in words.

Modality LUT (PS3.3 C.11.1.1.1), VOI LUT (C.11.2.1.1) and Palette Color Lookup Tables (C.7.6.3.1.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pydicom import Dataset

_SIGN = 1 << 15
_MOST = 65536
"""Entries that a descriptor of 0 stands for."""


class LookupTableError(ValueError):
    """A table that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Entries, the stored value that the first one is for, and bits of each entry."""

    entries: int
    first: int
    bits: int


@dataclass(frozen=True, slots=True)
class LookupTable:
    """The entries of a table with its descriptor."""

    descriptor: Descriptor
    values: npt.NDArray[np.uint16]

    def apply(self, stored: npt.NDArray[np.generic]) -> npt.NDArray[np.uint16]:
        """The entry for each value; what lies outside gets the first or the last one."""
        import numpy as np

        whole = np.rint(np.nan_to_num(stored, nan=0)).astype(np.int64)
        places = whole - self.descriptor.first
        found: npt.NDArray[np.uint16] = self.values[np.clip(places, 0, len(self.values) - 1)]
        return found

    def shares(self, stored: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
        """``apply`` as shares of the greatest value that an entry can have: 0 to 1."""
        import numpy as np

        return np.asarray(self.apply(stored) / float(2**self.descriptor.bits - 1))


def lookup_table(item: Dataset, name: str, *, signed: bool) -> LookupTable:
    """The table of an item of Modality or VOI LUT Sequence.

    name: what the table is called in messages. signed: whether values that go in can be below 0, and so is the first
    one that the descriptor has, in whatever VR it came: without VRs nobody wrote which of the two it is.
    Raises LookupTableError for one that cannot be used.
    """
    import numpy as np

    described = descriptor(item.get("LUTDescriptor"), name)
    if signed and described.first >= _SIGN:
        described = Descriptor(described.entries, described.first - 2 * _SIGN, described.bits)
    data = item.get("LUTData")
    if data is None or (isinstance(data, bytes) and not data):
        raise LookupTableError(f"the {name} has no entries (LUTData)")
    if isinstance(data, bytes):
        order = ">" if item.original_encoding[1] is False else "<"
        packed = len(data) < 2 * described.entries
        values = np.frombuffer(data[: len(data) // 2 * 2], np.uint8 if packed else f"{order}u2")
    else:
        values = np.atleast_1d(np.asarray(data))
    _enough(len(values), described, name)
    return LookupTable(described, values[: described.entries].astype(np.uint16))


def descriptor(value: object, name: str) -> Descriptor:
    """A LUT Descriptor or Palette Color Lookup Table Descriptor. Raises LookupTableError."""
    try:
        entries, first, bits = (int(part) for part in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise LookupTableError(
            f"the {name} is not described: its descriptor has no three numbers"
        ) from None
    if not 1 <= bits <= 16:
        raise LookupTableError(f"the {name} has entries of {bits} bits; 8 to 16 are possible")
    if not 0 <= entries <= _MOST:
        raise LookupTableError(f"the {name} has {entries} entries; 1 to {_MOST} are possible")
    return Descriptor(entries or _MOST, first, bits)


def check_palette(dataset: Dataset) -> None:
    """Raises LookupTableError for a palette that is missing, empty or shorter than it says."""
    for color in ("Red", "Green", "Blue"):
        name = f"{color} Palette Color Lookup Table"
        stem = f"{color}PaletteColorLookupTable"
        described = descriptor(dataset.get(f"{stem}Descriptor"), name)
        if dataset.get(f"Segmented{stem}Data"):
            continue
        data = dataset.get(f"{stem}Data") or b""
        if not data:
            raise LookupTableError(f"the {name} has no entries")
        _enough(len(data), described, name)  # of 8 bits each in some files that say 16


def _enough(entries: int, described: Descriptor, name: str) -> None:
    if entries < described.entries:
        raise LookupTableError(f"the {name} has {entries} of its {described.entries} entries")
