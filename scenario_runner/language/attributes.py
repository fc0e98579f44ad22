"""Names of DICOM attributes: keywords of the Standard, and private elements."""

from __future__ import annotations

from scenario_runner.dicom.dictionary import keywords, tag_for_keyword
from scenario_runner.dicom.private_names import private_name
from scenario_runner.language.diagnostic_words import did_you_mean


def attribute_problem(name: str) -> tuple[str, str] | None:
    """Message and hint when a name is no attribute; None when it is one.

    An attribute is a keyword (PS3.6) or ``(gggg,xxee) CREATOR`` with an odd group (PS3.5 7.8).
    """
    if name in keywords():
        return None
    if name.startswith("("):
        private = private_name(name)
        if private and private.group % 2 == 1:
            return None
        reason = "its group is even" if private else "it is not written like one"
        return (
            f"'{name}' is no private attribute: {reason}",
            'write "(0009,xx01) MY CREATOR": odd group, xx, element, creator; or a keyword',
        )
    # A newer pydicom may know attributes that are younger than our table.
    if tag_for_keyword(name) is not None:
        return None
    return (
        f"there is no DICOM attribute '{name}'{did_you_mean(name, sorted(keywords()))}",
        'use a keyword of PS3.6 such as PatientID, or "(0009,xx01) CREATOR" for a private one',
    )
