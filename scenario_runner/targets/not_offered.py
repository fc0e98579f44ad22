"""What to do about a service that a PACS does not offer: to declare that, or to ask in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scenario_runner.api.operations import QueryLevel

_DECLARE: Final = (
    "if it has no such service, the site file may say expects: {{{}}}, and such steps are skipped"
)
NO_MPPS: Final = _DECLARE.format("mpps: false")
NO_COMMITMENT: Final = _DECLARE.format("commitment: none")
_NO_WORKLIST: Final = _DECLARE.format("worklist: false")
_NO_PATIENTS: Final = "the other levels have an information model of their own, which it may offer: ask at the level of studies"


def no_query(level: QueryLevel) -> str:
    """For a C-FIND."""
    return {"worklist": _NO_WORKLIST, "patient": _NO_PATIENTS}.get(level, "")


def no_retrieval(level: QueryLevel, otherwise: str) -> str:
    """For a C-GET or C-MOVE. otherwise: the other way, as ``via`` has it."""
    return _NO_PATIENTS if level == "patient" else f"it may offer the other way: via: {otherwise}"
