"""WADO-RS rendered: a frame as PNG or JPEG, for eyes (PS3.18 8.3.5, 10.4)."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from scenario_runner.decoding import can_decode, frame_of
from scenario_runner.pacs.dicomweb.desk import Call, Reply, WebDesk, WebError
from scenario_runner.pacs.dicomweb.frames import frame_list
from scenario_runner.showing import Function, Window, shown

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG"}
_ANY: Final = 10**9
"""More frames than an instance has."""
_LARGEST: Final = 8192
"""Pixels along one side of a viewport."""
_THUMBNAIL: Final = 128


@dataclass(frozen=True, slots=True)
class Viewport:
    """Where a rendered image goes. size: columns and rows it has to fit; region: x, y, width, height."""

    size: tuple[int, int]
    region: tuple[float, float, float, float] | None = None

    def apply(self, image: Image.Image) -> Image.Image:
        """The region, scaled to fit with its proportions kept (PS3.18 8.3.5.1.3).

        Raises ValueError for a region that is not within the image.
        """
        if self.region is not None:
            x, y, width, height = self.region
            width, height = width or image.width - x, height or image.height - y
            if x + width > image.width or y + height > image.height or min(width, height) < 1:
                raise ValueError(f"it has {image.width} x {image.height} pixels")
            image = image.crop((int(x), int(y), int(x + width), int(y + height)))
        scale = min(self.size[0] / image.width, self.size[1] / image.height)
        fitting = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        return image.resize(fitting)


def render_frame(desk: WebDesk, call: Call) -> Reply:
    """``GET …/instances/{instance}/rendered`` and ``…/frames/{frame}/rendered``."""
    return _render(desk, call, _viewport(call.parameter("viewport")))


def render_thumbnail(desk: WebDesk, call: Call) -> Reply:
    """``GET …/thumbnail`` of a study, a series, an instance or a frame: the first image, small."""
    viewport = _viewport(call.parameter("viewport")) or Viewport((_THUMBNAIL, _THUMBNAIL))
    return _render(desk, call, viewport)


def _render(desk: WebDesk, call: Call, viewport: Viewport | None) -> Reply:
    window = _window(call.parameter("window"))
    quality = _quality(call.parameter("quality"))
    media_type = _media_type(call)
    instance = desk.one(call)
    if not can_decode(instance.transfer_syntax_uid):
        raise WebError(406, "the instance has no pixels that can be decoded here")
    frames = frame_list(call.uids.get("frames", "1"), _ANY)
    if len(frames) > 1:
        raise WebError(400, "one frame at a time is rendered")
    image = render(desk.archive.files.path(instance.file), frames[0], window)
    if viewport is not None:
        try:
            image = viewport.apply(image)
        except ValueError as error:
            raise WebError(400, f"the viewport is not within the image: {error}") from error
    target = io.BytesIO()
    options = {"quality": quality} if media_type == "image/jpeg" else {}
    image.save(target, _FORMATS[media_type], **options)
    return Reply(media_type=media_type, content=target.getvalue())


def render(path: Path, frame: int, window: Window | None = None) -> Image.Image:
    """A frame as an 8-bit image: gray through Modality and VOI LUT, or in colour.

    window: instead of the one in the instance. Raises WebError when it cannot be shown.
    """
    from PIL import Image
    from pydicom import dcmread

    try:
        dataset = dcmread(path, stop_before_pixels=True)
        _check_frame(frame, int(dataset.get("NumberOfFrames") or 1))
        pixels = frame_of(path, frame)
        return Image.fromarray(shown(dataset, pixels, frame, window))
    except WebError:
        raise
    except Exception as error:
        # Decoders of other makers raise what they like for damaged data.
        raise WebError(406, f"the pixels cannot be shown: {error}") from error


def _check_frame(frame: int, count: int) -> None:
    if frame > count:
        raise WebError(404, f"there is no frame {frame}: the instance has {count}")


def _media_type(call: Call) -> str:
    for accepted in call.accepted():
        for offered in _FORMATS:
            if accepted.covers(offered):
                return offered
    raise WebError(406, f"a rendered image is {' or '.join(_FORMATS)}")


def _numbers(name: str, text: str, counts: tuple[int, ...]) -> list[float]:
    """Numbers with commas between; an empty one is 0."""
    try:
        numbers = [float(part or 0) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in counts or not all(map(math.isfinite, numbers)):
        raise WebError(400, f"'{name}={text[:60]}' does not have the numbers it takes")
    return numbers


def _window(text: str | None) -> Window | None:
    """``window=center,width,function`` (PS3.18 8.3.5.1.4)."""
    if text is None:
        return None
    *numbers, function = text.split(",")
    if function not in ("linear", "linear-exact", "sigmoid"):
        raise WebError(400, "'window' is center,width and one of linear, linear-exact, sigmoid")
    center, width = _numbers("window", ",".join(numbers), (2,))
    if width < 1 and (function == "linear" or width <= 0):
        raise WebError(400, "the width of a window has to be 1 or more, or above 0 if not linear")
    return Window(center, width, cast("Function", function))


def _viewport(text: str | None) -> Viewport | None:
    """``viewport=vw,vh`` or ``vw,vh,sx,sy,sw,sh`` (PS3.18 8.3.5.1.3)."""
    if text is None:
        return None
    columns, rows, *region = _numbers("viewport", text, (2, 6))
    if not (1 <= columns <= _LARGEST and 1 <= rows <= _LARGEST):
        raise WebError(400, f"a viewport has 1 to {_LARGEST} pixels along each side")
    if any(one < 0 or one > _LARGEST for one in region):
        raise WebError(400, "a viewport that is not within the image; flipping is not supported")
    size = (int(columns), int(rows))
    return Viewport(size, (region[0], region[1], region[2], region[3]) if region else None)


def _quality(text: str | None) -> int:
    """``quality=1`` to ``100``."""
    if text is None:
        return 90
    (quality,) = _numbers("quality", text, (1,))
    if not 1 <= quality <= 100:
        raise WebError(400, "'quality' is 1 to 100")
    return int(quality)
