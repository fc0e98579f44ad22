"""Transfer syntaxes by name, and which pixels each can hold (PS3.5 8.2, 10 and annex A).

Light, for ``validate`` reads it; the encoders are imaging's. UIDs are from PS3.6 table A-1.
"""

from __future__ import annotations

from dataclasses import dataclass

EXPLICIT_LE = "1.2.840.10008.1.2.1"
IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"

TRANSFER_SYNTAXES = {
    "explicit-le": EXPLICIT_LE,
    "implicit-le": IMPLICIT_LE,
    "explicit-be": EXPLICIT_BE,
    "deflated": DEFLATED,
    "rle": "1.2.840.10008.1.2.5",
    "jpeg-baseline": "1.2.840.10008.1.2.4.50",
    "jpeg-lossless": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-ls-near": "1.2.840.10008.1.2.4.81",
    "jpeg-2000-lossless": "1.2.840.10008.1.2.4.90",
    "jpeg-2000": "1.2.840.10008.1.2.4.91",
    "htj2k-lossless": "1.2.840.10008.1.2.4.201",
    "htj2k": "1.2.840.10008.1.2.4.203",
}
"""Every name the language has."""

NATIVE = frozenset(
    {EXPLICIT_LE, IMPLICIT_LE, TRANSFER_SYNTAXES["explicit-be"], TRANSFER_SYNTAXES["deflated"]}
)
"""Those that an object without pixels can have: they encode the data set, not the pixels."""

SUPPORTED = frozenset(TRANSFER_SYNTAXES.values())

EXTRAS = {TRANSFER_SYNTAXES[name]: "htj2k" for name in ("htj2k-lossless", "htj2k")}
"""UIDs whose encoder is an extra of this package, and which one."""


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
    """The UID of a name, or the UID itself when it is one of those; None for anything else."""
    if given in TRANSFER_SYNTAXES.values():
        return given
    return TRANSFER_SYNTAXES.get(given.strip().lower().replace("_", "-"))


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
