"""Transfer syntaxes: their UIDs, what each does to a data set, and which pixels it can hold.

PS3.5 8.2, 10 and annex A; UIDs are from PS3.6 table A-1. Light, for ``validate`` reads it; the
encoders are imaging's.
"""

from __future__ import annotations

from typing import NamedTuple

from scenario_runner.dicom.dictionary import registered, uid_keyword
from scenario_runner.lazy_dataclasses import dataclass

EXPLICIT_LE = "1.2.840.10008.1.2.1"
IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
JPEG_2000_PART_2_LOSSLESS = "1.2.840.10008.1.2.4.92"
JPEG_2000_PART_2 = "1.2.840.10008.1.2.4.93"
JPIP = "1.2.840.10008.1.2.4.94"
JPIP_DEFLATED = "1.2.840.10008.1.2.4.95"
HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"
HTJ2K = "1.2.840.10008.1.2.4.203"
JPIP_HTJ2K = "1.2.840.10008.1.2.4.204"
JPIP_HTJ2K_DEFLATED = "1.2.840.10008.1.2.4.205"

ARC = "1.2.840.10008.1.2"
"""What every transfer syntax of the Standard begins with."""
_VIDEO_ARC = "1.2.840.10008.1.2.4.10"
"""MPEG2, MPEG-4 and HEVC: .100 to .108, one stream for all frames (PS3.5 8.2.5)."""

TRANSFER_SYNTAXES = {
    "explicit-le": EXPLICIT_LE,
    "implicit-le": IMPLICIT_LE,
    "explicit-be": EXPLICIT_BE,
    "deflated": DEFLATED,
    "rle": RLE,
    "jpeg-baseline": JPEG_BASELINE,
    "jpeg-lossless": JPEG_LOSSLESS_SV1,
    "jpeg-ls": JPEG_LS,
    "jpeg-ls-near": JPEG_LS_NEAR,
    "jpeg-2000-lossless": JPEG_2000_LOSSLESS,
    "jpeg-2000": JPEG_2000,
    "htj2k-lossless": HTJ2K_LOSSLESS,
    "htj2k": HTJ2K,
}
"""Every name the language has."""

PLAIN = (EXPLICIT_LE, IMPLICIT_LE)
"""Uncompressed and in little endian: what identifiers and answers are written in."""
NATIVE = frozenset((*PLAIN, EXPLICIT_BE, DEFLATED))
"""Those that an object without pixels can have: they encode the data set, not the pixels."""

SUPPORTED = frozenset(TRANSFER_SYNTAXES.values())

_MPEG = tuple(f"{_VIDEO_ARC}{n}" for n in range(9))
_VIDEO = (*_MPEG, *(f"{one}.1" for one in _MPEG[:7]))
"""As one fragment and, from .100 to .106, as several."""
FRAMES_TOGETHER = frozenset((*_VIDEO, JPEG_2000_PART_2_LOSSLESS, JPEG_2000_PART_2))
"""Transfer syntaxes whose fragments may hold several frames each: one stream for all, or components of a
transformation across frames (PS3.5 8.2.4, 8.2.5, A.4.4); all others have a fragment, or several, for each."""
_JPEG_XL = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (110, 111, 112))
"""Lossless, recompressed JPEG, and any (Sup 232)."""

RECEIVABLE = (
    EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, DEFLATED, RLE, JPEG_BASELINE, JPEG_EXTENDED, JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1, JPEG_LS, JPEG_LS_NEAR, JPEG_2000_LOSSLESS, JPEG_2000, JPEG_2000_PART_2_LOSSLESS,
    JPEG_2000_PART_2, HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL, HTJ2K, *_JPEG_XL, *_VIDEO,
    "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1",
)  # fmt: skip
"""What an instance may come in, the likely ones first: every transfer syntax of PS3.6 table A-1 that is not
retired and holds a whole instance, and Explicit VR Big Endian. The last two are Encapsulated Uncompressed
and Deflated Image Frame Compression."""

LOSSY = frozenset(
    (
        *(f"1.2.840.10008.1.2.4.{n}" for n in (*range(50, 57), *range(59, 65))),
        *(JPEG_LS_NEAR, JPEG_2000, JPEG_2000_PART_2, HTJ2K, *_JPEG_XL[1:], *_VIDEO),
    )
)
"""Transfer syntaxes whose pixels may have lost something when they were compressed (PS3.5 8.2, 10.1)."""

EXTRAS = dict.fromkeys((HTJ2K_LOSSLESS, HTJ2K), "htj2k")
"""UIDs whose encoder is an extra of this package, and which one."""


class Encoding(NamedTuple):
    """How data elements are written down (PS3.5 7.1): with or without VR, in which byte order."""

    implicit: bool = False
    little: bool = True

    @property
    def order(self) -> str:
        """The byte order as ``struct`` and NumPy write it."""
        return "<" if self.little else ">"


def encoding_of(transfer_syntax_uid: str) -> Encoding:
    """All but two are Explicit VR Little Endian, also what is deflated or compressed (PS3.5 A)."""
    return Encoding(transfer_syntax_uid == IMPLICIT_LE, transfer_syntax_uid != EXPLICIT_BE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a transfer syntax, or the encoder behind it, cannot hold. instead: names that can."""

    bits: int = 16
    """Most bits a sample may have allocated."""
    side: int = 1
    """Fewest rows and columns."""
    even: bool = False
    """Whether the bytes of a frame have to be an even number."""
    instead: str = ""
    """What to do about it."""


_LIMITS = {
    # The baseline process knows 8 bits only (PS3.5 8.2.1).
    "jpeg-baseline": Limits(
        bits=8, instead="jpeg-lossless, jpeg-ls-near and jpeg-2000 take 16 bits"
    ),
    # GDCM keeps pixels as a DICOM value, and those are even.
    "jpeg-lossless": Limits(even=True, instead="make rows or columns even, or use jpeg-ls"),
    # The binding gives CharLS twice the pixels' size, which its headers alone can fill.
    "jpeg-ls": Limits(side=16, instead="rle takes any size"),
    "jpeg-ls-near": Limits(side=16, instead="rle takes any size"),
    # OpenJPEG is asked for six resolutions, each half of the one before.
    "jpeg-2000-lossless": Limits(side=32, instead="rle takes any size, jpeg-ls takes 16"),
    "jpeg-2000": Limits(side=32, instead="rle takes any size, jpeg-ls-near takes 16"),
}


def transfer_syntax_uid(given: str) -> str | None:
    """The UID of a name, of the Standard's keyword or name for it, or itself when it is one of those; None for another."""
    if given in SUPPORTED:
        return given
    known = TRANSFER_SYNTAXES.get(given.strip().lower().replace("_", "-"))
    return known or next((uid for uid in SUPPORTED if _is_called(uid, given.strip())), None)


def _is_called(uid: str, given: str) -> bool:
    """Whether PS3.6 table A-1 calls a UID so."""
    words = given.casefold()
    return uid_keyword(uid).casefold() == words or registered(uid).name.casefold() == words


def transfer_syntax_name(uid: str) -> str:
    """The name of a UID, or the UID itself when it has none."""
    return next((name for name, known in TRANSFER_SYNTAXES.items() if known == uid), uid)


def misfit(
    uid: str, *, bits_allocated: int | None, rows: int, columns: int
) -> tuple[str, str] | None:
    """Why pixels cannot be written in a transfer syntax, and what to do; None when they can.

    bits_allocated: 8 or 16, None when that is not known yet.
    """
    name = transfer_syntax_name(uid)
    limits = _LIMITS.get(name)
    if limits is None:
        return None
    if bits_allocated is not None and bits_allocated > limits.bits:
        return f"{name} holds {limits.bits} bits, the pixels have {bits_allocated}", limits.instead
    if min(rows, columns) < limits.side:
        return (
            f"{name} needs {limits.side} rows and columns or more, there are {rows} x {columns}",
            limits.instead,
        )
    if limits.even and bits_allocated == 8 and rows * columns % 2:
        return (
            f"{name} cannot be made of an odd number of bytes, {rows} x {columns}",
            limits.instead,
        )
    return None
