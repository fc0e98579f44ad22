"""A private key finds the same in any encoding and in any block; a sequence answers what matched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.sequence import Sequence as DicomSequence

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.query import Query
from scenario_runner.dicom.elements import read_elements
from scenario_runner.dicom.syntaxes import Encoding
from tests.archive.samples import EXPLICIT, IMPLICIT, ask, encoded, identifier, put, sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.archive.conftest import Indexed
    from tests.archive.samples import Sample


def private(uid: str, syntax: str, block: int, word: str, number: int) -> Sample:
    from io import BytesIO

    from pydicom import dcmread

    ds = dcmread(BytesIO(sample(uid).file))
    if block != 0x10:
        ds.add_new(0x00290010, "LO", "SOMEBODY ELSE")
        ds.add_new(0x00291001, "LO", "other")
    ds.add_new(0x00290000 | block, "LO", "FABRICATOR")
    ds.add_new(0x00290001 | block << 8, "LO", word)
    ds.add_new(0x00290002 | block << 8, "US", number)
    ds.add_new(0x00290004 | block << 8, "DA", "20260131" if word == "ODD" else "20260201")
    items = [Dataset(), Dataset()]
    items[0].CodeValue, items[1].CodeValue = word, "OTHER"
    ds.add_new(0x00290003 | block << 8, "SQ", items)
    return encoded(ds, syntax)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, indexed: Indexed) -> Iterator[Archive]:
    with Archive(tmp_path_factory.mktemp("archive"), indexed()) as archive:
        put(archive, private("1.1", EXPLICIT, 0x10, "ODD", 7))
        put(archive, private("1.2", IMPLICIT, 0x10, "ODD", 7))
        put(archive, private("1.3", EXPLICIT, 0x42, "ODD", 7))
        put(archive, private("1.4", IMPLICIT, 0x42, "ODD", 7))
        put(archive, private("1.5", EXPLICIT, 0x10, "EVEN", 8))
        yield archive


def asked(archive: Archive, keys: Dataset, *, implicit: bool) -> dict[str, Dataset]:
    """Answers by study, for the keys as they come over the wire in that encoding."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, implicit
    write_dataset(buffer, keys)
    elements = read_elements(buffer.getvalue(), Encoding(implicit))
    matches = Query.of("STUDY", "study", elements).run(archive)
    return {str(one.StudyInstanceUID): one for one in (match.dataset() for match in matches)}


def keys(block: int = 0x10, *, word: str = "", number: int | None = None) -> Dataset:
    found = identifier(StudyInstanceUID="")
    found.add_new(0x00290000 | block, "LO", "FABRICATOR")
    found.add_new(0x00290001 | block << 8, "LO", word)
    if number is not None:
        found.add_new(0x00290002 | block << 8, "US", number)
    return found


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize(
    ("days", "found"),
    [
        ("20260101-20260131", ["1.1", "1.2", "1.3", "1.4"]),
        ("20260201-", ["1.5"]),
        ("-20260131", ["1.1", "1.2", "1.3", "1.4"]),
        ("-20251231", []),
    ],
)
def test_a_range_of_days_in_a_private_key_is_one_in_any_encoding(
    archive: Archive, implicit: bool, days: str, found: list[str]
) -> None:
    """Where neither the query nor the object has a VR, the range was compared as text."""
    keys = identifier(StudyInstanceUID="")
    keys.add_new(0x00290010, "LO", "FABRICATOR")
    keys.add(DataElement(0x00291004, "DA", days, validation_mode=IGNORE))
    assert sorted(asked(archive, keys, implicit=implicit)) == found


@pytest.mark.parametrize("implicit", [True, False])
def test_a_private_sequence_is_matched_by_its_items_in_any_encoding(
    archive: Archive, implicit: bool
) -> None:
    """Implicit VR does not say that a key is a sequence: its bytes were compared with each value."""
    keys = identifier(StudyInstanceUID="")
    wanted = Dataset()
    wanted.CodeValue = "O?D"
    keys.add_new(0x00290010, "LO", "FABRICATOR")
    keys.add_new(0x00291003, "SQ", [wanted])
    found = asked(archive, keys, implicit=implicit)
    assert sorted(found) == ["1.1", "1.2", "1.3", "1.4"]
    for answer in found.values():
        assert [item.CodeValue for item in answer[0x00291003].value] == ["ODD"]


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("block", [0x10, 0x11, 0x42])
def test_a_private_text_is_found_in_every_block_and_encoding(
    archive: Archive, block: int, implicit: bool
) -> None:
    found = asked(archive, keys(block, word="ODD"), implicit=implicit)
    assert sorted(found) == ["1.1", "1.2", "1.3", "1.4"]
    for one in found.values():
        assert one[0x00290000 | block].value == "FABRICATOR"
        assert bytes(str(one[0x00290001 | block << 8].value), "latin-1").strip(b" ") in (
            b"ODD",
            b"b'ODD '",
        )
    assert sorted(asked(archive, keys(block, word="E*"), implicit=implicit)) == ["1.5"]
    assert len(asked(archive, keys(block), implicit=implicit)) == 5
    numbered = asked(archive, keys(block, number=7), implicit=implicit)
    assert sorted(numbered) == ["1.1", "1.2", "1.3", "1.4"]
    assert sorted(asked(archive, keys(block, number=8), implicit=implicit)) == ["1.5"]


VALUES: list[tuple[str, Any, str, str]] = [
    ("US", 7, "7", "8"),
    ("SS", [-3, 4], "-3", "3"),
    ("FD", 1.5, "1.50", "15"),
    ("DS", "2.50", "2.5", "25"),
    ("IS", "12", "12", "1"),
    ("TM", "0930", "0900-1000", "1000-1100"),
    ("DT", "20260131093015", "20260130-20260131", "20260201-"),
    ("PN", "Doe^Jane", "DOE^jane", "DOE^J"),
    ("UI", "1.2.3", "1.2.3", "1.2"),
    ("CS", ["A", "B"], "B", "C"),
    ("LO", "odd", "o?d", "ODD"),
]
"""A value in each VR, and what a key finds it by and does not."""


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_text_of_a_private_key_finds_values_of_any_vr_in_any_encoding(
    tmp_path_factory: pytest.TempPathFactory, syntax: str
) -> None:
    """Who asks need not know the VR: the key is text in UN. Numbers, names and periods were compared as text."""
    from io import BytesIO

    from pydicom import dcmread

    ds = dcmread(BytesIO(sample("1.1").file))
    ds.add_new(0x00290010, "LO", "FABRICATOR")
    for at, (vr, value, _, _) in enumerate(VALUES):
        ds.add_new(0x00291001 + at, vr, value)
    with Archive(tmp_path_factory.mktemp("values")) as archive:
        put(archive, encoded(ds, syntax))
        for at, (vr, value, fits, other) in enumerate(VALUES):
            for text, is_found in ((fits, True), (other, False)):
                for implicit in (True, False):
                    keys = identifier(StudyInstanceUID="")
                    keys.add_new(0x00290010, "LO", "FABRICATOR")
                    keys.add_new(0x00291001 + at, "UN", text.encode() + b" " * (len(text) % 2))
                    found = asked(archive, keys, implicit=implicit)
                    assert bool(found) is is_found, (vr, text, implicit)
                    if syntax == EXPLICIT and is_found and not implicit:
                        assert found["1.1"][0x00291001 + at].value == ds[0x00291001 + at].value, (
                            value
                        )


def test_a_number_of_unknown_vr_is_answered_byte_for_byte(archive: Archive) -> None:
    for one in asked(archive, keys(number=7), implicit=True).values():
        value = one[0x00291002].value
        number = value if isinstance(value, int) else int.from_bytes(value, "little")
        assert number == 7, "2007H is another number"


@pytest.mark.parametrize("implicit", [True, False])
def test_a_creator_alone_is_found_in_any_block(archive: Archive, implicit: bool) -> None:
    for name, count in (("FABRICATOR", 5), ("SOMEBODY ELSE", 2), ("NOBODY", 0)):
        creator = identifier(StudyInstanceUID="")
        creator.add_new(0x00290010, "LO", name)
        assert len(asked(archive, creator, implicit=implicit)) == count


def item(**values: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def test_a_matched_sequence_answers_the_items_that_match(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    requests = [
        item(ScheduledProcedureStepID=f"S{n}", RequestedProcedureID=f"R{n}") for n in (1, 2, 3)
    ]
    with Archive(tmp_path_factory.mktemp("sequences")) as archive:
        put(archive, sample(RequestAttributesSequence=DicomSequence(requests)))

        def answered(**inner: str) -> list[str]:
            wanted = identifier(SeriesInstanceUID="")
            wanted.StudyInstanceUID = "1.2.3"
            wanted.RequestAttributesSequence = DicomSequence([item(**inner)])
            (match,) = ask(archive, "SERIES", "study", wanted)
            return [
                str(one.RequestedProcedureID) for one in match.dataset().RequestAttributesSequence
            ]

        assert answered(ScheduledProcedureStepID="S2", RequestedProcedureID="") == ["R2"]
        assert answered(RequestedProcedureID="R[13]".replace("[13]", "?")) == ["R1", "R2", "R3"]
        assert answered(RequestedProcedureID="") == ["R1", "R2", "R3"]
