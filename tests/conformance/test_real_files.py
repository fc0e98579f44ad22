"""Real files: each error of ours that dciodvfy does not share is one that has its section."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
from scenario_runner.conformance.standard import Standard

FILES = Path(pydicom.__file__).parent / "data/test_files"
OURS_ALONE = {
    ("pixel-vr", "PS3.5 A.4"),  # dciodvfy lets fragments be OW
    ("type-1", "PS3.3 C.7.3.1"),  # and Secondary Capture be without Modality
    ("no-preamble", "PS3.10 7.1"),  # and files be without preamble and meta information
    ("meta-missing", "PS3.10 7.1"),
    ("private-creator", "PS3.5 7.8.1"),  # it warns
}
"""Rules that find what dciodvfy does not, and rightly."""
UNJUDGED = ("Information Object Not found", "read failed", "ended with code")
"""What dciodvfy says when it did not get to the end of an object."""


@pytest.mark.peer
def test_no_real_file_is_faulted_without_a_section_that_says_so() -> None:
    unshared, judged = [], 0
    for file in sorted(FILES.rglob("*")):
        if not file.is_file() or file.suffix not in (".dcm", ""):
            continue
        theirs = Dciodvfy().check(file)
        if any(text in each.message for each in theirs for text in UNJUDGED):
            continue
        if any(each.rule in ("not-judged", "class-unknown") for each in theirs):
            continue
        judged += 1
        blamed = {leaf(each.attribute) for each in theirs if each.severity == "error"}
        unshared += [
            (file.name, each.rule, each.section, each.attribute)
            for each in Standard().check(file)
            if each.severity == "error" and leaf(each.attribute) not in blamed
        ]
    assert judged > 100
    assert [each for each in unshared if (each[1], each[2]) not in OURS_ALONE] == []


def leaf(attribute: str | None) -> str:
    return (attribute or "").rpartition(".")[2]
