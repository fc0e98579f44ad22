"""Text of a request that can be kept and said back: in databases, in DICOM, as UTF-8."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from scenario_runner.dicom.levels import can_name_an_instance
from scenario_runner.service.errors import NotThere


def _of_a_study(text: str) -> str:
    """What is kept nowhere is not there, and no pattern for a query either."""
    if not can_name_an_instance(text):
        raise NotThere(
            "study-not-found",
            f"there is no study '{text[:80]}'",
        )
    return text


Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""A text without U+0000, which PostgreSQL does not keep, and without halves of surrogate pairs, which a pattern
is never matched with and UTF-8 does not have; JSON may have both escaped (RFC 8259 8.2)."""
GivenStudy = Annotated[str, AfterValidator(_of_a_study)]
"""A Study Instance UID, or what archives have in its place; what not even they have raises NotThere."""
