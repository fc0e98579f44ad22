"""A PACS that does not take a corrected study back: it has the study as it was, and nothing comes back that was deleted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.processes import orthanc
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served
from tests.web.test_other_homes import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.peers.processes import Server

pytestmark = pytest.mark.peer

FILTER = """
function ReceivedInstanceFilter(dicom, origin, info)
  local file = io.open('{flag}')
  if file then
    local number = file:read('*a')
    file:close()
    if number == 'all' or number == dicom.InstanceNumber then return false end
  end
  return dicom.PatientID ~= 'DROPPED'
end
"""
"""Orthanc says of what this does not let through that it has stored it."""


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("refusing")
    script = folder / "filter.lua"
    script.write_text(FILTER.replace("{flag}", str(flag_of(folder))), encoding="ascii")
    with orthanc(folder, configuration={"LuaScripts": [str(script)]}) as running:
        yield running


def flag_of(folder: Path) -> Path:
    return folder / "refused"


def flag(peer: Server) -> Path:
    return flag_of(peer.folder.parent)


def options(folder: Path, peer: Server) -> tuple[str | Path, ...]:
    return ("--site", site_of(folder, peer), "--pacs", "pacs")


def corrected(service: Served, study: str, patient: str) -> Any:
    body = {"study_instance_uid": study, "tags": {"PatientID": patient}}
    return service.client.post(f"{service.api}/modify-tags", json=body)


def brought(service: Served, study: str) -> None:
    told = upload(service, *(ct(study, number=number) for number in (1, 2, 3)))
    assert told.json()["status"] == "success", told.text


def shown(service: Served, study: str) -> tuple[str, int, list[dict[str, str]]]:
    found = service.client.get(f"{service.api}/studies/{study}").json()
    after = [one["after"] for one in found["changes"]]
    return found["patient_id"], found["number_of_instances"], after


def test_what_the_pacs_takes_and_loses_is_not_corrected_and_the_study_is_there_as_it_was(
    peer: Server, tmp_path: Path
) -> None:
    study = "1.6.82"
    with served(tmp_path / "data", *options(tmp_path, peer)) as service:
        brought(service, study)
        answer = corrected(service, study, "DROPPED")
        assert (answer.status_code, answer.json()["code"]) == (502, "archive-failed")
        assert "does not list 3 of them" in answer.json()["detail"]
        assert "as it was" in answer.json()["detail"]
        assert shown(service, study) == ("PID1", 3, [])
        assert corrected(service, study, "PID2").json()["instances"] == 3
        assert shown(service, study) == ("PID2", 3, [{"PatientID": "PID2"}])


def test_what_the_pacs_answers_for_and_drops_is_not_said_to_be_kept(
    peer: Server, tmp_path: Path
) -> None:
    files = [ct("1.6.87", number=number) for number in (1, 2)]
    with served(tmp_path / "data", *options(tmp_path, peer)) as service:
        flag(peer).write_text("2", encoding="ascii")
        try:
            told = upload(service, *files).json()
        finally:
            flag(peer).unlink()
        assert told["status"] == "partial"
        assert [one["status"] for one in told["files"]] == ["success", "failed"]
        assert "does not list it" in told["files"][1]["error"]
        assert told["studies"][0]["number_of_instances"] == 1
        again = upload(service, *files).json()
        assert [one["status"] for one in again["files"]] == ["duplicate", "success"]


def test_a_study_that_the_pacs_takes_in_no_form_is_kept_here_until_it_does(
    peer: Server, tmp_path: Path
) -> None:
    study = "1.6.83"
    with served(tmp_path / "data", *options(tmp_path, peer)) as service:
        brought(service, study)
        brought(service, "1.6.84")
        flag(peer).write_text("all", encoding="ascii")
        try:
            answer = corrected(service, study, "PID2")
            assert (answer.status_code, answer.json()["code"]) == (503, "correction-unfinished")
            again = corrected(service, "1.6.84", "PID2")
            assert (again.status_code, again.json()["code"]) == (503, "correction-unfinished")
            assert service.client.get(f"{service.api}/studies").status_code == 200
        finally:
            flag(peer).unlink()
        service.kill()
    with served(tmp_path / "data", *options(tmp_path, peer)) as service:
        assert shown(service, study) == ("PID1", 3, [])
        assert shown(service, "1.6.84")[:2] == ("PID1", 3)


def test_a_study_that_was_deleted_meanwhile_does_not_come_back(
    peer: Server, tmp_path: Path
) -> None:
    study = "1.6.85"
    with served(tmp_path / "data", *options(tmp_path, peer)) as service:
        brought(service, study)
        flag(peer).write_text("2", encoding="ascii")
        try:
            assert corrected(service, study, "PID2").status_code == 503
        finally:
            flag(peer).unlink()
        gone = service.client.delete(f"{service.api}/studies/{study}?reason=test")
        assert gone.json()["status"] == "deleted"
        service.kill()
    with served(tmp_path / "data", *options(tmp_path, peer)) as service:
        assert service.client.get(f"{service.api}/studies/{study}").status_code == 404


def test_a_pacs_that_deletes_nothing_is_asked_to_correct_nothing_twice(
    peer: Server, tmp_path: Path
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "schema: site/v1\nname: north\ntargets:\n  pacs:\n    environment: test\n"
        f"    dicom: {{host: {peer.host}, port: {peer.port}, ae_title: {peer.ae_title}}}\n",
        encoding="utf-8",
    )
    study = "1.6.86"
    with served(tmp_path / "data", "--site", site, "--pacs", "pacs") as service:
        brought(service, study)
        answer = corrected(service, study, "PID2")
        assert (answer.status_code, answer.json()["code"]) == (502, "archive-failed")
        assert shown(service, study) == ("PID1", 3, [])
        assert service.client.get(f"{service.api}/studies").status_code == 200
