"""The studies of one PACS beside another's: an embedded one's after they were moved to Orthanc."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.peers.processes import Server, orthanc
from tests.running import events, fabricate, record, steps, write_scenario, write_site

pytestmark = pytest.mark.peer

SERIES = [{"modality": "CT", "count": 2, "images": 2, "size": [32, 32]}]
PATIENTS = [{"count": 4, "studies": [{"series": SERIES}]}]


def sent(
    folder: Path, site: Path, name: str, entries: list[Any], seed: int, patients: Any = PATIENTS
) -> Path:
    scenario = write_scenario(folder / f"{name}.yaml", entries, patients=patients)
    out = folder / f"{name}-run"
    options = ("--registry", ":memory:", "--seed", str(seed), "--out", out)
    fabricate("run", scenario, "--site", site, *options).check(0)
    return out


def asked(server: Server, path: str, data: Any = None, method: str = "POST") -> bytes:
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    request = urllib.request.Request(f"{server.http}{path}", content, method=method)
    with urllib.request.urlopen(request) as answer:
        return bytes(answer.read())


def remove(server: Server, uid: str) -> None:
    query = {"Level": "Study", "Query": {"StudyInstanceUID": uid}}
    [study] = json.loads(asked(server, "/tools/find", query))
    asked(server, f"/studies/{study}", method="DELETE")


def change(server: Server, uid: str) -> None:
    """Give a study another description, and all else as it was."""
    query = {"Level": "Instance", "Query": {"StudyInstanceUID": uid}}
    keep = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]
    modify = {"Replace": {"StudyDescription": "ANOTHER"}, "Keep": keep, "Force": True}
    found = json.loads(asked(server, "/tools/find", query))
    files = [asked(server, f"/instances/{one}/modify", modify) for one in found]
    remove(server, uid)
    for file in files:
        asked(server, "/instances", file)


def test_what_a_migration_lost_changed_and_added_is_named(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path / "old", "OLD", "127.0.0.1") as old, orthanc(tmp_path) as new:
        site = write_site(
            tmp_path / "site.yaml",
            {
                "old": {"dicom": {"host": "127.0.0.1", "port": old.port, "ae_title": "OLD"}},
                "new": {"dicom": {"host": new.host, "port": new.port, "ae_title": new.ae_title}},
            },
        )
        both = [{"send": {"to": "old"}}, {"send": {"to": "new"}}]
        first = sent(tmp_path, site, "both", both, 1)
        migrate = [{"migrate": {"from": "old", "to": "new"}}]
        equal = sent(tmp_path, site, "equal", migrate, 5)
        [check] = steps(record(equal))["migrate"]["checks"]
        assert check["outcome"] == "passed"
        assert check["actual"] == {
            "on_both": 4, "missing": 0, "extra": 0, "compared": 4, "different": 0, "instances": 16,
            "differences": 0,
        }  # fmt: skip
        sent(
            tmp_path,
            site,
            "extra",
            [{"send": {"to": "new"}}],
            2,
            patients=[{"studies": [{"series": SERIES}]}],
        )
        uids = [patient["studies"][0]["uid"] for patient in record(first)["cases"][0]["patients"]]
        remove(new, uids[0])
        change(new, uids[1])
        scenario = write_scenario(tmp_path / "after.yaml", migrate)
        out = tmp_path / "after"
        options = ("--registry", ":memory:", "--out", out)
        done = fabricate("run", scenario, "--site", site, *options).check(1)
        assert done.out.count("1 missing, 1 extra, 1 different") == 1, "the step is the check"
        again = tmp_path / "again"
        fabricate("rerun", out, "--out", again).check(1)
    [check] = steps(record(out))["migrate"]["checks"]
    accession = record(first)["cases"][0]["patients"][0]["studies"][0]["accession"]
    assert f"study {uids[0]} (accession number {accession}) is not on 'new'" in check["message"]
    actual = check["actual"]
    assert (actual["missing"], actual["extra"], actual["different"]) == (1, 1, 1)
    kinds = Counter({kind["attribute"]: kind["count"] for kind in check["kinds"]})
    assert kinds["StudyDescription"] == 4
    named = [
        one["subject"] for one in check["differences"] if one["attribute"] == "StudyInstanceUID"
    ]
    assert uids[0] in named
    assert len(named) == 2
    lines = [
        json.loads(line) for line in (out / "migrate" / "migrate.ndjson").read_text().splitlines()
    ]
    assert Counter(line["outcome"] for line in lines) == {"missing": 1, "extra": 1, "different": 1}
    [differs] = [line for line in lines if line["outcome"] == "different"]
    changed = record(first)["cases"][0]["patients"][1]
    assert differs["AccessionNumber"] == changed["studies"][0]["accession"]
    assert differs["PatientID"] == changed["id"]
    report = (out / "report.html").read_text("utf-8")
    assert "may be of real people" in report
    assert "Every patient, study and image in this record was made up" not in report
    told = [one for one in events(again) if one["event"] == "study_compared"]
    assert Counter(bool(one["earlier"]) for one in told) == {True: 2, False: 3}


@pytest.mark.parametrize(("converts", "code"), [("old", 0), ("new", 0), ("", 1)])
def test_text_in_another_character_set_is_alike_where_one_of_the_two_is_known_to_convert(
    tmp_path: Path, converts: str, code: int
) -> None:
    """The new one writes all that it takes in UTF-8, for the sake of a name of its own that Latin-1 lacks."""
    coerces = PacsOptions(coerce={"InstitutionName": "ΑΩ"})
    with (
        EmbeddedPacs(tmp_path / "old", "OLD") as old,
        EmbeddedPacs(tmp_path / "new", "NEW", options=coerces) as new,
    ):
        targets = {
            name: {
                "dicom": {"host": pacs.host, "port": pacs.port, "ae_title": pacs.ae_title},
                "expects": {"converts_character_sets": name == converts},
            }
            for name, pacs in (("old", old), ("new", new))
        }
        site = write_site(tmp_path / "site.yaml", targets)
        migrate = {"from": "old", "to": "new", "except": ["InstitutionName"]}
        entries = [{"send": {"to": "old"}}, {"send": {"to": "new"}}, {"migrate": migrate}]
        patients = [
            {
                "name": "Grün^Änne",
                "character_set": "ISO_IR 100",
                "studies": [{"series": SERIES[:1]}],
            }
        ]
        scenario = write_scenario(tmp_path / "s.yaml", entries, patients=patients)
        out = tmp_path / "run"
        options = ("--registry", ":memory:", "--out", out)
        fabricate("run", scenario, "--site", site, *options).check(code)
    [check] = steps(record(out))["migrate"]["checks"]
    kinds = {kind["attribute"] for kind in check.get("kinds", ())}
    assert kinds == ({"SpecificCharacterSet"} if code else set())
