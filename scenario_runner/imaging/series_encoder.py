"""One series: everything its images share is made once, an image then costs what is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from pydicom import Dataset

from scenario_runner.dicom.dictionary import tag_for_keyword
from scenario_runner.dicom.elements import deflate
from scenario_runner.dicom.levels import UIDS
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.syntaxes import encoding_of, misfit
from scenario_runner.errors import PluginError, UsageError
from scenario_runner.imaging import character_sets, overrides
from scenario_runner.imaging.encoding import syntaxes
from scenario_runner.imaging.encoding.codecs import codec_of
from scenario_runner.imaging.encoding.pixels import CompressedPixels, NativePixels, PixelElement
from scenario_runner.imaging.encoding.template import Template
from scenario_runner.imaging.first_frame import declare_compression, described, ink, may_have
from scenario_runner.imaging.instance import Buffer, Instance
from scenario_runner.imaging.modules.attribute_values import ds
from scenario_runner.imaging.refusal import refusal
from scenario_runner.imaging.rescaled_window import Rescale, follow
from scenario_runner.imaging.text.burner import Burner
from scenario_runner.imaging.text.content import ANONYMOUS, NUMBER_OF, STANDARD, Line
from scenario_runner.imaging.text.overlay import OverlayPlane
from scenario_runner.planning import judged
from scenario_runner.planning.burn_in import SMALLEST_CODE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scenario_runner.imaging.api import Document, Frame, Frames, IodBuilder
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

_RATIO = "LossyImageCompressionRatio"


class SeriesEncoder:
    """Makes the instances of one series.

    frames: the pixels, None for objects without any. modifications: overrides on top of the series' own ``tags``. Raises InvalidInput, before anything
    is made, for an override or a text that cannot be written.
    """

    def __init__(
        self,
        series: PlannedSeries,
        builder: IodBuilder | Document,
        frames: Frames | None,
        modifications: Mapping[str, Any],
    ) -> None:
        self.series = series
        self._builder, self._frames = builder, frames
        self._syntax = series.transfer_syntax_uid
        self._deflated = syntaxes.is_deflated(self._syntax)
        encoding = encoding_of(self._syntax)
        if frames is not None and not may_have(series.frames, cast("IodBuilder", builder)):
            raise UsageError(
                f"series {series.id}: 'frames: {series.frames}', but an image of modality "
                f"{series.modality} has one frame",
                hint="leave 'frames' out and write 'images' instead",
            )
        first = None if frames is None else frames.frame(0)
        if first is not None:
            first = described(series, first)
            self._shape, self._dtype = first.pixels.shape, first.pixels.dtype
            self._plane, self._samples = first.plane, first.samples
            self._require_fit()
            self._may_identify = cast("IodBuilder", builder).defaults.may_say_burned_in
        each = builder.each(series.images[0])
        shared = _shared(builder, series, first)
        tags = {**series.tags, **modifications}
        codec = codec_of(self._syntax)
        if codec is not None:
            declare_compression(shared, codec)
            if codec.method:
                each[_RATIO] = ""
        self._require_conforming(tags, modifications)
        usual = Rescale.of(shared)
        try:
            applied = overrides.apply(shared, tags, encoding=encoding)
        except overrides.UnusableTagError as error:
            raise refusal(series, "FAB311", str(error), error.hint) from None
        follow(shared, usual, applied.keywords, applied.raw)
        varying = [keyword for keyword in each if keyword not in applied.keywords]
        self._fixed = {k: _text(shared, k) for k in each if k not in varying and k in tags}
        lines = [] if first is None else self._lines(shared, each, varying)
        code = None if first is None else self._code(shared)
        self._overlay: OverlayPlane | None = None
        if lines and series.burn_in_as == "overlay":
            rows, columns = self._plane[:2]
            self._overlay = OverlayPlane(lines, rows=rows, columns=columns)
            self._overlay.describe(shared)
            varying.append("OverlayData")
        if first is not None and "BurnedInAnnotation" not in applied.keywords:
            told = self._may_identify or any(line.identifies for line in lines)
            burned = bool(lines) and told and self._overlay is None
            shared.BurnedInAnnotation = "YES" if burned else "NO"
        _declare_negative(shared, applied, "PatientComments" if first is None else "ImageComments")
        terms = character_sets.settled(series, shared, each, applied)
        self._sop_class = _text(shared, "SOPClassUID") or series.sop_class_uid
        self._template = Template(shared, varying, encoding, terms)
        self._element: PixelElement | None = None
        self._lossy = _RATIO in varying
        self._kept: tuple[np.ndarray, tuple[list[Buffer], int]] | None = None
        self._burner: Burner | None = None
        if first is None:
            return
        if "PixelData" not in applied.keywords:
            if codec is None:
                self._element = NativePixels(first.pixels.nbytes, self._dtype, encoding)
            else:
                self._element = CompressedPixels(codec, first.bits_stored)
        if self._overlay is None and (lines or code is not None):
            shades = ink(first, _text(shared, "PhotometricInterpretation"))
            self._burner = self._burn(lines, shades, code)

    def instance(self, image: PlannedImage) -> Instance:
        """The instance of one image of this series."""
        values = self._builder.each(image)
        if self._overlay is not None:
            texts = self._texts(self._overlay.keywords, image, values)
            values["OverlayData"] = self._overlay.data(texts)
        uid = self._fixed.get("SOPInstanceUID") or image.uid
        buffers: list[Buffer]
        if self._element is None:
            values[_RATIO] = ""
            buffers = [self._template.head(values) + self._template.tail]
        else:
            pixels, size = self._pixels(self._element, image, values)
            if self._lossy:
                values[_RATIO] = ds(round(self._native_size / size, 2))
            buffers = [self._template.head(values) + pixels[0], *pixels[1:]]
            if self._template.tail:
                buffers.append(self._template.tail)
        if self._deflated:
            buffers = [deflate(buffers)]
        return Instance(
            sop_class_uid=self._sop_class,
            sop_instance_uid=uid,
            transfer_syntax_uid=self._syntax,
            meta=file_meta(self._sop_class, uid, self._syntax),
            buffers=buffers,
            image=image,
        )

    def _pixels(
        self, element: PixelElement, image: PlannedImage, values: Mapping[str, Any]
    ) -> tuple[list[Buffer], int]:
        """The pixel element of an image: rows under text are copies, all others the phantom's own.

        What was compressed is kept for the next image, which may be the very same picture.
        """
        assert self._frames is not None
        drawn = self._frames.frame(image.index).pixels
        if drawn.shape != self._shape or drawn.dtype != self._dtype:
            raise PluginError(
                f"phantom '{self.series.phantom}' changed from {self._shape} {self._dtype} "
                f"to {drawn.shape} {drawn.dtype} within a series"
            )
        if self._kept is not None and self._kept[0] is drawn:
            return self._kept[1]
        pixels = np.ascontiguousarray(drawn, dtype=self._dtype.newbyteorder("<"))
        frames = pixels.reshape((-1, *self._plane))
        burner = self._burner
        if burner is None:
            made = element.of([frame] for frame in frames)
        else:
            texts = self._texts(burner.keywords, image, values)
            made = element.of(burner.segments(frame, texts) for frame in frames)
        if isinstance(element, CompressedPixels) and not (burner and burner.keywords):
            self._kept = drawn, made
        return made

    def _require_conforming(
        self, tags: Mapping[str, Any], modifications: Mapping[str, Any]
    ) -> None:
        """Raises InvalidInput for a modification that breaks the Standard; tags are judged with the plan."""
        if not modifications:
            return
        series, study = self.series, self.series.study
        planned = {
            "BodyPartExamined": series.body_part,
            "StudyDate": study.date.strftime("%Y%m%d"),
            "PatientBirthDate": "",
        }
        made = judged.Object(series.kind, series.sop_class_uid, self._syntax, planned)
        for path, problem in judged.problems(tags, made):
            if path[0] in modifications:
                raise refusal(series, problem.code, problem.message, problem.hint)

    def _require_fit(self) -> None:
        """Raises InvalidInput for pixels that the transfer syntax cannot hold."""
        bits = self._dtype.itemsize * 8
        rows, columns = self._plane[:2]
        problem = misfit(self._syntax, bits_allocated=bits, rows=rows, columns=columns)
        if problem is not None:
            raise refusal(self.series, "FAB315", *problem)

    @property
    def _native_size(self) -> int:
        """Bytes of the pixels of one image before compression."""
        return int(np.prod(self._shape)) * self._dtype.itemsize

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
            return f"{image.index + 1} of {self.series.image_count}"
        value = values.get(keyword, "")
        return "\\".join(map(str, value)) if isinstance(value, list) else str(value)

    def _lines(
        self, shared: Dataset, each: Mapping[str, Any], varying: Sequence[str]
    ) -> list[Line]:
        """What is burned in: the attributes that have a value, in the order they matter."""
        wanted = self.series.burn_in
        if not wanted or "PixelData" in self.series.tags:
            return []
        last = self.series.images[self.series.image_count - 1]
        lines = []
        usual = STANDARD if self._may_identify or self.series.burn_in_as == "overlay" else ANONYMOUS
        for keyword in usual if isinstance(wanted, bool) else wanted:
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
        if min(self._plane[:2]) < SMALLEST_CODE:
            raise UsageError(
                f"series {self.series.id}: a code can be read from {SMALLEST_CODE} rows and columns on; "
                f"these images have {self._plane[0]} and {self._plane[1]}",
                hint="leave 'code' out, or give the series a larger 'size'",
            )
        return {keyword: _text(shared, keyword) for keyword in UIDS[:-1]}

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


def _shared(builder: IodBuilder | Document, series: PlannedSeries, first: Frame | None) -> Dataset:
    if first is None:
        return cast("Document", builder).shared()
    return cast("IodBuilder", builder).shared(series, first)


def _declare_negative(shared: Dataset, applied: overrides.Applied, keyword: str) -> None:
    """Mark an object that breaks the Standard on purpose as such."""
    if applied.raw and keyword not in applied.keywords:
        said = f"{shared.get(keyword, '')} Negative test: {', '.join(applied.raw)}"
        setattr(shared, keyword, f"{said} written against the Standard on purpose.".strip())


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
