"""A token for a viewer shows its study, and no other by any way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import fabricate
from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

OURS, OTHER = "1.2.31", "1.2.32"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Where nobody has to log in: a token binds its bearer all the same."""
    with served(tmp_path_factory.mktemp("viewer") / "data") as running:
        for study in (OURS, OTHER):
            assert upload(running, ct(study)).status_code == 201
        yield running


@pytest.fixture(scope="module")
def bearer(service: Served) -> dict[str, str]:
    answer = service.client.post(f"{service.api}/viewer-token", json={"study_instance_uid": OURS})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def ways(study: str) -> list[str]:
    """Every way to see something of a study."""
    return [
        f"/dicom-web/studies/{study}",
        f"/dicom-web/studies/{study}/metadata",
        f"/dicom-web/studies/{study}/series",
        f"/dicom-web/studies/{study}/series/{study}.1/instances/{study}.1.1/frames/1",
        f"/dicom-web/studies?StudyInstanceUID={study}",
        f"/dicom-web/studies?0020000D={study}",
        f"/wado?requestType=WADO&studyUID={study}&objectUID={study}.1.1",
        f"/api/v1/dicom/studies/{study}",
        f"/api/v1/dicom/tags/{study}",
        f"/api/v1/dicom/download/{study}",
        f"/api/v1/dicom/thumbnail/{study}",
    ]


def test_it_shows_its_own_study(service: Served, bearer: dict[str, str]) -> None:
    for way in ways(OURS):
        answer = service.client.get(service.url + way, headers=bearer)
        assert answer.status_code == 200, f"{way}: {answer.text}"


def test_it_shows_no_other_study_and_no_list(service: Served, bearer: dict[str, str]) -> None:
    lists = [
        "/dicom-web/series",
        "/dicom-web/instances",
        "/dicom-web/studies?PatientName=*",
        f"/dicom-web/studies?PatientID=*&0020000d={OTHER}",
        f"/dicom-web/studies?PatientID=*&StudyInstanceUID={OTHER}",
        "/dicom-web/studies/",
        f"/dicom-web/studies?StudyInstanceUID={OURS},{OTHER}",
        f"/dicom-web/studies?StudyInstanceUID={OURS}\\{OTHER}",
        f"/dicom-web/studies?StudyInstanceUID={OURS}&StudyInstanceUID={OTHER}",
        f"/dicom-web/studies?StudyInstanceUID={OURS}&0020000D={OTHER}",
        f"/dicom-web/studies?StudyInstanceUID={OURS}&0020000d={OTHER}",
        f"/dicom-web/series?StudyInstanceUID={OURS}&0020000d={OTHER}",
        f"/dicom-web/studies/{OURS}/series?StudyInstanceUID={OTHER}",
        f"/dicom-web/studies/{OURS}/series?0020000d={OTHER}",
        f"/dicom-web/studies/{OURS}/series/{OTHER}.1/metadata",
        f"/dicom-web/studies/{OURS}/series/{OURS}.1/instances/{OTHER}.1.1/metadata",
        f"/dicom-web/studies/{OURS}/series/{OTHER}.1/instances/{OTHER}.1.1",
        f"/wado?requestType=WADO&studyUID={OURS}&objectUID={OTHER}.1.1",
        f"/wado?requestType=WADO&studyUID={OURS}&studyUID={OTHER}&objectUID={OTHER}.1.1",
        f"/wado?requestType=WADO&studyUID={OTHER}&studyUID={OURS}&objectUID={OTHER}.1.1",
        "/dicom-web/studies?StudyInstanceUID=*",
        f"/dicom-web/studies/{OURS}/../{OTHER}/metadata",
        f"/dicom-web/studies/{OURS}%2F..%2F{OTHER}/metadata",
        "/api/v1/dicom/studies",
        "/api/v1/dicom/studies/patient/PID1",
        "/api/v1/dicom/uploads",
        "/metrics",
    ]
    for way in [*ways(OTHER), *ways("1.2.999"), *lists]:
        answer = service.client.get(service.url + way, headers=bearer)
        assert answer.status_code in (400, 403, 404), f"{way}: {answer.status_code}"
        assert "CITIZEN" not in answer.text


def test_a_search_for_earlier_studies_of_the_patient_finds_its_own_alone(
    service: Served, bearer: dict[str, str]
) -> None:
    for query in ("", "?PatientID=*&limit=101&offset=0&fuzzymatching=false&includefield=00081030"):
        url = f"{service.url}/dicom-web/studies{query}"
        assert len(service.client.get(url).json()) == 2
        found = service.client.get(url, headers=bearer).json()
        assert [one["0020000D"]["Value"] for one in found] == [[OURS]]
    nobody = service.client.get(f"{service.url}/dicom-web/studies?PatientID=NONE", headers=bearer)
    assert nobody.json() == []


def test_it_changes_nothing_and_makes_no_further_token(
    service: Served, bearer: dict[str, str]
) -> None:
    for method, path in (
        ("DELETE", f"/api/v1/dicom/studies/{OURS}?reason=none"),
        ("DELETE", f"/dicom-web/studies/{OURS}?reason=none"),
        ("POST", "/dicom-web/studies"),
        ("POST", f"/dicom-web/studies/{OURS}"),
        ("POST", "/api/v1/dicom/upload"),
    ):
        answer = service.client.request(method, service.url + path, headers=bearer)
        assert answer.status_code == 403, f"{method} {path}"
    again = service.client.post(
        f"{service.api}/viewer-token", json={"study_instance_uid": OURS}, headers=bearer
    )
    assert again.status_code == 403


def test_one_that_was_invented_shows_nothing_even_where_nobody_logs_in(service: Served) -> None:
    invented = {"Authorization": "Bearer fabv_" + "x" * 43}
    answer = service.client.get(f"{service.api}/studies/{OURS}", headers=invented)
    assert (answer.status_code, answer.json()["code"]) == (401, "login-over")


def test_a_look_at_a_study_is_in_the_trail_once_and_not_for_each_frame(
    service: Served, bearer: dict[str, str], tmp_path: Path
) -> None:
    for _ in range(5):
        service.client.get(f"{service.url}/dicom-web/studies/{OURS}/metadata", headers=bearer)
    data = service.client.get(f"{service.api}/studies/{OURS}").json()
    looks = [
        one
        for one in data["history"]
        if one["what"] == "viewed" and one["detail"].get("over") == "DICOMweb"
    ]
    assert len(looks) == 1
    assert fabricate("audit", "verify", "--data", tmp_path / "none").check(0).out.startswith("0 ")
