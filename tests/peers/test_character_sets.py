"""Text goes through real systems and comes back as it was written, or is told where it was not declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from tests.pacs.worklist_items import write_item
from tests.peers.processes import orthanc, wlmscpfs
from tests.running import fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer

DESCRIPTION = "Scanner cœur, forfait 25 €"
SERIES = {"modality": "CT", "images": 1, "size": [64, 64]}


def ask(via: str) -> dict[str, Any]:
    match = {"StudyInstanceUID": "{{ studies[0].uid }}"}
    return {
        "query": {
            "on": "pacs",
            "via": via,
            "level": "study",
            "match": match,
            "return": ["PatientName", "StudyDescription"],
        },
        "save_as": via.replace("-", "_"),
    }


def scenario(path: Path, name: str, description: str, **patient: Any) -> Path:
    same = [
        {"equal": {"actual": f"{{{{ {found}[0].{keyword} }}}}", "expected": expected}}
        for found in ("c_find", "qido")
        for keyword, expected in (("PatientName", name), ("StudyDescription", description))
    ]
    study = {"description": description, "series": [SERIES]}
    return write_scenario(
        path,
        [
            {"send": {"to": "pacs"}},
            {"validate": {"with": ["standard"]}},
            ask("c-find"),
            ask("qido"),
            {"retrieve": {"from": "pacs", "via": "c-get"}, "save_as": "back"},
            {"retrieve": {"from": "pacs", "via": "wado"}, "save_as": "web"},
            {"assert": [*same, *({"tags": {"of": it, "equal": "sent"}} for it in ("back", "web"))]},
        ],
        patients=[{"name": name, "studies": [study], **patient}],
    )


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("TESTŒUF^ZOË", None),
        ("TESTŒUF^ZOË", "ISO_IR 203"),
        ("WANG^XIAODONG=王^小东", ["", "ISO 2022 IR 58"]),
        ("YAMADA^T=山本^表", ["ISO 2022 IR 13", "ISO 2022 IR 87"]),
        ("Wałęsa^Jérôme", ["ISO 2022 IR 100", "ISO 2022 IR 101"]),
        ("WANG^X=壜^王", "GBK"),
    ],
)
def test_text_comes_back_from_the_embedded_pacs_by_every_door(
    tmp_path: Path, name: str, declared: Any
) -> None:
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {"dicomweb": {}}}})
    description = (
        DESCRIPTION if declared in (None, "ISO_IR 203") else name.partition("=")[2] or name
    )
    given = {} if declared is None else {"character_set": declared}
    file = scenario(tmp_path / "text.yaml", name, description, **given)
    fabricate(
        "run", file, "--site", site, "--registry", ":memory:", "--out", tmp_path / "run"
    ).check()


def test_latin_9_and_the_euro_come_back_from_orthanc(tmp_path: Path) -> None:
    # By itself Orthanc answers in Latin-1 and leaves out what that lacks.
    encoding = {"DefaultEncoding": "Utf8"}
    plugins = ["libOrthancDicomWeb.so"]
    with orthanc(tmp_path, plugins=plugins, configuration=encoding) as server:
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        web = {"url": f"{server.http}/dicom-web"}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": dicom, "dicomweb": web}})
        file = scenario(tmp_path / "text.yaml", "TESTŒUF^ZOË", DESCRIPTION)
        fabricate(
            "run", file, "--site", site, "--registry", ":memory:", "--out", tmp_path / "run"
        ).check()


@pytest.mark.parametrize("said", [None, "ISO_IR 101"])
def test_a_worklist_that_declares_no_character_set_is_read_and_told(
    tmp_path: Path, said: str | None
) -> None:
    name = "Wałęsa^Lech"
    with wlmscpfs(tmp_path, character_sets=False) as server:
        item = Dataset()
        item.SpecificCharacterSet = "ISO_IR 101"
        item.PatientName, item.PatientID, item.StudyInstanceUID = name, "P1", "2.25.7"
        step = Dataset()
        step.Modality, step.ScheduledStationAETitle = "CT", "STATION"
        step.ScheduledProcedureStepStartDate = "20260131"
        step.ScheduledProcedureStepStartTime = "0930"
        item.ScheduledProcedureStepSequence = [step]
        write_item(server.folder, "1", item)
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        expects = {} if said is None else {"answer_character_set": said}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": dicom, "expects": expects}})
        file = write_scenario(
            tmp_path / "worklist.yaml",
            [
                {"worklist": {"from": "pacs"}, "save_as": "items"},
                {"wait": {"on": "pacs", "until": {"query": {"level": "worklist"}}}},
            ],
        )
        out = tmp_path / "run"
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check()
    done, waited = steps(record(out)).values()
    found = done["facts"]["matches"][0]["PatientName"]
    assert found == (name if said else name.encode("iso8859_2").decode("latin-1"))
    for message in (done["message"], waited["message"]):
        assert "without SpecificCharacterSet" in message
        assert "PatientName" in message
        assert ("ISO_IR 101, as the site says" in message) == (said is not None)
