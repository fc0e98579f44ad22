"""A QR code with the UIDs of an image, so that a screenshot of any viewer can be traced to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scenario_runner.dicom.levels import UIDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from scenario_runner.imaging.text.ink import Ink

"""What the code says, separated by spaces; a small image has room for the last of them only."""

_QUIET = 4
"""Modules of white around the symbol (ISO/IEC 18004)."""

_SHARE = 0.34
"""Of the shorter side of the image, which the code may cover."""

_UID_LENGTH = 64
_MASK = 2
"""Trying all eight data masks takes four times as long, and readers do not mind which one it is."""


class Symbol:
    """The shape of all codes of a series: which UIDs, how many modules, how many pixels each.

    lengths: characters of the UIDs that the series' images share, by keyword.
    """

    def __init__(self, rows: int, columns: int, lengths: Mapping[str, int]) -> None:
        room = min(rows, columns) * _SHARE
        self.keywords: tuple[str, ...] = UIDS
        self._measure(lengths)
        if room // self._modules < 2:
            self.keywords = UIDS[-1:]
            self._measure(lengths)
        self._pixels = max(1, int(room // self._modules))
        self.side = self._modules * self._pixels

    def _measure(self, lengths: Mapping[str, int]) -> None:
        import segno

        longest = " ".join("0" * lengths.get(keyword, _UID_LENGTH) for keyword in self.keywords)
        made = segno.make_qr(longest, error="m", mode="alphanumeric", mask=_MASK, boost_error=False)
        self._version = made.version
        self._modules = len(made.matrix) + 2 * _QUIET

    def draw(self, values: Mapping[str, str]) -> NDArray[np.uint8]:
        """The code of one image, (side, side), 255 where it is white. values: UIDs by keyword."""
        import segno

        made = segno.make_qr(
            " ".join(values[keyword] for keyword in self.keywords),
            error="m",
            mode="alphanumeric",
            mask=_MASK,
            version=self._version,
            boost_error=False,
        )
        light = 255 * (1 - np.array(made.matrix, dtype=np.uint8))
        framed = np.pad(light, _QUIET, constant_values=255)
        return framed.repeat(self._pixels, axis=0).repeat(self._pixels, axis=1)


class CodePlate:
    """The place of a code in an image: at the right edge, with its lower edge at ``bottom``.

    shared: values that all images of the series have alike.
    """

    def __init__(
        self, symbol: Symbol, ink: Ink, columns: int, bottom: int, shared: Mapping[str, str]
    ) -> None:
        self._symbol, self._ink, self._shared = symbol, ink, shared
        self._right = columns - max(1, symbol.side // 40)
        self.top, self.bottom = bottom - symbol.side, bottom
        self.keywords = tuple(each for each in symbol.keywords if each not in shared)

    def strip(self, frame: NDArray[Any], values: Mapping[str, str]) -> NDArray[Any]:
        """The covered rows of a frame with the code in them, as a new array."""
        strip = frame[self.top : self.bottom].copy()
        side = self._symbol.side
        drawn = self._symbol.draw({**self._shared, **values})
        strip[:, self._right - side : self._right] = self._ink.apply(drawn)
        return strip
