"""``fabricate serve``: who reaches it, what it says when something is not there, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import fabricate
from tests.web.served import served


def test_the_service_answers_describes_itself_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        described = service.client.get(f"{service.url}/openapi.json").json()
        assert described["openapi"].startswith("3.1")
        assert service.client.get(f"{service.url}/docs").status_code == 200
        assert service.client.get(f"{service.url}/dicom-web/studies").json() == []
        assert service.stop() == 0


def test_where_the_data_is_can_be_found_by_who_has_not_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shortcut and a service have no working folder that a person knows."""
    monkeypatch.chdir(tmp_path)
    with served(Path("here")) as service:
        assert f"data in {tmp_path / 'here'}\n" in Path("here.log").read_text("utf-8")
        page = service.client.get(f"{service.url}/settings").text
        assert f">{tmp_path / 'here'}<" in page


def test_what_is_not_there_is_a_problem_document_with_a_code(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        for method, path, status, code in (
            ("GET", "/nothing", 404, "not-found"),
            ("DELETE", "/openapi.json", 405, "method-not-allowed"),
        ):
            answer = service.client.request(method, service.url + path)
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert (answer.json()["status"], answer.json()["code"]) == (status, code)


def test_a_page_of_a_stranger_whose_name_leads_here_reads_nothing(tmp_path: Path) -> None:
    with served(tmp_path / "data") as service:
        for path in ("/openapi.json", "/dicom-web/studies"):
            answer = service.client.get(service.url + path, headers={"Host": "evil.example"})
            assert answer.status_code == 421


def test_nobody_is_served_beyond_this_machine_while_nobody_has_to_log_in(tmp_path: Path) -> None:
    refused = fabricate("serve", "--host", "0.0.0.0", "--port", "0", "--data", tmp_path).check(2)
    assert "fabricate user add" in refused.err


def test_a_site_file_that_is_wrong_is_told_before_anything_is_served(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("schema: site/v1\nname: north\ntargets:\n  pacs: {dimse: {}}\n", "utf-8")
    refused = fabricate("serve", "--port", "0", "--data", tmp_path / "data", "--site", site)
    assert "site.yaml:4" in refused.check(3).err
