"""One series: everything its images share is made once, an image then costs what is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.uid import ImplicitVRLittleEndian

from scenario_runner.errors import PluginError, UsageError
from scenario_runner.imaging import character_sets, overrides
from scenario_runner.imaging.encoding.elements import element_header
from scenario_runner.imaging.encoding.template import PIXEL_DATA, Template
from scenario_runner.imaging.instance import Buffer, Instance
from scenario_runner.imaging.refusal import refusal
from scenario_runner.imaging.text.burner import Burner
from scenario_runner.imaging.text.code import ALL_UIDS, SMALLEST
from scenario_runner.imaging.text.content import NUMBER_OF, STANDARD, Line
from scenario_runner.imaging.text.overlay import OverlayPlane
from scenario_runner.part10 import file_meta

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydicom import Dataset

    from scenario_runner.imaging.api import Frame, Frames, IodBuilder
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


class SeriesEncoder:
    """Makes the instances of one series.

    modifications: overrides on top of the series' own ``tags``. Raises InvalidInput, before anything
    is made, for an override or a text that cannot be written.
    """

    def __init__(
        self,
        series: PlannedSeries,
        builder: IodBuilder,
        frames: Frames,
        modifications: Mapping[str, Any],
    ) -> None:
        self.series = series
        self._builder, self._frames = builder, frames
        self._implicit = series.transfer_syntax_uid == ImplicitVRLittleEndian
        defaults = builder.defaults
        if series.frames > 1 and defaults.frames == 1 and not defaults.multiframe_sop_class_uid:
            raise UsageError(
                f"series {series.id}: 'frames: {series.frames}', but an image of modality "
                f"{series.modality} has one frame",
                hint="leave 'frames' out and write 'images' instead",
            )
        first = frames.frame(0)
        self._shape, self._dtype = _described(series, first)
        each = builder.each(series.images[0])
        shared = builder.shared(series, first)
        tags = {**series.tags, **modifications}
        try:
            applied = overrides.apply(shared, tags, implicit=self._implicit)
        except overrides.UnusableTagError as error:
            raise refusal(series, "FAB311", str(error), error.hint) from None
        varying = [keyword for keyword in each if keyword not in applied.keywords]
        self._fixed = {k: _text(shared, k) for k in each if k not in varying and k in tags}
        lines = self._lines(shared, each, varying)
        code = self._code(shared)
        self._overlay: OverlayPlane | None = None
        if lines and series.burn_in_as == "overlay":
            rows, columns = self._plane[:2]
            self._overlay = OverlayPlane(lines, rows=rows, columns=columns)
            self._overlay.describe(shared)
            varying.append("OverlayData")
        if "BurnedInAnnotation" not in applied.keywords:
            shared.BurnedInAnnotation = "YES" if lines and self._overlay is None else "NO"
        self._declare_negative(shared, applied)
        terms = self._character_sets(shared, applied)
        self._sop_class = _text(shared, "SOPClassUID") or series.sop_class_uid
        self._template = Template(shared, varying, implicit=self._implicit, character_sets=terms)
        self._pixel_header = b""
        if "PixelData" not in applied.keywords:
            size = first.pixels.nbytes
            vr = "OW" if self._dtype.itemsize > 1 else "OB"
            self._pixel_header = element_header(
                PIXEL_DATA, vr, size + (size & 1), implicit=self._implicit
            )
            self._padding = b"\0" * (size & 1)
        self._burner: Burner | None = None
        if self._overlay is None and (lines or code is not None):
            ink = _ink(first, _text(shared, "PhotometricInterpretation"))
            self._burner = self._burn(lines, ink, code)

    def instance(self, image: PlannedImage) -> Instance:
        """The instance of one image of this series."""
        values = self._builder.each(image)
        if self._overlay is not None:
            texts = self._texts(self._overlay.keywords, image, values)
            values["OverlayData"] = self._overlay.data(texts)
        uid = self._fixed.get("SOPInstanceUID") or image.uid
        head = self._template.head(values)
        buffers: list[Buffer]
        if self._pixel_header:
            buffers = [head + self._pixel_header, *self._pixels(image, values)]
            if tail := self._padding + self._template.tail:
                buffers.append(tail)
        else:
            buffers = [head + self._template.tail]
        return Instance(
            sop_class_uid=self._sop_class,
            sop_instance_uid=uid,
            transfer_syntax_uid=self.series.transfer_syntax_uid,
            meta=file_meta(self._sop_class, uid, self.series.transfer_syntax_uid),
            buffers=buffers,
            image=image,
        )

    def _pixels(self, image: PlannedImage, values: Mapping[str, Any]) -> list[Buffer]:
        """Pixel data as segments: rows under text are copies, all others the phantom's own."""
        pixels = self._frames.frame(image.index).pixels
        if pixels.shape != self._shape or pixels.dtype != self._dtype:
            raise PluginError(
                f"phantom '{self.series.phantom}' changed from {self._shape} {self._dtype} "
                f"to {pixels.shape} {pixels.dtype} within a series"
            )
        pixels = np.ascontiguousarray(pixels, dtype=self._dtype.newbyteorder("<"))
        burner = self._burner
        if burner is None:
            return [_bytes_of(pixels)]
        texts = self._texts(burner.keywords, image, values)
        return [
            _bytes_of(part)
            for frame in pixels.reshape((-1, *self._plane))
            for part in burner.segments(frame, texts)
        ]

    def _texts(
        self, keywords: Sequence[str], image: PlannedImage, values: Mapping[str, Any]
    ) -> dict[str, str]:
        """What is written on one image, of what differs from image to image."""
        return {
            keyword: self._fixed.get(keyword, self._value(keyword, image, values))
            for keyword in keywords
        }

    def _value(self, keyword: str, image: PlannedImage, values: Mapping[str, Any]) -> str:
        if keyword == NUMBER_OF:
            return f"{image.number} of {self.series.image_count}"
        value = values.get(keyword, "")
        return "\\".join(map(str, value)) if isinstance(value, list) else str(value)

    @property
    def _plane(self) -> tuple[int, ...]:
        """Rows, columns and, for colour, samples of one frame."""
        return self._shape[-3:] if self._samples > 1 else self._shape[-2:]

    @property
    def _samples(self) -> int:
        return 3 if len(self._shape) >= 3 and self._shape[-1] == 3 else 1

    def _lines(
        self, shared: Dataset, each: Mapping[str, Any], varying: Sequence[str]
    ) -> list[Line]:
        """What is burned in: the attributes that have a value, in the order they matter."""
        wanted = self.series.burn_in
        if not wanted or "PixelData" in self.series.tags:
            return []
        last = self.series.images[self.series.image_count - 1]
        lines = []
        for keyword in STANDARD if isinstance(wanted, bool) else wanted:
            if keyword != NUMBER_OF and tag_for_keyword(keyword) is None:
                raise UsageError(
                    f"series {self.series.id}: 'burn_in' names '{keyword}', which is no attribute",
                    hint=overrides.near(keyword),
                )
            varies = keyword == NUMBER_OF or keyword in varying
            value = self._value(keyword, last, each) if varies else _text(shared, keyword)
            if value:
                lines.append(Line(keyword, value, varies))
        return lines

    def _code(self, shared: Dataset) -> dict[str, str] | None:
        """The UIDs that a code has alike on all images, or None when none is wanted."""
        if self.series.code is None or "PixelData" in self.series.tags:
            return None
        if min(self._plane[:2]) < SMALLEST:
            raise UsageError(
                f"series {self.series.id}: a code can be read from {SMALLEST} rows and columns on; "
                f"these images have {self._plane[0]} and {self._plane[1]}",
                hint="leave 'code' out, or give the series a larger 'size'",
            )
        return {keyword: _text(shared, keyword) for keyword in ALL_UIDS[:-1]}

    def _burn(
        self, lines: Sequence[Line], ink: tuple[int, int], code: Mapping[str, str] | None
    ) -> Burner:
        return Burner(
            lines,
            rows=self._plane[0],
            columns=self._plane[1],
            dtype=self._dtype,
            samples=self._samples,
            ink=ink,
            code=code,
        )

    def _declare_negative(self, shared: Dataset, applied: overrides.Applied) -> None:
        """Mark an object that breaks the Standard on purpose as such."""
        if applied.raw and "ImageComments" not in applied.keywords:
            said = f"{shared.get('ImageComments', '')} Negative test: {', '.join(applied.raw)}"
            shared.ImageComments = f"{said} written against the Standard on purpose.".strip()

    def _character_sets(self, shared: Dataset, applied: overrides.Applied) -> tuple[str, ...]:
        """Choose or check the character sets and declare them in the data set."""
        series = self.series
        given = series.study.patient.character_set
        if "SpecificCharacterSet" in applied.keywords and "SpecificCharacterSet" not in applied.raw:
            declared = _text(shared, "SpecificCharacterSet")
            given = tuple(declared.split("\\")) if declared else ()
        elements = list(character_sets.texts(shared))
        if given is None:
            terms = character_sets.choose(text for _, text in elements)
        else:
            terms = tuple("" if term == "ISO_IR 6" else term for term in given)
            if unknown := character_sets.unknown(terms):
                raise refusal(
                    series,
                    "FAB314",
                    f"'{unknown[0]}' is not a defined term of SpecificCharacterSet",
                    "write ISO_IR 100, ISO_IR 192, ISO 2022 IR 87, ... (PS3.3 C.12.1.1.2)",
                )
            for element, text in elements:
                if missing := character_sets.unencodable(text, terms):
                    raise refusal(
                        series,
                        "FAB314",
                        f"{element.keyword or element.tag}: {missing!r} cannot be written in "
                        f"{' and '.join(term or 'ASCII' for term in terms) or 'ASCII'}",
                        "leave 'character_set' out, and one that holds all values is chosen",
                    )
        if "SpecificCharacterSet" not in applied.keywords and any(terms):
            shared.SpecificCharacterSet = list(terms) if len(terms) > 1 else terms[0]
        return terms


def _described(series: PlannedSeries, frame: Frame) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of a phantom's pixels. Raises PluginError when they break the contract."""
    shape, dtype = frame.pixels.shape, frame.pixels.dtype
    plane = shape[:-1] if len(shape) > 2 and shape[-1] == 3 else shape
    if (
        dtype.kind not in "ui"
        or dtype.itemsize > 2
        or len(plane) not in (2, 3)
        or plane[-2:] != (series.rows, series.columns)
        or not 1 <= frame.bits_stored <= dtype.itemsize * 8
    ):
        raise PluginError(
            f"the phantom of series {series.id} drew {shape} {dtype} of {frame.bits_stored} bits; "
            f"{series.rows} rows and {series.columns} columns of 8 or 16-bit integers are wanted"
        )
    return shape, dtype


def _bytes_of(array: np.ndarray[Any, Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _text(dataset: Dataset, keyword: str) -> str:
    """A value as one text, also of a raw element; empty when there is none."""
    tag = tag_for_keyword(keyword)
    if tag is None or tag not in dataset:
        return ""
    element = dataset.get_item(tag)
    if element.is_raw:
        return (element.value or b"").decode("utf-8", "replace").strip(" \0")
    value = element.value
    if value is None:
        return ""
    return "\\".join(map(str, value)) if element.VM > 1 else str(value)


def _ink(frame: Frame, photometric: str) -> tuple[int, int]:
    """Stored values that are shown black and white under the frame's window."""
    if frame.pixels.dtype.itemsize == 1:
        dark, bright = 0, 255
    else:
        (center, width), (slope, intercept) = frame.window, frame.rescale
        limits = np.iinfo(frame.pixels.dtype)
        signed = limits.min < 0
        top = 2 ** (frame.bits_stored - signed) - 1
        bottom = -top - 1 if signed else 0
        dark, bright = (
            int(min(top, max(bottom, round((center + side * width / 2 - intercept) / slope))))
            for side in (-1, 1)
        )
    return (bright, dark) if photometric == "MONOCHROME1" else (dark, bright)
