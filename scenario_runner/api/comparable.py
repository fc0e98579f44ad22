"""Whether text that a server gave may be what is expected though it is written otherwise: one meaning for queries and checks.

What may have lost its letters on the way into an answer can be held against nothing, and is told instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.dicom.characters import unencodable
from scenario_runner.dicom.lost_letters import may_have_lost

if TYPE_CHECKING:
    from collections.abc import Sequence


def lost_in_answer(wanted: str, have: Sequence[str], terms: Sequence[str]) -> bool:
    """Whether values of an answer are what is expected but for letters that may be lost, as in ``?^?``.

    terms: the defined terms that the answer declares.
    """
    return may_have_lost([wanted], have, terms)


def lost_in_conversion(wanted: str, have: Sequence[str], terms: Sequence[str]) -> bool:
    """Whether values are what is expected but for letters that their character set lacks.

    terms: the defined terms that they came in, of a server of which the site file says that it converts.
    """
    return bool(unencodable(wanted, "PN", terms)) and may_have_lost([wanted], have, some=True)
