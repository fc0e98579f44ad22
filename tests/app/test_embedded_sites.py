"""A site file with an embedded PACS that cannot be is refused before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.app.load import Sources, load
from scenario_runner.app.validate import validate
from scenario_runner.errors import InvalidInput
from tests.running import write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("embedded", "words"),
    [
        ({"sop_classes": ["CTImageStorage", "CTImage"]}, "does not know 'CTImage'"),
        ({"transfer_syntaxes": ["explicit-le", "explicit"]}, "does not know 'explicit'"),
        ({"coerce": {"PatientID": "X", "SOPInstanceUID": "1.2"}}, "cannot coerce 'SOPInstanceUID'"),
    ],
)
def test_it_is_found_by_validate_and_before_a_run(
    tmp_path: Path, embedded: dict[str, object], words: str
) -> None:
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": embedded}})
    scenario = write_scenario(tmp_path / "s.yaml", [{"echo": {"to": "pacs"}}])
    [found] = validate(Sources(paths=[site])).diagnostics
    assert (found.code, found.where.file) == ("FAB118", str(site))
    assert words in found.message
    for check in (validate, load):
        with pytest.raises(InvalidInput, match=words):
            check(Sources(paths=[scenario], site=site))


def test_one_that_can_be_is_let_through(tmp_path: Path) -> None:
    embedded = {
        "sop_classes": ["CTImageStorage", "1.2.840.10008.5.1.4.1.1.4"],
        "transfer_syntaxes": ["explicit-le", "JPEG2000Lossless", "1.2.840.10008.1.2"],
        "coerce": {"PatientName": "A^B"},
    }
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": embedded}})
    assert validate(Sources(paths=[site])).diagnostics == []
