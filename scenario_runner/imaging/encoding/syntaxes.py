"""What a transfer syntax does to a data set as a whole, and which ones can be written here."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from scenario_runner.dicom.syntaxes import (
    DEFLATED,
    EXTRAS,
    SUPPORTED,
)


@cache
def writable() -> frozenset[str]:
    """UIDs of the transfer syntaxes that this installation can write. Loads no encoder."""
    missing = {uid for uid in EXTRAS if find_spec("imagecodecs") is None}
    return SUPPORTED - missing


def is_deflated(transfer_syntax_uid: str) -> bool:
    """Whether the whole data set is deflated."""
    return transfer_syntax_uid == DEFLATED
