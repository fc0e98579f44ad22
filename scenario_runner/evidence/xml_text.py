"""Text that may stand in XML 1.0."""

from __future__ import annotations

import re

from scenario_runner.evidence.unseen import escaped

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 allows nowhere, not even escaped (section 2.2)."""


def xml_text(text: str) -> str:
    """The text with U+FFFD in the place of what XML cannot hold, and with what nobody sees made visible."""
    return escaped(_FORBIDDEN.sub("\ufffd", text))
