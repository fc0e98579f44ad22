"""DIMSE statuses by name: those of PS3.7 annex C, and what service classes of PS3.4 say beside them.

Light, for ``validate`` reads it. ``answers.status_class`` says what kind a status is, named or not.
"""

from __future__ import annotations

from typing import Final

SUCCESS: Final = 0x0000
WARNINGS: Final = frozenset((0x0001, 0x0107, 0x0116))
"""Those without B in front: requested optional attributes, attribute list, attribute value out of range."""

INVALID_ATTRIBUTE_VALUE: Final = 0x0106
PROCESSING_FAILURE: Final = 0x0110
DUPLICATE_SOP_INSTANCE: Final = 0x0111
NO_SUCH_SOP_INSTANCE: Final = 0x0112
INVALID_ARGUMENT_VALUE: Final = 0x0115
INVALID_SOP_INSTANCE: Final = 0x0117
CLASS_INSTANCE_CONFLICT: Final = 0x0119
MISSING_ATTRIBUTE: Final = 0x0120
SOP_CLASS_NOT_SUPPORTED: Final = 0x0122
"""Also of a reference in storage commitment (PS3.4 J.3.3.1.1)."""
NO_SUCH_ACTION: Final = 0x0123
NOT_AUTHORIZED: Final = 0x0124
DUPLICATE_TRANSACTION_UID: Final = 0x0131
"""Of storage commitment (PS3.3 C.14.1.1)."""
UNRECOGNIZED_OPERATION: Final = 0x0211
RESOURCE_LIMITATION: Final = 0x0213

OUT_OF_RESOURCES: Final = 0xA700
"""Of storage, query and retrieval (PS3.4 tables B.2-1, C.4-1); A701 and A702 say which."""
UNABLE_TO_PERFORM_SUB_OPERATIONS: Final = 0xA702
"""Of retrieval (PS3.4 tables C.4-2 and C.4-3)."""
MAY_NO_LONGER_BE_UPDATED: Final = 0xA710
"""The Error ID, beside a processing failure, of a finished performed procedure step (PS3.4 table F.7.2-2)."""
MOVE_DESTINATION_UNKNOWN: Final = 0xA801
"""PS3.4 table C.4-2."""
DATA_SET_DOES_NOT_MATCH: Final = 0xA900
"""A data set or an identifier that is not of its SOP class (PS3.4 tables B.2-1, C.4-1 to C.4-3)."""
COERCION: Final = 0xB000
"""A warning: stored with elements that were changed (PS3.4 table B.2-1)."""
SUB_OPERATIONS_FAILED: Final = 0xB000
"""A warning: retrieved, but for one or more (PS3.4 tables C.4-2 and C.4-3)."""
DOES_NOT_MATCH_ITS_CLASS: Final = 0xB007
"""A warning: stored, though the data set is not all that its SOP class has (PS3.4 table B.2-1, PS3.18 I.2-1)."""
CANNOT_UNDERSTAND: Final = 0xC000
"""Of storage (PS3.4 table B.2-1), the first of C000 to CFFF."""
UNABLE_TO_PROCESS: Final = 0xC000
"""Of query and retrieval (PS3.4 tables C.4-1 to C.4-3), the first of C000 to CFFF."""
TRANSFER_SYNTAX_NOT_SUPPORTED: Final = 0xC122
"""Of STOW-RS (PS3.18 table I.2-2)."""
CANCELLED: Final = 0xFE00
PENDING: Final = 0xFF00
PENDING_UNSUPPORTED_KEYS: Final = 0xFF01
"""Of C-FIND: optional keys are not supported as the request wants (PS3.4 table C.4-1)."""
STILL_PENDING: Final = frozenset((PENDING, PENDING_UNSUPPORTED_KEYS))


def is_out_of_resources(status: int) -> bool:
    """Whether the peer lacks room or means, now or at all."""
    return status & 0xFF00 == OUT_OF_RESOURCES or status == RESOURCE_LIMITATION
