"""The site file that a service makes for itself, from the first system on that somebody adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.app.load import Surroundings
from scenario_runner.app.served_site import ServedSite
from scenario_runner.app.site_editing import Seen, remove, save, seen
from scenario_runner.errors import UsageError

PACS = {"dicom.host": "127.0.0.1", "dicom.port": "104", "dicom.ae_title": "A"}


@pytest.fixture
def site(tmp_path: Path) -> ServedSite:
    """With one system."""
    made = ServedSite(None, tmp_path)
    save(made, Seen("pacs", {}, seen(made, "").version), PACS, Surroundings(), new=True)
    return made


def test_it_goes_with_its_last_system_and_comes_again(site: ServedSite) -> None:
    text = site.edited.read_text("utf-8")
    remove(site, seen(site, "pacs"), Surroundings())
    assert site.file is None
    save(site, Seen("pacs", {}, seen(site, "").version), PACS, Surroundings(), new=True)
    assert site.edited.read_text("utf-8") == text


@pytest.mark.parametrize(
    "more", ["# ours\n", "identifiers: {fhir: {accession: [ServiceRequest.identifier.value]}}\n"]
)
def test_what_was_written_in_it_by_hand_does_not_go_with_its_last_system(
    site: ServedSite, more: str
) -> None:
    text = site.edited.read_text("utf-8") + more
    site.edited.write_text(text, "utf-8")
    with pytest.raises(UsageError, match="by hand"):
        remove(site, seen(site, "pacs"), Surroundings())
    assert site.edited.read_text("utf-8") == text
