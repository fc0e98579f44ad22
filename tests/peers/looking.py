"""A page as somebody sees and handles it: codes read from the screen, keys, mouse, fingers."""

from __future__ import annotations

import json
import time
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import zxingcpp
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.peers.chromium import Browser

PATIENCE = 60.0
Seen = TypeVar("Seen")
Box = tuple[float, float, float, float]
"""x, y, width, height."""


def until(seen: Callable[[], Seen], patience: float = PATIENCE) -> Seen:
    """What is looked for, once it is to be seen; what was there at the end when it never is."""
    end = time.monotonic() + patience
    while True:
        began = time.monotonic()
        if (found := seen()) or began >= end:
            return found
        # Reading codes takes the processor that draws them: as long a pause as the look was.
        time.sleep(max(0.05, time.monotonic() - began))


def boxes(page: Browser, selector: str) -> list[Box]:
    """Where elements are, from left to right and top to bottom."""
    found = page.value(
        f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.getBoundingClientRect())"
        ".filter(b => b.width > 40 && b.height > 40).map(b => [b.x, b.y, b.width, b.height])"
    )
    return sorted(((x, y, w, h) for x, y, w, h in found or []), key=lambda box: (box[1], box[0]))


def pixels(page: Browser, box: Box) -> np.ndarray:
    """Greys of a part of the screen."""
    return np.asarray(Image.open(BytesIO(page.screenshot(*box))).convert("L"))


def codes(page: Browser, box: Box) -> list[str]:
    """SOP Instance UIDs that are told by the codes in a part of the screen."""
    return [one.text.split(" ")[-1] for one in zxingcpp.read_barcodes(pixels(page, box))]


def press(page: Browser, key: str) -> None:
    """Press a key."""
    text = {"text": key} if len(key) == 1 else {}
    page.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, **text)
    page.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)


def wheel(page: Browser, box: Box, notches: int) -> None:
    """Turn the wheel over a place; up is negative."""
    x, y = box[0] + box[2] / 3, box[1] + box[3] / 3
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    for _ in range(abs(notches)):
        delta = 120 if notches > 0 else -120
        page.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=delta)


def drag(page: Browser, box: Box, dx: float, dy: float) -> None:
    """Drag with the first button, from a third of a place on."""
    x, y = box[0] + box[2] / 3, box[1] + box[3] / 3
    for kind, part in (
        ("mouseMoved", 0.0),
        ("mousePressed", 0.0),
        ("mouseMoved", 0.5),
        ("mouseMoved", 1.0),
        ("mouseReleased", 1.0),
    ):
        held = (
            {"button": "left", "buttons": 1, "clickCount": 1}
            if part or kind == "mousePressed"
            else {}
        )
        page.call("Input.dispatchMouseEvent", type=kind, x=x + dx * part, y=y + dy * part, **held)


def swipe(page: Browser, box: Box, dy: float) -> None:
    """Drag a finger up or down."""
    x, y = box[0] + box[2] / 3, box[1] + box[3] / 2
    page.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    for part in (0.25, 0.5, 0.75, 1.0):
        touched = [{"x": x, "y": y + dy * part}]
        page.call("Input.dispatchTouchEvent", type="touchMove", touchPoints=touched)
    page.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
