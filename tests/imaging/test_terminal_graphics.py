"""Pictures for terminals with graphics are what the image is, by each protocol's own rules."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scenario_runner.cli.terminal_pictures import VARIABLE, way
from scenario_runner.imaging.terminal_graphics import iterm, kitty, sixel


def picture(width: int = 90, height: int = 60) -> Image.Image:
    ramp = np.linspace(0, 255, width * height).reshape(height, width).astype(np.uint8)
    return Image.fromarray(np.dstack([ramp, ramp[::-1], ramp]))


def test_kitty_gets_the_png_in_chunks_of_which_the_last_one_says_so() -> None:
    noisy = Image.frombytes("RGB", (200, 100), np.random.default_rng(1).bytes(60000))
    parts = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", kitty(noisy, 20, 6))
    assert all(len(data) <= 4096 for _, data in parts)
    assert "a=T,f=100,q=2,c=20,r=6" in parts[0][0]
    assert [head[-1] for head, _ in parts] == ["1"] * (len(parts) - 1) + ["0"]
    shown = Image.open(BytesIO(base64.b64decode("".join(data for _, data in parts))))
    assert np.array_equal(np.asarray(shown), np.asarray(noisy))


def test_iterm_gets_the_png_in_one_sequence() -> None:
    text = iterm(picture(), 12, 4)
    assert text.startswith("\x1b]1337;File=inline=1;width=12;height=4;")
    shown = Image.open(BytesIO(base64.b64decode(text.rpartition(":")[2].rstrip("\x07"))))
    assert np.array_equal(np.asarray(shown), np.asarray(picture()))


def decoded(text: str) -> np.ndarray:
    """Draw sixels as a terminal does: every pixel of the raster has to be painted."""
    assert text.startswith("\x1bPq")
    assert text.endswith("\x1b\\")
    body = text[3:-2]
    raster = re.match(r'"1;1;(\d+);(\d+)', body)
    assert raster is not None
    width, height = int(raster[1]), int(raster[2])
    pixels = np.full((height, width, 3), -1)
    palette: dict[int, tuple[int, ...]] = {}
    color, x, top = 0, 0, 0
    token = re.compile(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)([?-~])|([?-~])|(\$)|(-)")
    for match in token.finditer(body, raster.end()):
        if match[1]:
            color = int(match[1])
            if match[2]:
                palette[color] = tuple(int(match[n]) for n in (2, 3, 4))
        elif match[8]:
            x = 0
        elif match[9]:
            x, top = 0, top + 6
        else:
            bits = ord(match[6] or match[7]) - 63
            length = int(match[5] or 1)
            for row in (row for row in range(6) if bits >> row & 1):
                pixels[top + row, x : x + length] = palette[color]
            x += length
    assert (pixels >= 0).all()
    return pixels * 2.55


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40))
def test_sixels_paint_every_pixel_in_about_its_colour(width: int, height: int) -> None:
    image = picture(width, height)
    painted = decoded(sixel(image))
    assert painted.shape == (height, width, 3)
    assert np.abs(painted - np.asarray(image)).mean() < 12


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux"}, "blocks"),
        ({"TERM": "screen-256color", "LC_TERMINAL": "iTerm2"}, "blocks"),
        ({"TERM": "dumb"}, "blocks"),
        ({}, "blocks"),
        ({"TERM": "dumb", VARIABLE: "sixel"}, "sixel"),
    ],
)
def test_a_terminal_is_taken_at_its_word(environ: dict[str, str], expected: str) -> None:
    assert way(environ) == expected
