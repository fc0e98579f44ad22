"""Masks as stored values: what of them is shown black and what white."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.imaging.text.fonts import Mask, Typeface


class Ink:
    """Glyphs in stored values, cached. black, white: values that are shown so."""

    def __init__(
        self, face: Typeface, dtype: np.dtype[Any], samples: int, black: int, white: int
    ) -> None:
        self.face = face
        self._samples = samples
        ramp = black + np.arange(256, dtype=np.float64) * (white - black) / 255.0
        self._ramp = np.rint(ramp).astype(dtype)
        self._glyphs: dict[str, NDArray[Any]] = {}

    def apply(self, mask: Mask) -> NDArray[Any]:
        """A mask as pixels, (height, width[, samples])."""
        inked: NDArray[Any] = self._ramp[mask]
        if self._samples > 1:
            inked = np.repeat(inked[..., None], self._samples, axis=2)
        return np.ascontiguousarray(inked)

    def text(self, text: str) -> NDArray[Any]:
        """Text set glyph by glyph."""
        try:
            pieces = [self._glyphs[character] for character in text]
        except KeyError:
            for character in text:
                if character not in self._glyphs:
                    self._glyphs[character] = self.apply(self.face.glyph(character))
            pieces = [self._glyphs[character] for character in text]
        return np.concatenate(pieces, axis=1)
