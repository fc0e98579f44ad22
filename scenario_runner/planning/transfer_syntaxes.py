"""Names of transfer syntaxes (PS3.5 10 and annex A; UIDs from PS3.6 table A-1)."""

from __future__ import annotations

EXPLICIT_LE = "1.2.840.10008.1.2.1"
IMPLICIT_LE = "1.2.840.10008.1.2"

TRANSFER_SYNTAXES = {
    "explicit-le": EXPLICIT_LE,
    "implicit-le": IMPLICIT_LE,
    "explicit-be": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
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
"""Every name the language has; which of them can be written is up to imaging."""

SUPPORTED = frozenset({EXPLICIT_LE, IMPLICIT_LE})


def transfer_syntax_uid(given: str) -> str | None:
    """The UID of a name, or the UID itself when it is one of those; None for anything else."""
    if given in TRANSFER_SYNTAXES.values():
        return given
    return TRANSFER_SYNTAXES.get(given.strip().lower().replace("_", "-"))
