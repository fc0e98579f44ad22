"""What is newer than pydicom's dictionary is known by every door, and what is newer still, softly."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scenario_runner.conformance.standard import Standard
from scenario_runner.dicom.dictionary import (
    attribute,
    entry_of,
    keyword_of,
    keywords,
    newer_attributes,
    registered,
    tag_for_keyword,
    uid_name,
)
from scenario_runner.reference.dictionary import KNOWN, table
from tests.conformance import objects
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path


def test_attributes_of_supplements_after_pydicoms_dictionary_are_known() -> None:
    known = attribute(0x00100041)
    assert known is not None
    assert (known.vr, known.vm, known.keyword) == ("SQ", "1", "GenderIdentitySequence")
    assert tag_for_keyword("NameToUse") == 0x00100012
    for tag, new in newer_attributes():
        now = attribute(tag)
        assert now is not None
        assert now.vr == new.vr


@pytest.mark.parametrize(
    ("uid", "name", "kind"),
    [
        ("1.2.840.10008.1.2.4.112", "JPEG XL", "Transfer Syntax"),
        ("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", "Transfer Syntax"),
        ("1.2.840.10008.5.1.4.1.1.66.7", "Label Map Segmentation Storage", "SOP Class"),
        ("1.2.840.10008.5.1.4.1.1.2", "CT Image Storage", "SOP Class"),
        ("1.2.3", "", ""),
    ],
)
def test_uids_are_registered_by_name_and_kind(uid: str, name: str, kind: str) -> None:
    assert registered(uid) == (name, kind)
    assert uid_name(uid) == (name or uid)


def test_a_newer_attribute_is_written_found_by_name_and_judged(tmp_path: Path) -> None:
    scenario = tmp_path / "new.yaml"
    scenario.write_text(
        "schema: scenario/v1\nname: new\npatients:\n"
        "  - tags: {PersonNamesToUseSequence: [{NameToUse: Alex}]}\n"
        "    studies:\n      - series: [{modality: CR, images: 1, size: [64, 64]}]\n"
        "steps:\n  - generate: {to: made}\n  - validate: {}\n",
        encoding="utf-8",
    )
    fabricate("run", scenario, "--out", tmp_path / "run").check(0)
    (file,) = (tmp_path / "run").rglob("*.dcm")
    assert "NameToUse" in fabricate("view", file, "--no-image").check(0).out
    assert '"00100012"' in fabricate("view", file, "--json").check(0).out


@pytest.mark.parametrize(
    ("keyword", "uid"),
    [
        ("TransferSyntaxUID", "1.2.840.10008.1.2.4.99999"),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.99999"),
    ],
)
def test_what_only_the_standard_can_have_named_is_a_warning_and_no_error(
    keyword: str, uid: str, tmp_path: Path
) -> None:
    made = objects.ct()
    if keyword == "SOPClassUID":
        objects.put(made, keyword, uid)
        raw = objects.part10(made)
    else:
        raw = objects.compressed(made, syntax=uid)
    (tmp_path / "one.dcm").write_bytes(raw)
    (said,) = Standard().check(tmp_path / "one.dcm")
    assert (said.severity, said.rule, said.attribute) == ("warning", "newer-uid", keyword)


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.112", "1.2.840.10008.1.2.8.1"]
)
def test_compression_that_is_newer_than_pydicom_has_no_finding(syntax: str, tmp_path: Path) -> None:
    (tmp_path / "one.dcm").write_bytes(objects.compressed(syntax=syntax))
    assert Standard().check(tmp_path / "one.dcm") == []


def test_the_table_is_made_of_what_is_missing_and_of_nothing_else() -> None:
    dictionary = (
        "# Generated automatically from DICOM PS 3.6-2099a.\n"
        "(0010,0010)\tPN\tPatientName\t1\tDICOM\n(0010,00FE)\tLO\tNotYetThere\t1-n\tDICOM\n"
        "(0010,00FC)\tLO\tRETIRED_LongGone\t1\tDICOM/retired\n"
        '(0019,"SOMEBODY",10)\tLO\tPrivate\t1\tPrivateTag\n'
    )
    header = (
        '#define UID_CTImageStorage "1.2.840.10008.5.1.4.1.1.2"\n'
        '#define UID_JPEGXLSmallTransferSyntax   "1.2.840.10008.1.2.4.9999"\n'
    )
    heading, *rows = table(dictionary, header).split("attribute: tag, VR, VM, keyword.")[0:2]
    assert "PS 3.6-2099a" in heading
    assert rows[0].splitlines()[1:] == [
        "attribute\t001000FE\tLO\t1-n\tNotYetThere",
        "uid\t1.2.840.10008.1.2.4.9999\tTransfer Syntax\t\tJPEG XL Small",
    ]


def test_the_table_says_what_pydicom_says() -> None:
    """``python -m scenario_runner.reference.dictionary`` makes it anew."""

    def rows(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("#")]

    # In a process of its own, where nothing newer has been added to pydicom's.
    code = "from scenario_runner.reference.dictionary import known; print(known())"
    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert rows(KNOWN.read_text(encoding="utf-8")) == rows(made.stdout.rstrip("\n"))


def test_an_attribute_is_the_same_by_keyword_and_by_tag() -> None:
    found = entry_of("PixelData")
    assert found is not None
    assert found == (0x7FE00010, attribute(0x7FE00010))
    assert found[1].vr == "OB or OW"
    assert keyword_of(0x7FE00010) == "PixelData"
    assert entry_of("NoSuchKeyword") is None
    assert "OverlayRows" in keywords()
    assert attribute(0x60020010) is not None  # of a repeating group, which only pydicom tells
