"""Zero bytes after a data set, where padding would be an element, are passed over by every door, and noted by those who judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.archive.transcoding import transcode
from scenario_runner.conformance.reader import read_file as judged
from scenario_runner.conformance.standard import Standard
from scenario_runner.dicom.datasets import read_file
from scenario_runner.dicom.elements import read_elements
from scenario_runner.dicom.pixel_places import read_trailer
from scenario_runner.dicom.syntaxes import (
    DEFLATED,
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    encoding_of,
)
from tests.archive.samples import sample
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

ZEROS = (1, 2, 8, 511, 1 << 18)


@pytest.mark.parametrize("count", ZEROS)
@pytest.mark.parametrize("syntax", [IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE, DEFLATED])
def test_who_reads_a_data_set_reads_it_without_them(
    tmp_path: Path, syntax: str, count: int
) -> None:
    one = sample(transfer_syntax=syntax)
    plain, padded = tmp_path / "plain.dcm", tmp_path / "padded.dcm"
    plain.write_bytes(one.file)
    padded.write_bytes(one.file + bytes(count))
    assert read_file(padded) == read_file(plain)
    for other in {IMPLICIT_LE, EXPLICIT_LE} - {syntax}:
        assert transcode(one.data + bytes(count), syntax, other) == transcode(
            one.data, syntax, other
        )
    assert read_trailer(one.data + bytes(count), syntax) == read_trailer(one.data, syntax)
    found = judged(padded)
    assert found.whole
    assert found.data.elements.keys() == judged(plain).data.elements.keys()
    before = {one.rule for one in Standard().check(plain)}
    after = [one for one in Standard().check(padded) if one.rule not in before]
    # What follows a deflated stream is no part of the data set that it holds.
    expected = [] if syntax == DEFLATED else [("zeros", "warning")]
    assert [(one.rule, one.severity) for one in after] == expected


def test_a_byte_that_is_not_zero_is_no_padding() -> None:
    one = sample(transfer_syntax=EXPLICIT_LE)
    with pytest.raises(ValueError, match="no Value Representation"):
        read_elements(one.data + bytes(8) + b"\1", encoding_of(EXPLICIT_LE))


def test_view_shows_the_file_and_notes_them(tmp_path: Path) -> None:
    file = tmp_path / "padded.dcm"
    file.write_bytes(sample().file + bytes(64))
    shown = fabricate("view", file).check()
    assert "64 zero bytes after the data set" in shown.out + shown.err
    fabricate("view", file, "--png", tmp_path / "one.png").check()
    assert '"00100020"' in fabricate("view", file, "--json").check().out
