"""Scenarios over DICOMweb on an Orthanc that is really there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.processes import Server, orthanc
from tests.running import ROOT, fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.peer

PASSWORD = "s3cr3t-pa55word"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("orthanc")
    with orthanc(folder, plugins=["libOrthancDicomWeb.so"], users={"fab": PASSWORD}) as running:
        yield running


def site_of(server: Server, folder: Path, **more: Any) -> Path:
    """Nothing but HTTP; the password comes from the environment."""
    auth = {"basic": {"user": "fab", "password": "{{ env.PACS_PASSWORD }}"}}
    pacs = {
        "dicomweb": {"url": f"{server.http}/dicom-web", "auth": auth},
        "orthanc": {"url": server.http, "auth": auth},
        **more,
    }
    return write_site(folder / "site.yaml", {"pacs": pacs})


def run(
    folder: Path, scenario: Path, site: Path, code: int = 0, password: str = PASSWORD
) -> dict[str, dict[str, Any]]:
    out = folder / "run"
    done = fabricate(
        *("run", scenario, "--site", site, "--registry", ":memory:", "--out", out),
        env={"PACS_PASSWORD": password},
    ).check(code)
    kept = "".join(file.read_text(encoding="utf-8") for file in out.iterdir() if file.is_file())
    assert PASSWORD not in done.out + done.err + kept
    return steps(record(out))


def test_the_scenario_that_ships_passes_on_nothing_but_dicomweb(
    server: Server, tmp_path: Path
) -> None:
    site = site_of(server, tmp_path)
    ran = run(tmp_path, ROOT / "scenarios" / "dicomweb_roundtrip.yaml", site)
    assert {step["outcome"] for step in ran.values()} == {"passed"}
    association = ran["send"]["facts"]["association"]
    assert association["method"] == "POST"
    assert association["status"] == 200
    assert association["media_type"] == "application/dicom+json"
    assert ran["query"]["facts"]["association"]["url"].startswith(
        f"{server.http}/dicom-web/studies?"
    )
    assert ran["retrieve"]["facts"]["http"] == {"200": 1}
    [target] = record(tmp_path / "run")["targets"]
    assert target["url"] == f"{server.http}/dicom-web"
    assert {one["service"]: one["outcome"] for one in target["seen"]}["STOW-RS"] == "used"


@pytest.mark.parametrize(
    ("syntax", "frames"),
    [
        ("jpeg-ls", "application/octet-stream"),
        ("rle", "application/octet-stream"),
        # This Orthanc cannot decode JPEG 2000, and need not.
        ("jpeg-2000-lossless", "image/jp2"),
    ],
)
def test_compressed_images_pass_through_as_they_are(
    server: Server, tmp_path: Path, syntax: str, frames: str
) -> None:
    series = {"modality": "CT", "images": 2, "size": [64, 64], "transfer_syntax": syntax}
    accept = f'multipart/related; type="{frames}"'
    entries: list[Any] = [
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        {"retrieve": {"from": "pacs", "as": "frames", "accept": accept}, "save_as": "frames"},
        {"assert": [{"pixels": {"of": one, "equal": "sent"}} for one in ("back", "frames")]},
        {"assert": [{"tags": {"of": "back", "equal": "sent"}}]},
    ]
    scenario = write_scenario(
        tmp_path / "s.yaml", entries, patients=[{"studies": [{"series": [series]}]}]
    )
    run(tmp_path, scenario, site_of(server, tmp_path))


def test_frames_in_a_media_type_of_choice_and_one_that_is_not_to_be_had(
    server: Server, tmp_path: Path
) -> None:
    jls = 'multipart/related; type="image/jls"'
    entries: list[Any] = [
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs", "as": "frames", "accept": jls}, "save_as": "jls"},
        {
            "retrieve": {
                "from": "pacs",
                "as": "rendered",
                "accept": "image/x-none",
                "expect": "failure",
            },
            "save_as": "refused",
        },
        {
            "assert": [
                {"pixels": {"of": "jls", "equal": "sent"}},
                {"equal": {"actual": "{{ refused.http }}", "expected": 400}},
                {"status": {"of": "refused", "expected": "C000"}},
                {"empty": {"actual": "{{ refused.rendered }}"}},
            ]
        },
    ]
    run(tmp_path, write_scenario(tmp_path / "s.yaml", entries), site_of(server, tmp_path))


def test_what_it_does_not_find_for_a_space_in_a_url_is_told(server: Server, tmp_path: Path) -> None:
    """Orthanc's DICOMweb 1.7 takes %20 for three characters."""
    keys = {"PatientID": "{{ patients[0].id }}"}
    entries: list[Any] = [
        {"send": {"to": "pacs"}},
        *(
            {"query": {"on": "pacs", "level": "study", "match": {**keys, "StudyDescription": text}}}
            for text in ("Two words", "Other words")
        ),
    ]
    patient = {"studies": [{"description": "Two words", "series": [{"modality": "CR"}]}]}
    scenario = write_scenario(tmp_path / "s.yaml", entries, patients=[patient])
    ran = run(tmp_path, scenario, site_of(server, tmp_path))
    assert "it does not unescape" in ran["query"]["message"]
    assert ran["query"]["facts"]["not_unescaped"] is True
    assert ran["query-2"]["message"] == "0 matches"


def test_a_wrong_password_is_an_error_that_says_where_to_look(
    server: Server, tmp_path: Path
) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", [{"send": {"to": "pacs"}}])
    ran = run(tmp_path, scenario, site_of(server, tmp_path), code=4, password="wr0ng-pa55")
    assert "HTTP 401 Unauthorized, not authorized" in ran["send"]["message"]
    assert ran["send"]["facts"]["maybe_stored"] == 0


def test_services_beside_each_other_do_what_via_asks_for(server: Server, tmp_path: Path) -> None:
    dicom = {"host": server.host, "port": server.port, "ae_title": "ORTHANC"}
    entries: list[Any] = [
        {"send": {"to": "pacs", "via": "stow"}},
        {
            "query": {
                "on": "pacs",
                "level": "study",
                "match": {"PatientID": "{{ patients[0].id }}"},
            },
            "save_as": "dimse",
        },
        {
            "query": {
                "on": "pacs",
                "via": "qido",
                "level": "study",
                "match": {"PatientID": "{{ patients[0].id }}"},
            },
            "save_as": "web",
        },
        {"retrieve": {"from": "pacs"}, "save_as": "got"},
        {
            "assert": [
                {
                    "equal": {
                        "actual": "{{ dimse[0].StudyInstanceUID }}",
                        "expected": "{{ web[0].StudyInstanceUID }}",
                    }
                },
                {"stored": {"on": "pacs"}},
                {"stored": {"on": "pacs", "via": "qido"}},
                {"pixels": {"of": "got", "equal": "sent"}},
            ]
        },
    ]
    scenario = write_scenario(tmp_path / "s.yaml", entries)
    ran = run(tmp_path, scenario, site_of(server, tmp_path, dicom=dicom))
    assert ran["send"]["facts"]["association"]["protocol"] == "DICOMweb"
    assert "called_ae_title" in ran["retrieve"]["facts"]["association"]


def test_metadata_of_more_than_a_thousand_frames_come_whole(server: Server, tmp_path: Path) -> None:
    """They were cut to a thousand items, and what was cut was taken for all that the server has."""
    groups = "{{ back.metadata[0].PerFrameFunctionalGroupsSequence"
    entries: list[Any] = [
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs", "as": "metadata"}, "save_as": "back"},
        {
            "assert": [
                {"count": {"actual": f"{groups} }}}}", "expected": 1_010}},
                {
                    "equal": {
                        "actual": f"{groups}[1009].FrameContentSequence[0].InStackPositionNumber }}}}",
                        "expected": 1_010,
                    }
                },
            ]
        },
    ]
    series = {
        "modality": "MR",
        "images": 1,
        "frames": 1_010,
        "size": [8, 8],
        "sop_class": "EnhancedMRImageStorage",
        "burn_in": False,
    }
    scenario = write_scenario(
        tmp_path / "s.yaml", entries, patients=[{"studies": [{"series": [series]}]}]
    )
    run(tmp_path, scenario, site_of(server, tmp_path))
