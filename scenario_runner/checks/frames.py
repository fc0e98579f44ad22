"""Frames that came over DICOMweb beside those that were sent."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from scenario_runner.amounts import amount
from scenario_runner.api import (
    Difference,
    Differences,
    FetchedPart,
    Renditions,
    SentInstance,
    StepContext,
)
from scenario_runner.checks.pairs import expected_of, not_to_be_there
from scenario_runner.checks.pixel_difference import PixelDifference, pixel_difference
from scenario_runner.decoding import UndecodableError, pixels_of
from scenario_runner.dicom import syntaxes

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from pydicom import Dataset

    from scenario_runner.checks.pixel_pictures import Pictures

    _Show = Callable[[np.ndarray, np.ndarray, PixelDifference | None, int | None], None]

_SYNTAXES = {
    "image/jpeg": syntaxes.JPEG_LOSSLESS_SV1,
    "image/jls": syntaxes.JPEG_LS,
    "image/jp2": syntaxes.JPEG_2000_LOSSLESS,
    "image/dicom-rle": syntaxes.RLE,
}
"""What a media type means without a transfer-syntax parameter (PS3.18 table 8.7.3-5)."""


def compared(
    context: StepContext,
    fetched: Renditions,
    differences: Differences,
    what: str | None,
    pictures: Pictures,
) -> Iterator[tuple[str, PixelDifference | None]]:
    """Each frame's name and how it differs from the one that was sent, or None.

    Frames that were asked for and did not come go to ``differences``, and so do frames of nobody.
    """
    sent = context.ledger.ever() if fetched.asked is None else fetched.asked.sent
    came: dict[str, set[int | None]] = {}
    for part in fetched.parts:
        came.setdefault(part.sop_instance_uid, set()).add(part.frame)
    expected = expected_of(context, fetched.asked, came, what, differences)
    for uid, one in expected.items():
        for number in _frames_of(one, fetched) - came.get(uid, set()):
            differences.append(
                Difference(
                    subject=f"{one.image.id} frame {number}", attribute="PixelData",
                    expected="sent", actual="not retrieved",
                )
            )  # fmt: skip
    for uid, group in groupby(fetched.parts, key=lambda part: part.sop_instance_uid):
        word = not_to_be_there(sent.get(uid))
        if word:
            differences.append(
                Difference(
                    subject=uid, attribute="SOPInstanceUID", expected=word, actual="retrieved"
                )
            )
        elif what is None or uid in expected:
            image = sent[uid].image
            [instance] = context.instances(iter([image]), fetched.target)
            dataset = instance.dataset()
            for part in group:
                context.deadline.check()
                why = _differ(dataset, part, partial(pictures.take, image, dataset))
                yield f"{image.id} frame {part.frame}", why


def _frames_of(one: SentInstance, fetched: Renditions) -> set[int | None]:
    """Which frames of an instance ought to have come."""
    series = one.image.series
    if not series.has_pixels:
        return set()
    asked = fetched.asked.frames if fetched.asked is not None else ()
    return set(asked or range(1, series.frames + 1))


def _differ(sent: Dataset, part: FetchedPart, show: _Show) -> PixelDifference | None:
    number = part.frame or 1
    if "PixelData" not in sent:
        return PixelDifference("nothing with pixels was sent")
    data = part.file.read_bytes()
    kind, _, parameters = part.media_type.lower().partition(";")
    try:
        if kind.strip() not in ("application/octet-stream", ""):
            return _differ_decoded(sent, number, data, _syntax(kind.strip(), parameters), show)
        ours = _frame(sent, number)
    except (UndecodableError, AttributeError, ValueError, IndexError) as error:
        return PixelDifference("cannot be decoded", str(error))
    # A frame of odd length may be padded to an even one.
    if data[: len(ours)] == ours and len(data) - len(ours) in (0, len(ours) % 2):
        return None
    if len(data) != len(ours):
        return PixelDifference(
            "another size", f"{amount(len(data), 'byte')} instead of {len(ours)}"
        )
    if (theirs := _array(sent, data[: len(ours)])) is not None:
        return _told(sent, number, _array(sent, ours), theirs, show)
    wrong = sum(one != other for one, other in zip(data, ours, strict=True))
    return PixelDifference("bytes differ", f"{wrong} of {amount(len(ours), 'byte')} differ")


def _syntax(kind: str, parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "transfer-syntax":
            return value.strip().strip('"')
    if kind not in _SYNTAXES:
        raise ValueError(f"a frame of type '{kind[:100]}'")
    return _SYNTAXES[kind]


def _frame(sent: Dataset, number: int) -> bytes:
    """A frame's uncompressed little endian bytes, in the planes it was sent in."""
    frames = int(sent.get("NumberOfFrames") or 1)
    if not 1 <= number <= frames:
        raise IndexError(f"frame {number} of {frames}")
    syntax = sent.file_meta.TransferSyntaxUID
    if not syntax.is_compressed and syntax.is_little_endian and sent.BitsAllocated >= 8:
        size = sent.Rows * sent.Columns * sent.SamplesPerPixel * sent.BitsAllocated // 8
        return bytes(memoryview(sent.PixelData)[(number - 1) * size : number * size])
    pixels = pixels_of(sent)
    array = pixels[number - 1] if frames > 1 else pixels
    return bytes(array.astype(array.dtype.newbyteorder("<")).tobytes())


def _array(sent: Dataset, frame: bytes) -> np.ndarray | None:
    """A frame's bytes as stored values, (rows, columns[, samples]); None where they are packed otherwise."""
    import numpy as np

    bits, samples = sent.BitsAllocated, sent.SamplesPerPixel
    shape = sent.Rows, sent.Columns
    kind = "i" if sent.get("PixelRepresentation") else "u"
    if bits not in (8, 16, 32) or len(frame) != shape[0] * shape[1] * samples * bits // 8:
        return None
    values = np.frombuffer(frame, f"<{kind}{bits // 8}")
    if samples == 1:
        return values.reshape(shape)
    if sent.get("PlanarConfiguration"):
        return np.moveaxis(values.reshape((samples, *shape)), 0, 2)
    return values.reshape((*shape, samples))


def _told(
    sent: Dataset, number: int, ours: np.ndarray | None, theirs: np.ndarray, show: _Show
) -> PixelDifference | None:
    """How a frame differs, shown where there is room."""
    assert ours is not None
    found = pixel_difference(ours, theirs, sent.SamplesPerPixel)
    show(ours, theirs, found, number if (sent.get("NumberOfFrames") or 1) > 1 else None)
    return found


def _differ_decoded(
    sent: Dataset, number: int, data: bytes, syntax: str, show: _Show
) -> PixelDifference | None:
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID

    # Only what describes pixels, and none of it shared with the data set that was sent.
    received = copy.deepcopy(sent.group_dataset(0x0028))
    received.file_meta = copy.deepcopy(sent.file_meta)
    received.file_meta.TransferSyntaxUID = UID(syntax)
    received.PixelData = encapsulate([data])
    received["PixelData"].VR = "OB"
    received["PixelData"].is_undefined_length = True
    received.NumberOfFrames = 1
    frames = int(sent.get("NumberOfFrames") or 1)
    pixels = pixels_of(sent)
    ours = pixels[number - 1] if frames > 1 else pixels
    return _told(sent, number, ours, pixels_of(received), show)
