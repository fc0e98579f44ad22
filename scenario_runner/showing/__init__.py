"""Images for eyes, by one definition: for previews, ``view`` and the web."""

from scenario_runner.showing.frames import display_frame
from scenario_runner.showing.rendering import (
    NoSuchFrameError,
    NotShownError,
    Viewport,
    draw,
    render,
)
from scenario_runner.showing.window import Function, Window, WindowError

__all__ = [
    "Function",
    "NoSuchFrameError",
    "NotShownError",
    "Viewport",
    "Window",
    "WindowError",
    "display_frame",
    "draw",
    "render",
]
