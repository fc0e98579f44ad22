"""A picture as the bytes that terminals with graphics take: kitty's protocol, iTerm2's, or sixels."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

_CHUNK = 4096
"""Base64 that one escape sequence of kitty's protocol may hold."""
_BAND = 6
"""Rows of pixels in a row of sixels."""
_SIXEL_COLORS = 64


def kitty(image: Image.Image, columns: int, rows: int) -> str:
    """The kitty graphics protocol: PNG in chunks, shown in so many cells. The terminal answers nothing."""
    data = _png(image)
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    parts = []
    for number, chunk in enumerate(chunks):
        more = int(number < len(chunks) - 1)
        head = f"a=T,f=100,q=2,c={columns},r={rows},m={more}" if number == 0 else f"m={more}"
        parts.append(f"\x1b_G{head};{chunk}\x1b\\")
    return "".join(parts)


def iterm(image: Image.Image, columns: int, rows: int) -> str:
    """iTerm2's inline images: PNG in one sequence, shown in so many cells."""
    size = f"width={columns};height={rows};preserveAspectRatio=1"
    return f"\x1b]1337;File=inline=1;{size}:{_png(image)}\x07"


def sixel(image: Image.Image) -> str:
    """Sixels (DEC STD 070), a pixel for each of the image's, in a palette of its own."""
    import numpy as np

    reduced = image.convert("RGB").quantize(_SIXEL_COLORS)
    indices = np.asarray(reduced, dtype=np.uint8)
    palette = (reduced.getpalette() or [])[: 3 * _SIXEL_COLORS]
    parts = ["\x1bPq", f'"1;1;{image.width};{image.height}']
    for number in np.unique(indices):
        red, green, blue = (round(value / 2.55) for value in palette[3 * number : 3 * number + 3])
        parts.append(f"#{number};2;{red};{green};{blue}")
    parts += [f"{_band(indices[top : top + _BAND])}-" for top in range(0, image.height, _BAND)]
    parts.append("\x1b\\")
    return "".join(parts)


def _band(rows: npt.NDArray[np.uint8]) -> str:
    """Up to six rows: for each colour the columns where it is, as bits from the top."""
    import numpy as np

    weights = (1 << np.arange(len(rows), dtype=np.uint8))[:, None]
    lines = []
    for color in np.unique(rows):
        bits = ((rows == color) * weights).sum(axis=0).astype(np.uint8)
        lines.append(f"#{color}{_runs(bits)}")
    return "$".join(lines)


def _runs(bits: npt.NDArray[np.uint8]) -> str:
    """Characters from ``?``, repetitions told by their number."""
    import numpy as np

    ends = np.flatnonzero(np.diff(bits)) + 1
    starts = np.concatenate(([0], ends))
    lengths = np.diff(np.concatenate((starts, [len(bits)])))
    return "".join(
        f"!{length}{chr(63 + bits[start])}" if length > 3 else chr(63 + bits[start]) * int(length)
        for start, length in zip(starts, lengths, strict=True)
    )


def _png(image: Image.Image) -> str:
    stream = BytesIO()
    image.save(stream, format="PNG", compress_level=3)
    return b64encode(stream.getvalue()).decode("ascii")
