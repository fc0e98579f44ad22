"""Which modality a series has, and the SOP class and transfer syntax that go with it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from scenario_runner.dicom.dictionary import registered, storage_keywords
from scenario_runner.dicom.syntaxes import (
    EXTRAS,
    TRANSFER_SYNTAXES,
    transfer_syntax_uid,
)
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.planning.api import ModalityDefaults

ALIASES = {"XR": "DX"}
"""FHIR's and HL7's word for a radiograph."""


def find_modality(
    given: str, known: Mapping[str, ModalityDefaults]
) -> ModalityDefaults | ValueProblem:
    """The defaults of a modality by its defined term or alias."""
    found = known.get(ALIASES.get(given, given))
    if found is not None:
        return found
    names = sorted({*known, *(a for a, of in ALIASES.items() if of in known)})
    near = get_close_matches(given.upper(), names, 1, 0.5)
    meant = f"; did you mean '{near[0]}'?" if near else ""
    return ValueProblem(
        "FAB306", f"unknown modality '{given}'{meant}", f"modalities are: {', '.join(names)}"
    )


def find_transfer_syntax(given: str, supported: frozenset[str]) -> str | ValueProblem:
    """The UID of a transfer syntax that imaging can write."""
    uid = transfer_syntax_uid(given)
    if uid in supported:
        return uid
    if uid in EXTRAS:
        return ValueProblem(
            "FAB310",
            f"the encoder for '{given}' is not installed",
            f"pip install 'dicom-fabricator[{EXTRAS[uid]}]'",
        )
    near = get_close_matches(given.lower(), TRANSFER_SYNTAXES, 1, 0.6)
    meant = f"; did you mean '{near[0]}'?" if near and uid is None else ""
    what = "unknown transfer syntax" if uid is None else "this version cannot write"
    return ValueProblem(
        "FAB310",
        f"{what} '{given}'{meant}",
        f"transfer syntaxes are: {', '.join(TRANSFER_SYNTAXES)}",
    )


def find_sop_class(given: str) -> str | ValueProblem:
    """The UID of a storage SOP class (PS3.6 table A-1).

    By UID, keyword (``EnhancedCTImageStorage``) or name (``Enhanced CT Image Storage``); upper and
    lower case, spaces and the words Image and Storage at the end do not matter.
    """
    if registered(given).kind == "SOP Class":
        return given
    known = storage_keywords()
    words = {_plain(keyword): uid for keyword, uid in known.items()}
    if (found := words.get(_plain(given))) is not None:
        return found
    near = get_close_matches(given, sorted(known), 3, 0.6)
    meant = f"; did you mean '{near[0]}'?" if near else ""
    return ValueProblem(
        "FAB310",
        f"unknown SOP class '{given}'{meant}",
        "write its UID or its keyword from PS3.6: CTImageStorage",
    )


def _plain(name: str) -> str:
    """The word by which a SOP class is looked up."""
    word = re.sub(r"[^a-z0-9]", "", name.lower())
    return word.removesuffix("storage").removesuffix("image")
