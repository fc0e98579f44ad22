"""WADO-RS rendered: a frame as PNG or JPEG, for eyes (PS3.18 8.3.5, 10.4)."""

from __future__ import annotations

import io
import math
from typing import Final

from scenario_runner.decoding import can_decode
from scenario_runner.pacs.dicomweb.desk import Call, Reply, WebDesk, WebError
from scenario_runner.pacs.dicomweb.frames import frame_list
from scenario_runner.showing import (
    NoSuchFrameError,
    NotShownError,
    Viewport,
    Window,
    WindowError,
    render,
)
from scenario_runner.showing.window import FUNCTIONS

_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG"}
_ANY: Final = 10**9
"""More frames than an instance has."""
_LARGEST: Final = 8192
"""Pixels along one side of a viewport."""
_THUMBNAIL: Final = 128


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
    try:
        image = render(desk.archive.files.path(instance.file), frames[0], window)
    except NoSuchFrameError as error:
        raise WebError(404, str(error)) from error
    except NotShownError as error:
        raise WebError(406, str(error)) from error
    if viewport is not None:
        try:
            image = viewport.apply(image)
        except ValueError as error:
            raise WebError(400, f"the viewport is not within the image: {error}") from error
    target = io.BytesIO()
    options = {"quality": quality} if media_type == "image/jpeg" else {}
    image.save(target, _FORMATS[media_type], **options)
    return Reply(media_type=media_type, content=target.getvalue())


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
    if function not in FUNCTIONS:
        raise WebError(400, f"'window' is center,width and one of {', '.join(FUNCTIONS)}")
    center, width = _numbers("window", ",".join(numbers), (2,))
    try:
        return Window(center, width, function)
    except WindowError as error:
        raise WebError(400, str(error)) from error


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
