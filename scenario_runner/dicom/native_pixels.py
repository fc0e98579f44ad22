"""What a pixel takes where it is not compressed (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from typing import Final

SUBSAMPLED: Final = frozenset(("YBR_FULL_422", "YBR_PARTIAL_422"))
"""Photometric interpretations of three samples, of which two pixels share those of colour: two are there for each."""
