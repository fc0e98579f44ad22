"""WADO-RS rendered: a frame as PNG or JPEG, for eyes (PS3.18 8.3.5, 10.4)."""

from __future__ import annotations

import io
import math
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from scenario_runner.decoding import can_decode
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_LE, IMPLICIT_LE, JPEG_BASELINE
from scenario_runner.network.dicomweb.media_types import MULTIPART
from scenario_runner.pacs.dicomweb.desk import (
    Call,
    Reply,
    WebDesk,
    WebError,
    location_of,
    takes_parts,
    unreadable,
)
from scenario_runner.pacs.dicomweb.frames import frame_list, frame_size, gray_rows
from scenario_runner.pacs.dicomweb.parts import Part, multipart, single, whole
from scenario_runner.pacs.dicomweb.search import warning_header
from scenario_runner.pacs.dicomweb.shelf import version_of
from scenario_runner.showing import (
    NoSuchFrameError,
    NotShownError,
    Viewport,
    Window,
    WindowError,
    draw,
)
from scenario_runner.showing.apart import picture
from scenario_runner.showing.strips import draw_strips
from scenario_runner.showing.window import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from PIL import Image
    from pydicom import Dataset

    from scenario_runner.archive.index import Located
    from scenario_runner.showing.rows import Rows

_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG"}
_DONE: Final = frozenset(("accept", "charset", "iccprofile", "quality", "viewport", "window"))
"""Parameters that are followed, or told of otherwise."""
_ANY: Final = 10**9
"""More frames than an instance has."""
_LARGEST: Final = 8192
"""Pixels along one side of a viewport."""
_THUMBNAIL: Final = 128
_LARGE: Final = 1 << 22
"""Bytes of a frame from which on it is never in memory as a whole."""
_ONE_AT_A_TIME: Final = threading.Lock()
"""Held while such a frame is shown."""
_UNPACKED: Final = frozenset((IMPLICIT_LE, EXPLICIT_LE, DEFLATED))
"""Transfer syntaxes whose pixels need no decoder."""


def warm_up() -> None:
    """Load what the first picture would wait for, and with it all who ask meanwhile."""
    import numpy as np
    from pydicom import Dataset

    import scenario_runner.dicom.datasets  # noqa: F401

    header = Dataset()
    header.Rows = header.Columns = 8
    header.PhotometricInterpretation = "MONOCHROME2"
    image = draw(header, lambda: np.zeros((8, 8), np.uint16), 1)
    for media_type in _FORMATS:
        _encoded(Viewport((4, 4)).apply(image), media_type, 90)
    can_decode(JPEG_BASELINE)


def render_image(desk: WebDesk, call: Call) -> Reply:
    """``GET …/rendered`` of a study, a series, an instance or a frame.

    As one image it is the first that can be shown; as ``multipart/related`` of images, one of each
    instance that can be.
    """
    return _render(desk, call, _viewport(call.parameter("viewport")), "rendered")


def render_thumbnail(desk: WebDesk, call: Call) -> Reply:
    """``GET …/thumbnail`` of a study, a series, an instance or a frame: the first image, small."""
    viewport = _viewport(call.parameter("viewport")) or Viewport((_THUMBNAIL, _THUMBNAIL))
    return _render(desk, call, viewport, "thumbnail")


def _render(desk: WebDesk, call: Call, viewport: Viewport | None, resource: str) -> Reply:
    window = _window(call.parameter("window"))
    quality = _quality(call.parameter("quality"))
    media_type, together = _media_type(call)
    frames = frame_list(call.uids.get("frames", "1"), _ANY)
    if len(frames) > 1:
        raise WebError(400, "one frame at a time is rendered")
    found = [one for one in desk.located(call) if can_decode(one.transfer_syntax_uid)]
    if not found:
        raise WebError(406, "there are no pixels that can be decoded here")

    def picture(instance: Located) -> bytes:
        try:
            version = version_of(desk.archive, instance)
        except OSError as error:
            raise unreadable(error) from error
        key = (version, frames[0], window, viewport, quality, media_type)
        return desk.shelf.pictures.get(
            key,
            lambda: _encoded(
                _drawn(desk, instance, frames[0], window, viewport), media_type, quality
            ),
        )

    if "frames" in call.uids:
        resource = f"frames/{call.uids['frames']}/{resource}"
    pictures = _pictures(call, found, picture, media_type, resource, all_of_them=together)
    reply = multipart(media_type, pictures) if together else single(pictures[0])
    return replace(reply, headers={**reply.headers, **warning_header(list(_not_done(call)))})


def _not_done(call: Call) -> Iterator[str]:
    """What a request asks for that its image does not have (PS3.18 8.3.5.1)."""
    for name, text in call.query:
        if name == "annotation":
            yield f"The following annotation values are not supported: {text[:80]}"
        elif name == "iccprofile" and text != "no":
            yield f"The ICC profile '{text[:80]}' is not supported; no profile is embedded"
        elif name not in _DONE:
            yield f"The parameter '{name[:80]}' is not known and was ignored."


def _pictures(
    call: Call,
    found: list[Located],
    picture: Callable[[Located], bytes],
    media_type: str,
    resource: str,
    *,
    all_of_them: bool,
) -> list[Part]:
    """The images of instances: of the first that can be shown, or of all that can be.

    resource: what of an instance they are, for their addresses. Raises WebError when there is none.
    """
    made: list[Part] = []
    refused: WebError | None = None
    for instance in found:
        try:
            data = picture(instance)
        except WebError as error:
            refused = refused or error
            continue
        url = f"{location_of(call.base, instance)}/{resource}"
        made.append(Part(media_type, url, partial(whole, data)))
        if not all_of_them:
            break
    if refused is not None and not made:
        raise refused
    return made


def _drawn(
    desk: WebDesk, instance: Located, frame: int, window: Window | None, viewport: Viewport | None
) -> Image.Image:
    try:
        return _image(desk, instance, frame, window, viewport)
    except NoSuchFrameError as error:
        raise WebError(404, str(error)) from error
    except (NotShownError, DamagedDatasetError) as error:
        raise WebError(406, str(error)) from error
    except OSError as error:
        raise unreadable(error) from error
    except ValueError as error:
        raise WebError(400, f"the viewport is not within the image: {error}") from error


def _image(
    desk: WebDesk, instance: Located, frame: int, window: Window | None, viewport: Viewport | None
) -> Image.Image:
    """Here what is not compressed and small or grey, in another process whatever else there is.

    Raises NotShownError, OSError, ValueError for the viewport.
    """
    size = frame_size(desk.opened(instance).header)
    if instance.transfer_syntax_uid in _UNPACKED:
        with desk.shelf.mapped(desk.archive, instance) as (data, _):
            rows = gray_rows(desk, instance, data, frame)
            if rows is not None:
                header = _header(desk, instance)
                if size > _LARGE:
                    with _ONE_AT_A_TIME:
                        return _strips(header, rows, frame, window, viewport)
                image = draw(header, lambda: rows.read(0, rows.height), frame, window)
                return image if viewport is None else viewport.apply(image)
    path = desk.archive.files.path(instance.file)
    return picture(path, frame, window, viewport, expected=size)


def _strips(
    header: Dataset, rows: Rows, frame: int, window: Window | None, viewport: Viewport | None
) -> Image.Image:
    try:
        return draw_strips(header, rows, frame, window, viewport)
    except (NotShownError, OSError):
        raise
    except Exception as error:
        if viewport is not None:
            viewport.within(rows.width, rows.height)
        raise NotShownError(f"the pixels cannot be shown: {error}") from error


def _header(desk: WebDesk, instance: Located) -> Dataset:
    try:
        return desk.shelf.dataset(desk.archive, instance)
    except OSError:
        raise
    except Exception as error:
        # pydicom raises what it likes for a damaged header.
        raise NotShownError(f"the header cannot be read: {error}") from error


def _encoded(image: Image.Image, media_type: str, quality: int) -> bytes:
    target = io.BytesIO()
    options = {"quality": quality} if media_type == "image/jpeg" else {}
    image.save(target, _FORMATS[media_type], **options)
    return target.getvalue()


def _media_type(call: Call) -> tuple[str, bool]:
    """JPEG or PNG, as the client takes it best, and whether as parts of one answer."""
    for accepted in call.accepted():
        for offered in _FORMATS:
            if accepted.covers(offered):
                return offered, False
            if accepted.essence == MULTIPART and takes_parts(accepted, offered):
                return offered, True
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
    size = (int(columns), int(rows))
    if not region:
        return Viewport(size)
    x, y, width, height = region
    if min(x, y) < 0 or any(abs(one) > _LARGEST for one in region):
        raise WebError(400, "a viewport that is not within the image")
    return Viewport(size, (x, y, width, height))


def _quality(text: str | None) -> int:
    """``quality=1`` to ``100``."""
    if text is None:
        return 90
    (quality,) = _numbers("quality", text, (1,))
    if not 1 <= quality <= 100:
        raise WebError(400, "'quality' is 1 to 100")
    return int(quality)
