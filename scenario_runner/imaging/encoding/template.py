"""A data set encoded once, with holes for what differs from image to image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.filewriter import correct_ambiguous_vr

from scenario_runner.dicom.datasets import encode_dataset
from scenario_runner.dicom.dictionary import tag_for_keyword, vr_of
from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.imaging.encoding.elements import ElementEncoder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenario_runner.dicom.syntaxes import Encoding


_OF_REPEATING_GROUPS = {"OverlayData": 0x60003000}
"""Varying attributes whose keyword stands for several tags, and the one that is meant."""


class Template:
    """The elements of a series before and after its pixel data.

    shared: every attribute that is alike, without pixel data. varying: keywords whose values come
    with each image. Per image the cost is that of the varying elements and one join of about 2 KiB;
    pixel data is never touched.
    """

    def __init__(
        self,
        shared: Dataset,
        varying: Sequence[str],
        encoding: Encoding,
        character_sets: Sequence[str],
    ) -> None:
        correct_ambiguous_vr(shared, is_little_endian=True)
        signed = bool(shared.get("PixelRepresentation", 0))
        encoders: dict[int, tuple[str, ElementEncoder]] = {}
        for keyword in varying:
            tag = _OF_REPEATING_GROUPS.get(keyword) or tag_for_keyword(keyword)
            assert tag is not None, keyword
            encoders[tag] = (
                keyword,
                ElementEncoder(tag, vr_of(tag, signed=signed), encoding, character_sets),
            )
        self._head: list[bytes | tuple[str, ElementEncoder]] = []
        run = Dataset()

        def flush() -> bytes:
            nonlocal run
            encoded = encode_dataset(run, encoding, character_sets)
            run = Dataset()
            return encoded

        tags = sorted({int(tag) for tag in shared.keys()} | set(encoders))  # noqa: SIM118
        for tag in (tag for tag in tags if tag < PIXEL_DATA):
            if tag in encoders:
                self._head += [flush(), encoders[tag]]
            else:
                run[tag] = shared.get_item(tag)
        self._head.append(flush())
        # Pixel data is in here only when an override gave it raw.
        for tag in (tag for tag in tags if tag >= PIXEL_DATA):
            run[tag] = shared.get_item(tag)
        self.tail = flush()

    def head(self, values: Mapping[str, Any]) -> bytes:
        """Everything before pixel data; values: one for each varying keyword."""
        return b"".join(
            [
                piece if type(piece) is bytes else piece[1](values[piece[0]])  # type: ignore[index,operator]
                for piece in self._head
            ]
        )
