"""One element of an encoded data set: where its value lies, and another put in its place."""

from __future__ import annotations

from scenario_runner.dicom import element_writing
from scenario_runner.dicom.elements import HeadReader, deflate, inflate
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_LE, encoding_of


def replace_element(
    data: bytes, transfer_syntax_uid: str, tag: int, vr: str, value: bytes
) -> bytes:
    """The same data set with another value for one top-level element, every other byte as it was.

    value: encoded, of even length. An element that is not there is put in its place. A deflated data
    set is inflated for it and deflated again. Raises DamagedDatasetError.
    """
    if transfer_syntax_uid == DEFLATED:
        return deflate([replace_element(inflate(data), EXPLICIT_LE, tag, vr, value)])
    encoding = encoding_of(transfer_syntax_uid)
    reader = HeadReader(data, encoding)
    at = 0
    start = after = len(data)
    while at < len(data):
        found, written, length, inside = reader.head(at)
        if found >= tag:
            start = after = at
        if found == tag:
            vr = written or vr
            after = reader.value_end(inside, written, length, 1)
        if found >= tag:
            break
        at = reader.value_end(inside, written, length, 1)
    new = element_writing.element(tag, vr, value, encoding)
    return data[:start] + new + data[after:]


def value_span(data: bytes, transfer_syntax_uid: str, tag: int) -> tuple[int, int] | None:
    """Where the value of a top-level element begins and ends in an encoded data set, if it is there.

    Of a deflated data set nothing can be said. Raises DamagedDatasetError.
    """
    if transfer_syntax_uid == DEFLATED:
        return None
    encoding = encoding_of(transfer_syntax_uid)
    reader = HeadReader(data, encoding)
    at = 0
    while at < len(data) and not reader.is_over(at):
        found, vr, length, inside = reader.head(at)
        at = reader.value_end(inside, vr, length, 1)
        if found == tag:
            return inside, min(at, len(data))
    return None
