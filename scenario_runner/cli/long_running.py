"""What commands that serve for days set their process up with."""

from __future__ import annotations

import gc
import sys
from typing import Final

_COLLECTED: Final = (2_000, 10, 10)
"""Objects after which garbage is looked for, and how often among older ones."""
_TURN: Final = 0.0005
"""Seconds a thread may go on while another one waits; with Python's five milliseconds the answer to a short
question took its turn behind fifty senders."""


def serve_long() -> None:
    """A command ends before garbage matters; a server's, of decodes that failed above all, has to go."""
    gc.set_threshold(*_COLLECTED)
    sys.setswitchinterval(_TURN)
