"""Certificates of a time stamp in the order that a strict reader wants.

OpenSSL, with which many authorities work, writes the certificates of a token in the order it was given, and DER has those of a
SET OF sorted (X.690 11.6). Nothing that is signed covers their order, nor does a length change by it.
"""

from __future__ import annotations

from collections.abc import Iterator

_SEQUENCE, _CONTEXT_0 = 0x30, 0xA0
_WAY = ((_SEQUENCE, 0), (_SEQUENCE, 1), (_CONTEXT_0, 1), (_SEQUENCE, 0), (_CONTEXT_0, 3))
"""Tag and place of what the certificates are in: the answer, its token (ContentInfo), the content, SignedData, the set itself
(RFC 3161 2.4.2, RFC 5652 3 and 5.1)."""


def in_order(answer: bytes) -> bytes:
    """The same answer with the certificates of its token sorted; as it is where it has another form."""
    begin, end = 0, len(answer)
    for tag, place in _WAY:
        found = list(_elements(answer, begin, end))
        if place >= len(found) or found[place][0] != tag:
            return answer
        _, _, begin, end = found[place]
    certificates = sorted(answer[at:to] for _, at, _, to in _elements(answer, begin, end))
    joined = b"".join(certificates)
    return answer[:begin] + joined + answer[end:] if len(joined) == end - begin else answer


def _elements(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, beginning, beginning of the content and end of each element; ends early at what is none of DER."""
    while at + 2 <= end:
        tag, length, content = data[at], data[at + 1], at + 2
        if length & 0x80:
            digits = length & 0x7F
            content += digits
            if not 0 < digits <= 4 or content > end:
                return
            length = int.from_bytes(data[at + 2 : content], "big")
        if content + length > end:
            return
        yield tag, at, content, content + length
        at = content + length
