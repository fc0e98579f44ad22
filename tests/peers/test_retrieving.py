"""Whatever keys a person retrieves by, a PACS is asked what the Standard allows, and instances come as stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from tests.peers.processes import Modality, Server, dcmqrscp, free_port, orthanc
from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer

SERVERS = [orthanc, dcmqrscp]
TWO_STUDIES: list[dict[str, Any]] = [
    {
        "id": "LISTED1",
        "studies": [
            {
                "accession": f"LIST000{n}",
                "series": [{"modality": "CT", "images": 2, "size": [16, 16]}] * 2,
            }
            for n in (1, 2, 3)
        ],
    }
]
A, B = "{{ studies[0].uid }}", "{{ studies[1].uid }}"


def run(
    tmp_path: Path,
    server: Server,
    entries: list[Any],
    *,
    code: int = 0,
    receiver: int | None = None,
    **more: Any,
) -> dict[str, dict[str, Any]]:
    service = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
    back = {"ae_title": "FABRICATE", "host": "127.0.0.1", "port": receiver or free_port()}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}}, receiver=back)
    scenario = write_scenario(tmp_path / "s.yaml", [{"send": {"to": "pacs"}}, *entries], **more)
    out = tmp_path / "run"
    fabricate("run", scenario, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


@pytest.mark.parametrize("via", ["c-get", "c-move"])
@pytest.mark.parametrize("start", SERVERS)
def test_a_list_of_uids_retrieves_what_a_query_with_it_finds(
    start: Any, via: str, tmp_path: Path
) -> None:
    port = free_port()
    known = {"modalities" if start is orthanc else "peers": [Modality("FABRICATE", port)]}
    entries = [
        {"query": {"on": "pacs", "level": "study", "match": {"StudyInstanceUID": [A, B]}}},
        {"retrieve": {"from": "pacs", "via": via, "match": {"StudyInstanceUID": [A, B]}}},
    ]
    with start(tmp_path, **known) as server:
        found = run(tmp_path, server, entries, receiver=port, patients=TWO_STUDIES)
    assert found["query"]["message"] == "2 matches"
    assert found["retrieve"]["facts"]["instances"] == 8


@pytest.mark.parametrize(
    ("match", "level", "instances"),
    [
        ({"PatientID": "LISTED*"}, "study", 12),
        ({"PatientID": "LISTED1"}, "patient", 12),
        ({"AccessionNumber": ["LIST0001", "LIST0003"]}, "study", 8),
        ({"AccessionNumber": "LIST0002", "Modality": "CT"}, "series", 4),
        ({"StudyInstanceUID": A, "SeriesInstanceUID": "*"}, "series", 4),
        ({"StudyInstanceUID": [A, B], "InstanceNumber": 2}, "image", 4),
        ({"StudyInstanceUID": [A, B], "Modality": "MR"}, "study", 0),
    ],
)
@pytest.mark.parametrize("start", SERVERS)
def test_what_is_no_retrieve_key_is_looked_up_first(
    start: Any, match: dict[str, Any], level: str, instances: int, tmp_path: Path
) -> None:
    entries = [{"retrieve": {"from": "pacs", "match": match, "level": level}}]
    with start(tmp_path) as server:
        code = 0 if instances else 1
        found = run(tmp_path, server, entries, code=code, patients=TWO_STUDIES)["retrieve"]
    if not instances:
        assert "has nothing that fits" in found["message"]
        return
    assert found["facts"]["instances"] == instances
    if match != {"PatientID": "LISTED1"}:
        assert found["facts"]["looked_up"]["queries"] > 0
        assert "told which" in found["message"]


def many(*compressed: str) -> list[dict[str, Any]]:
    """A study of eleven SOP classes: compressed as given, in Explicit and in Implicit VR."""
    first, second, third = compressed
    kinds = (
        ("CT", first), ("MR", "explicit-le"), ("CR", "implicit-le"), ("DX", "explicit-le"),
        ("US", second), ("NM", "implicit-le"), ("PT", third), ("MG", "explicit-le"),
        ("OT", "implicit-le"), ("SR", "explicit-le"), ("PR", "implicit-le"),
    )  # fmt: skip
    series = [{"modality": modality, "transfer_syntax": syntax} for modality, syntax in kinds]
    return [
        one if one["modality"] in ("SR", "PR") else {**one, "images": 1, "size": [64, 64]}
        for one in series
    ]


def held(folder: Path) -> dict[str, tuple[str, str]]:
    """SOP class and transfer syntax of each instance, by its UID."""
    files = [dcmread(file, stop_before_pixels=True) for file in folder.rglob("*.dcm")]
    return {
        str(one.SOPInstanceUID): (str(one.SOPClassUID), str(one.file_meta.TransferSyntaxUID))
        for one in files
    }


def as_if_explicit(kind: tuple[str, str]) -> tuple[str, str]:
    """The same with Explicit VR for Implicit VR, which means the same values."""
    sop_class, syntax = kind
    return sop_class, "1.2.840.10008.1.2.1" if syntax == "1.2.840.10008.1.2" else syntax


@pytest.mark.parametrize(
    ("start", "options", "compressed"),
    [
        (orthanc, {}, ("jpeg-lossless", "rle", "jpeg-2000-lossless")),
        (dcmqrscp, {"options": ["+xs"]}, ("jpeg-lossless",) * 3),
    ],
)
def test_eleven_sop_classes_come_back_by_c_get_as_they_are_stored(
    start: Any, options: dict[str, Any], compressed: tuple[str, ...], tmp_path: Path
) -> None:
    entries = [
        {"generate": {"to": "made"}},
        {"retrieve": {"from": "pacs", "to": "back"}, "save_as": "back"},
        {"assert": [{"tags": {"of": "back", "equal": "sent"}}]},
    ]
    patients = [{"id": "MANY1", "studies": [{"series": many(*compressed)}]}]
    with start(tmp_path, **options) as server:
        run(tmp_path, server, entries, patients=patients)
        made = held(tmp_path / "run" / "made")
        assert len({sop_class for sop_class, _ in made.values()}) == 11
        assert held(tmp_path / "run" / "back") == made
        address = f"{server.ae_title}@{server.host}:{server.port}"
        study = record(tmp_path / "run")["cases"][0]["patients"][0]["studies"][0]["uid"]
        for level, key in (("study", f"StudyInstanceUID={study}"), ("patient", "PatientID=MANY1")):
            to = ("--via", "c-get", "--out", tmp_path / level)
            fabricate("pacs", "retrieve", address, key, "--level", level, *to).check()
            back = held(tmp_path / level)
            if start is dcmqrscp:
                # It does not tell how an instance is stored, and sends over the first context of its class.
                assert {uid: as_if_explicit(kind) for uid, kind in made.items()} == back
            else:
                assert back == made
