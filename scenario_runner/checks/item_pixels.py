"""Pixels in an item, as those of an icon (PS3.3 F.7), beside another's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom import syntaxes

if TYPE_CHECKING:
    from pydicom import Dataset

_ITEM: Final = b"\xfe\xff\x00\xe0"
"""What pixels in fragments begin with (PS3.5 A.4)."""


def syntax_of(dataset: Dataset) -> str:
    """The transfer syntax of a data set with meta information; empty without."""
    meta = getattr(dataset, "file_meta", None) or {}
    return str(meta.get("TransferSyntaxUID") or "")


def pixels_of_items(ours: Dataset, theirs: Dataset, within: tuple[str, str]) -> str:
    """How the pixels of two items differ, in words; empty where they decode to the same.

    within: the transfer syntaxes of the data sets that they are in. An icon may be compressed as these are, or not at all.
    """
    from scenario_runner.checks.pixels_beside import differing_pixels  # pixels alone need decoders

    found = differing_pixels(_whole(ours, within[0]), _whole(theirs, within[1]))
    return "" if found is None else str(found)


def _whole(item: Dataset, syntax: str) -> Dataset:
    """An item as a data set with meta information of its own."""
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    whole, pixels = Dataset(item), item.get("PixelData") or b""
    in_fragments = bytes(pixels[: len(_ITEM)]) == _ITEM
    plain = syntax if syntax in syntaxes.NATIVE else syntaxes.EXPLICIT_LE
    whole.file_meta = FileMetaDataset()
    whole.file_meta.TransferSyntaxUID = UID(syntax if in_fragments else plain)
    return whole
