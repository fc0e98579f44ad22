"""What a PACS takes, as a site file names it: transfer syntaxes and SOP classes."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, NoReturn

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from scenario_runner.dicom.dictionary import keywords_of, registered, uid_of
from scenario_runner.dicom.syntaxes import TRANSFER_SYNTAXES, transfer_syntax_uid
from scenario_runner.fields.types import Text, one_of

if TYPE_CHECKING:
    from collections.abc import Collection


def transfer_syntax(given: str) -> str:
    """The UID of a transfer syntax by name, keyword or UID. Raises ValueError for anything else."""
    uid = transfer_syntax_uid(given) or _registered(given, "Transfer Syntax")
    return uid or _unknown(given, "transfer syntax", "Transfer Syntax", TRANSFER_SYNTAXES)


def sop_class(given: str) -> str:
    """The UID of a SOP class by keyword or UID. Raises ValueError for anything else."""
    uid = _registered(given, "SOP Class")
    return uid or _unknown(given, "SOP class", "SOP Class", ())


def _registered(given: str, kind: str) -> str | None:
    """A UID by itself or by keyword, if it is of that kind or of none that is known."""
    uid = uid_of(given)
    return uid if uid is not None and registered(uid).kind in ("", kind) else None


def _unknown(given: str, what: str, kind: str, names: Collection[str]) -> NoReturn:
    known = [*names, *keywords_of(kind)]
    near = get_close_matches(given, known, 1)
    example = "a name such as jpeg-ls" if names else "a keyword such as CTImageStorage"
    meant = f"; did you mean '{near[0]}'?" if near else ""
    raise PydanticCustomError(
        "unknown_uid",
        "{message}",
        {"message": f"unknown {what} '{given}'{meant}", "hint": f"write a UID, or {example}"},
    )


def _known_transfer_syntax(given: str) -> str:
    transfer_syntax(given)
    return given


def _known_sop_class(given: str) -> str:
    sop_class(given)
    return given


TakenTransferSyntax = Annotated[
    Text, AfterValidator(_known_transfer_syntax), one_of("transfer_syntax")
]
TakenSopClass = Annotated[Text, AfterValidator(_known_sop_class), one_of("sop_class")]
"""Kept as it was written; ``transfer_syntax`` and ``sop_class`` give the UID."""
