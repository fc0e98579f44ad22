"""Text goes through real systems and comes back as it was written, or is told where it was not declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from tests.pacs.worklist_items import write_item
from tests.peers.languages import qrscp
from tests.peers.processes import Server, dcmqrscp, orthanc, wlmscpfs
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


def listed(folder: Path, name: str, declared: str = "ISO_IR 101", number: int = 1) -> None:
    """Put an item with a name, by itself in Latin-2, on the worklist."""
    item = Dataset()
    item.SpecificCharacterSet = declared
    item.PatientName, item.PatientID, item.StudyInstanceUID = name, f"P{number}", "2.25.7"
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = "CT", "STATION"
    step.ScheduledProcedureStepStartDate = "20260131"
    step.ScheduledProcedureStepStartTime = "0930"
    item.ScheduledProcedureStepSequence = [step]
    write_item(folder, str(number), item)


@pytest.mark.parametrize("keeps", [True, False])
def test_pacs_query_tells_of_text_whose_character_set_is_not_declared(
    tmp_path: Path, keeps: bool
) -> None:
    with wlmscpfs(tmp_path, character_sets=keeps) as server:
        listed(server.folder, "Wałęsa^Lech")
        address = f"{server.ae_title}@{server.host}:{server.port}"
        asked = fabricate("pacs", "query", address, "worklist").check()
    assert ("without SpecificCharacterSet, read as" in asked.err) == (not keeps)
    assert ("PatientName" in asked.err) == (not keeps)


@pytest.mark.parametrize("said", [None, "ISO_IR 101"])
def test_a_worklist_that_declares_no_character_set_is_read_and_told(
    tmp_path: Path, said: str | None
) -> None:
    name = "Wałęsa^Lech"
    with wlmscpfs(tmp_path, character_sets=False) as server:
        listed(server.folder, name)
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        expects = {} if said is None else {"answer_character_set": said}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": dicom, "expects": expects}})
        file = write_scenario(
            tmp_path / "worklist.yaml",
            [
                {"worklist": {"from": "pacs"}, "save_as": "items"},
                {"wait": {"on": "pacs", "until": {"query": {"level": "worklist"}}}},
                {"assert": [{"equal": {"actual": "{{ items[0].PatientName }}", "expected": name}}]},
            ],
        )
        out = tmp_path / "run"
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check()
    done, waited, compared = steps(record(out)).values()
    [check] = compared["checks"]
    assert ("'pacs' did not say in which character set" in check["message"]) == (said is None)
    assert check["actual"] == name
    found = done["facts"]["matches"][0]["PatientName"]
    assert found == (name if said else name.encode("iso8859_2").decode("latin-1"))
    for message in (done["message"], waited["message"]):
        assert "without SpecificCharacterSet" in message
        assert "PatientName" in message
        assert ("ISO_IR 101, as the site says" in message) == (said is not None)


def test_letters_that_orthanc_loses_in_its_answers_accuse_nobody(tmp_path: Path) -> None:
    with orthanc(tmp_path) as server:
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        expects = {"converts_character_sets": True}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": dicom, "expects": expects}})
        match = {"PatientID": "CYR1", "PatientName": "Иванова^Анна"}
        file = write_scenario(
            tmp_path / "text.yaml",
            [
                {"send": {"to": "pacs"}},
                {"query": {"on": "pacs", "level": "study", "match": match}, "save_as": "found"},
                {"retrieve": {"from": "pacs"}, "save_as": "back"},
                {"assert": [{"tags": {"of": "back", "equal": "sent"}}, {"stored": {"on": "pacs"}}]},
            ],
            patients=[{"id": "CYR1", "name": "Иванова^Анна", "studies": [{"series": [SERIES]}]}],
        )
        out = tmp_path / "run"
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check()
    asked = steps(record(out))["query"]
    words = "not compared, because the answers name no character set, or one without these characters: PatientName"
    assert words in asked["message"]
    assert asked["facts"]["not_compared"] == {"PatientName": 1}


def by_name(
    folder: Path, server: Server, name: str, code: int, *, asked: str = "", **expects: Any
) -> dict[str, Any]:
    """The query for a study by its patient's name, or another, after it was sent in ISO_IR 144."""
    folder.mkdir()
    dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
    site = write_site(folder / "site.yaml", {"pacs": {"dicom": dicom, "expects": expects}})
    patient = {"id": "SETS1", "name": name, "character_set": "ISO_IR 144"}
    match = {"StudyInstanceUID": "{{ studies[0].uid }}", "PatientName": asked or name}
    query = {"on": "pacs", "level": "study", "match": match}
    file = write_scenario(
        folder / "text.yaml",
        [{"send": {"to": "pacs"}}, {"query": query}],
        patients=[{**patient, "studies": [{"series": [SERIES]}]}],
    )
    out = folder / "run"
    fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))["query"]


def test_a_pacs_that_converts_character_sets_is_believed_as_far_as_its_set_goes(
    tmp_path: Path,
) -> None:
    declared: dict[str, Any] = {"converts_character_sets": True}
    with orthanc(tmp_path, configuration={"DefaultEncoding": "Cyrillic"}) as server:
        kept = by_name(tmp_path / "kept", server, "Иванова^Анна", 0)
        assert "not compared" not in kept["message"]
    with orthanc(tmp_path / "latin", configuration={"DefaultEncoding": "Latin1"}) as server:
        lost = by_name(tmp_path / "lost", server, "Smith^Анна", 0, **declared)
        assert lost["facts"]["not_compared"] == {"PatientName": 1}


def test_a_pacs_that_does_not_convert_is_judged_by_its_text_whatever_is_declared(
    tmp_path: Path,
) -> None:
    declared: dict[str, Any] = {"converts_character_sets": True}
    with dcmqrscp(tmp_path, any_peer=True) as server:
        expects: dict[str, Any] = {
            "query_character_set": "ISO_IR 144",
            "answer_character_set": "ISO_IR 144",
        }
        same = by_name(tmp_path / "same", server, "Иванова^Анна", 0, **expects)
        assert same["message"].startswith("1 match")
        told = by_name(tmp_path / "told", server, "Иванова^Анна", 0, **expects, **declared)
        assert "not compared" not in told["message"]


def test_text_of_no_declared_character_set_is_held_to_what_it_may_be_and_to_nothing_else(
    tmp_path: Path,
) -> None:
    """Whatever the bytes may say is no fault of the server; what they cannot say in any set is."""

    def chosen(name: str) -> str:
        return f"{{{{ items | selectattr('PatientName', 'equalto', '{name}') | list }}}}"

    names = {"Wałęsa^Lech": "ISO_IR 101", "Иванова^Анна": "ISO_IR 144", "Åström^Zoë": "ISO_IR 192"}
    first, second, third = (
        f"{{{{ (items | selectattr('PatientID', 'equalto', 'P{n}') | first).PatientName }}}}"
        for n in range(3)
    )
    checks: list[Any] = [
        *(
            {"equal": {"actual": a, "expected": e}}
            for a, e in zip((first, second, third), names, strict=True)
        ),
        {"contains": {"actual": first, "expected": "łęsa"}},
        {"matches": {"actual": second, "expected": "^Иван"}},
        {"in": {"actual": second, "expected": ["A", "Иванова^Анна"]}},
        {"contains": {"actual": "{{ items }}", "expected": {"PatientName": "Wałęsa^Lech"}}},
        {"equal": {"actual": first.replace(" }}", ".split('^')[0] }}"), "expected": "Wałęsa"}},
        {"count": {"actual": chosen("Wałęsa^Lech"), "expected": 1}},
        {
            "count": {"actual": chosen("Wałęsa^Jan"), "expected": 1},
            "fails": "expected 1; .*fits in none",
        },
        {"empty": {"actual": chosen("Wałęsa^Jan")}},
        {"count": {"actual": "{{ items }}", "expected": 4}, "fails": "expected 4$"},
        {"equal": {"actual": first.replace(" }}", " | upper }}"), "expected": "WAŁĘSA^LECH"}},
        {"equal": {"actual": first.replace(" }}", " == 'Wałęsa^Lech' }}"), "expected": True}},
        {"not_equal": {"actual": first, "expected": "Wałęsa^Lech"}, "fails": "both are"},
        {"not_equal": {"actual": first, "expected": "Wałęsa^Jan"}},
        {"equal": {"actual": first, "expected": "Wałęsa^Jan"}, "fails": "fits in none"},
        {"equal": {"actual": first, "expected": "Walesa^Lech"}, "fails": "fits in none"},
        {"equal": {"actual": second, "expected": "Петрова^Анна"}, "fails": "fits in none"},
    ]
    with wlmscpfs(tmp_path, character_sets=False) as server:
        for n, (name, declared) in enumerate(names.items()):
            listed(server.folder, name, declared, n)
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": dicom}})
        file = write_scenario(
            tmp_path / "worklist.yaml",
            [{"worklist": {"from": "pacs"}, "save_as": "items"}, {"assert": checks}],
        )
        out = tmp_path / "run"
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check()
    done = steps(record(out))["assert"]["checks"]
    assert (
        "it fits in ISO_IR 101, which expects: {answer_character_set: ISO_IR 101}"
        in done[0]["message"]
    )
    assert "did not say" not in done[2]["message"]


def test_a_plan_and_a_worklist_of_no_declared_character_set_are_consistent(tmp_path: Path) -> None:
    name = "Wałęsa^Lech"
    with wlmscpfs(tmp_path, character_sets=False) as server:
        listed(server.folder, name)
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": dicom}})
        for given, code in ((name, 0), ("Wałęsa^Jan", 1)):
            file = write_scenario(
                tmp_path / f"{code}.yaml",
                [
                    {"worklist": {"from": "pacs"}, "save_as": "items"},
                    {"assert": [{"consistent": {"with": "items"}}]},
                ],
                patients=[{"id": "P1", "name": given, "studies": [{"series": [SERIES]}]}],
            )
            out = tmp_path / f"run{code}"
            done = fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out)
            done.check(1)  # study UID and birth date differ
            message = steps(record(out))["assert"]["message"]
            assert ("PatientName" in message) == (code == 1)
            assert ("'pacs' did not say in which character set" in message) == (code == 1)


def test_conditions_and_waits_read_text_of_no_declared_character_set_as_it_fits(
    tmp_path: Path,
) -> None:
    name = "items[0].PatientName"

    def saying(text: str, when: str) -> dict[str, Any]:
        return {"log": {"message": text}, "when": when, "id": text}

    with wlmscpfs(tmp_path, character_sets=False) as server:
        listed(server.folder, "Wałęsa^Lech")
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        # The server does not match by names: who takes its answers has to.
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": dicom}})
        file = write_scenario(
            tmp_path / "when.yaml",
            [
                {"worklist": {"from": "pacs"}, "save_as": "items"},
                saying("same", f"{name} == 'Wałęsa^Lech'"),
                saying("another", f"{name} == 'Wałęsa^Jan'"),
                saying("not_same", f"{name} != 'Wałęsa^Lech'"),
                saying("not_another", f"{name} != 'Wałęsa^Jan'"),
                {
                    "wait": {
                        "on": "pacs",
                        "until": {"expr": f"{name} == 'Wałęsa^Lech'"},
                        "fail_when": f"{name} == 'Wałęsa^Jan'",
                        "every": 0.1,
                        "timeout": 5,
                    }
                },
            ],
        )
        out = tmp_path / "run"
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check()
    done = steps(record(out))
    outcomes = {key: done[key]["outcome"] for key in ("same", "another", "not_same", "not_another")}
    assert outcomes == {
        "same": "passed", "another": "skipped", "not_same": "skipped", "not_another": "passed",
    }  # fmt: skip
    assert "it fits in ISO_IR 101" in done["not_same"]["message"]


@pytest.mark.parametrize(
    ("start", "names"),
    [
        (qrscp, ["ЖУКОВ^ИВАН", "YAMADA^TARO=山田^太郎"]),
        (orthanc, ["YAMADA^TARO=山田^太郎", "ŁĘCKI^ŻÓŁĆ"]),
    ],
)
def test_a_name_whose_letters_an_answer_lost_is_consistent_with_nothing_else_than_itself(
    tmp_path: Path, start: Any, names: list[str]
) -> None:
    series = [{**SERIES, "size": [16, 16]}]
    patients = [
        {"id": f"P{n}", "name": name, "studies": [{"accession": f"A{n}", "series": series}]}
        for n, name in enumerate(names)
    ]
    ask = {"on": "pacs", "level": "study", "return": ["PatientName"]}
    with start(tmp_path) as server:
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": dicom}})
        given: list[Any] = [{"send": {"to": "pacs"}}]
        for n in range(len(names)):
            given += [
                {"query": {**ask, "match": {"PatientID": f"P{n}"}}, "save_as": f"found{n}"},
                {"assert": [{"consistent": {"of": f"A{n}", "with": f"found{n}"}}]},
            ]
        file = write_scenario(tmp_path / "s.yaml", given, patients=patients)
        out = tmp_path / "run"
        fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check()
    for each in steps(record(out)).values():
        for check in each["checks"]:
            assert (
                "not compared, because letters of it may be lost: PatientName" in check["message"]
            )
