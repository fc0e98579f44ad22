"""Images for eyes made in a process that decodes, so that what is large or damaged is not in this one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenario_runner import decoding
from scenario_runner.decoding import here
from scenario_runner.showing.rendering import NoSuchFrameError, NotShownError, Viewport, draw
from scenario_runner.showing.strips import MOST_SHOWN
from scenario_runner.showing.window import Window

if TYPE_CHECKING:
    from PIL import Image

_REFUSALS: Final = {
    one.__name__: one for one in (NoSuchFrameError, NotShownError, OSError, ValueError)
}


def picture(
    file: Path, frame: int, window: Window | None, viewport: Viewport | None, *, expected: int
) -> Image.Image:
    """A frame of a file, or what a viewport shows of it, as an 8-bit image.

    expected: bytes of the frame. Raises NotShownError, OSError, ValueError as ``Viewport.apply`` does.
    """
    from PIL import Image

    try:
        head, data = decoding.elsewhere(
            f"{__name__}:answer",
            expected=expected,
            file=str(file),
            frame=frame,
            window=window and (window.center, window.width, window.function),
            viewport=viewport and (viewport.size, viewport.region),
        )
    except decoding.UndecodableError as error:
        raise NotShownError(f"the pixels cannot be shown: {error}") from error
    if "refused" in head:
        raise _REFUSALS[head["refused"]](head["why"])
    return Image.frombytes(head["mode"], tuple(head["image"]), data)


def answer(head: dict[str, Any], _: bytes) -> tuple[dict[str, Any], bytes]:
    """The same within the process that decodes."""
    window, viewport = head["window"], head["viewport"]
    try:
        image = _made(
            Path(head["file"]),
            head["frame"],
            Window(*window) if window else None,
            Viewport(tuple(viewport[0]), viewport[1] and tuple(viewport[1])) if viewport else None,
        )
    except (NotShownError, OSError, ValueError) as error:
        kind = next(name for name, one in _REFUSALS.items() if isinstance(error, one))
        return {"refused": kind, "why": str(error)}, b""
    return {"mode": image.mode, "image": image.size}, image.tobytes()


def _made(file: Path, frame: int, window: Window | None, viewport: Viewport | None) -> Image.Image:
    from scenario_runner.dicom.datasets import open_file

    try:
        dataset = open_file(file, stop_before_pixels=True)
    except OSError:
        raise
    except Exception as error:
        raise NotShownError(f"the header cannot be read: {error}") from error
    image = draw(dataset, lambda: here.frame_of(str(file), frame, raw=False), frame, window)
    if viewport is not None:
        return viewport.apply(image)
    if image.width * image.height * len(image.getbands()) > MOST_SHOWN:
        raise NotShownError(
            f"{image.width} x {image.height} pixels are too many to be shown at once; "
            f"up to {MOST_SHOWN >> 20} MiB are, through a viewport"
        )
    return image
