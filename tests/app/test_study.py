"""`fabricate study`: two words make a study, send it and say whether it arrived."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread

from scenario_runner.app.typical_studies import Wishes, kinds, scenario_text, typical
from scenario_runner.plugins import Plugins
from tests.on_terminal import on_terminal
from tests.running import events, fabricate, record, write_site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.planning.api import ModalityDefaults

SMALL = {"FABRICATE_REGISTRY": ":memory:"}
TODAY = dt.date(2026, 1, 31)


def modalities() -> Mapping[str, ModalityDefaults]:
    builders = Plugins().named("fabricate_iod_builders")
    return {key: builder.defaults for key, builder in builders.items()}


def uids(folder: Path) -> list[str]:
    patients = record(folder)["cases"][0]["patients"]
    return [study["uid"] for patient in patients for study in patient["studies"]]


def test_two_words_make_send_and_check_a_chest_x_ray(tmp_path: Path) -> None:
    done = fabricate("study", cwd=tmp_path, env=SMALL).check()
    assert "in the PACS  yes: 2 of 2 images stored" in done.out
    assert "Every pixel came back as it was sent" in done.out
    [folder] = (tmp_path / "runs").iterdir()
    assert f"report       runs/{folder.name}/report.html" in done.out
    [patient] = record(folder)["cases"][0]["patients"]
    for told in (patient["id"], patient["name"], patient["studies"][0]["accession"]):
        assert told in done.out
    assert all(series["uid"] in done.out for series in patient["studies"][0]["series"])


def test_series_that_are_too_many_for_the_screen_are_told(tmp_path: Path) -> None:
    counts = ("--series", "12", "--images", "1", "--out", "out")
    done = fabricate("study", "us", *counts, cwd=tmp_path, env=SMALL).check()
    shown = [line for line in done.out.splitlines() if line.split()[:1] == ["series"]]
    assert len(shown) == 10
    assert "and 2 more series; the report has all" in done.out


def test_who_makes_a_study_at_a_site_is_told_what_its_file_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "north.yaml").write_text(
        "schema: site/v1\nname: north\nlibraries: [gone]\ntargets: {pacs: {embedded: {}}}\n",
        "utf-8",
    )
    arguments = ("study", "us", "--site", "north.yaml", "--images", "1")
    done = fabricate(*arguments, cwd=tmp_path, env=SMALL).check()
    assert "north.yaml:3:13: FAB908: there is no folder 'gone' on this machine" in done.err


def test_json_has_run_folder_outcome_report_and_the_patients_of_the_record(tmp_path: Path) -> None:
    arguments = ("--format", "json", "--out", "out", "--studies", "2", "--series", "1")
    done = fabricate("study", "us", *arguments, "--images", "1", cwd=tmp_path, env=SMALL).check()
    told = json.loads(done.out)
    assert list(told) == ["run", "folder", "outcome", "report", "patients"]
    run = record(tmp_path / "out")
    assert told["patients"] == run["cases"][0]["patients"]
    assert (told["run"], told["folder"], told["outcome"]) == (run["id"], "out", "passed")
    assert (tmp_path / told["report"]).is_file()
    assert [len(one["series"]) for one in told["patients"][0]["studies"]] == [1, 1]


def test_every_kind_is_a_scenario_that_validates(tmp_path: Path) -> None:
    known = modalities()
    for kind in kinds(known):
        text = scenario_text(Wishes(kind=kind), known, TODAY)
        (tmp_path / f"{kind}.yaml").write_text(text, encoding="utf-8")
    done = fabricate("validate", ".", cwd=tmp_path).check()
    assert f"{len(kinds(known))} files checked, no errors" in done.out
    assert {"xray", "ct", "mr", "mg", "us"} <= set(typical())


@pytest.mark.parametrize("kind", ["mg", "ko", "doc", "NM"])
def test_other_kinds_arrive_too(kind: str, tmp_path: Path) -> None:
    fabricate("study", kind, "--out", "out", cwd=tmp_path, env=SMALL).check()
    run = record(tmp_path / "out")
    assert run["outcome"] == "passed"
    if kind == "mg":
        [study] = run["cases"][0]["patients"][0]["studies"]
        assert len(study["series"]) == 4


def test_a_ct_has_a_scout_that_says_what_it_is_and_no_rule_is_broken(tmp_path: Path) -> None:
    arguments = ("study", "ct", "--images", "2", "--dicom-dir", "objects")
    fabricate(*arguments, cwd=tmp_path, env=SMALL).check()
    scout = dcmread(tmp_path / "objects" / "study_1" / "series_001_CT" / "slice_0001.dcm")
    assert scout.ImageType[2] == "LOCALIZER"
    assert scout.RescaleType != "HU"
    fabricate("check", "objects", cwd=tmp_path).check()


def test_the_objects_are_kept_as_they_were_sent_and_named_by_study_series_and_slice(
    tmp_path: Path,
) -> None:
    sized = ("--studies", "2", "--images", "2", "--dicom-dir", "objects", "--out", "out")
    fabricate("study", "us", *sized, cwd=tmp_path, env=SMALL).check()
    found = sorted(
        one.relative_to(tmp_path / "objects").as_posix()
        for one in (tmp_path / "objects").rglob("*.dcm")
    )
    assert found == [
        f"study_{study}/series_{series:03}_US/slice_{slice_:04}.dcm"
        for study in (1, 2)
        for series in (1, 2)
        for slice_ in (1, 2)
    ]
    sent = {event["uid"] for event in events(tmp_path / "out") if event["event"] == "instance_sent"}
    kept = {dcmread(tmp_path / "objects" / one).SOPInstanceUID for one in found}
    assert kept == sent
    again = fabricate("study", "us", *sized[:-1], "again", cwd=tmp_path, env=SMALL).check(2)
    assert "not an empty folder" in again.err


def test_a_saved_scenario_validates_and_makes_the_same_study_again(tmp_path: Path) -> None:
    given = (
        "--patient", "0012", "--name", "CITIZEN^JANE", "--accession", "A{5digits}", "--date", "-3d",
    )  # fmt: skip
    fabricate("study", *given, "--save", "s.yaml", "--out", "one", cwd=tmp_path, env=SMALL).check()
    fabricate("validate", "s.yaml", cwd=tmp_path).check()
    fabricate("run", "s.yaml", "--out", "two", cwd=tmp_path, env=SMALL).check()
    assert uids(tmp_path / "one") == uids(tmp_path / "two")
    text = (tmp_path / "s.yaml").read_text("utf-8")
    assert '- id: "0012"' in text
    assert re.search(r'date: "20\d\d-\d\d-\d\d"', text)
    patient = record(tmp_path / "two")["cases"][0]["patients"][0]
    assert (patient["id"], patient["name"]) == ("0012", "CITIZEN^JANE")
    taken = fabricate("study", "--save", "s.yaml", cwd=tmp_path, env=SMALL).check(2)
    assert "'s.yaml' exists already" in taken.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("mgg",), "did you mean 'mg'"),
        (("--accession", "{20digits}"), "--accession: '{20digits}' makes 20 characters"),
        (("--accession", "A1", "--studies", "2"), "--accession: "),
        (("--date", "31.1.2026"), "'31.1.2026' is no day"),
        (("--to", "archive"), "'archive' is neither HOST:PORT nor a target"),
        (("--to", "ARCHIVE@host"), "the address 'ARCHIVE@host' has no port"),
        (("--to", "A@host:99999"), "'A@host:99999' cannot be used: a port is 1 to 65535"),
        (("--to", "A" * 17 + "@host:104"), "an AE title has 1 to 16 characters"),
        (("--name", "A" * 70), "--name: "),
        (("--patient", ""), "--patient is empty"),
    ],
)
def test_what_an_option_says_wrongly_is_told_with_its_name(
    arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    done = fabricate("study", *arguments, "--save", "s.yaml", cwd=tmp_path, env=SMALL).check(2)
    assert told in done.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("accession", ["A*1", "A?1", "*", "A*{2digits}"])
def test_an_accession_number_that_would_find_others_is_not_asked_for(
    accession: str, tmp_path: Path
) -> None:
    given = ("us", "--images", "1", "--studies", "2" if "{" in accession else "1")
    done = fabricate(
        "study", *given, "--accession", accession, "--out", "run", cwd=tmp_path, env=SMALL
    )
    assert "Found by its UID, and nothing else" in done.check().out
    (case,) = record(tmp_path / "run")["cases"]
    made = [one["accession"] for one in case["patients"][0]["studies"]]
    assert made == (["A*01", "A*02"] if "{" in accession else [accession])


@pytest.mark.parametrize("asked", ["study", "from-hl7"])
def test_nor_is_one_of_a_pattern_of_the_site_that_would(asked: str, tmp_path: Path) -> None:
    site = {"schema": "site/v1", "name": "s", "identifiers": {"accession": "A?{3digits}"}}
    (tmp_path / "site.yaml").write_text(
        json.dumps(site | {"targets": {"pacs": {"embedded": {}}}}), "utf-8"
    )
    message = (
        "MSH|^~\\&|A|B|C|D|20260101||ORM^O01|1|P|2.5\rPID|||P1||DOE^JANE\rORC|NW\rOBR|1|||X^US\r"
    )
    (tmp_path / "o.hl7").write_text(message, "utf-8")
    given = ["us"] if asked == "study" else ["o.hl7", "--modality", "US"]
    done = fabricate(asked, *given, "--site", "site.yaml", "--yes", cwd=tmp_path, env=SMALL)
    assert "Found by its UID, and nothing else" in done.check().out


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a POSIX thing")
@pytest.mark.parametrize("answer", ["y", "n"])
def test_no_line_is_longer_than_the_terminal(answer: str, tmp_path: Path) -> None:
    seen = on_terminal(
        "study", "us", "--images", "1", answer=answer, question="[Y/n]", cwd=tmp_path,
        env={"FABRICATE_REGISTRY": ":memory:", "COLUMNS": "40"},
    )  # fmt: skip
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.screen).replace("\r", "\n").splitlines()
    assert [line for line in lines if len(line) > 40 and "2.25." not in line] == []


def test_a_pacs_that_is_not_there_is_said_not_to_have_it(tmp_path: Path) -> None:
    done = fabricate("study", "--to", "NOBODY@127.0.0.1:1", cwd=tmp_path, env=SMALL).check(4)
    assert "in the PACS  no: 0 of 2 images stored by pacs (NOBODY@127.0.0.1:1)" in done.out
    assert "connection refused" in done.out


def test_an_ipv6_address_is_told_as_it_was_typed(tmp_path: Path) -> None:
    done = fabricate("study", "--to", "NOBODY@[::1]:1", cwd=tmp_path, env=SMALL).check(4)
    assert "stored by pacs (NOBODY@[::1]:1)" in done.out
    assert "(NOBODY at [::1]:1)" in done.out


def test_an_address_is_the_same_address_when_the_run_is_repeated(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site.yaml", {"archive": {"embedded": {}}}, ae_title="OURS")
    address = ("--site", site, "--to", "NOBODY@127.0.0.1:1")
    fabricate("study", *address, "--out", "one", cwd=tmp_path, env=SMALL).check(4)
    fabricate("rerun", "one", "--out", "two", cwd=tmp_path).check(4)
    [target] = record(tmp_path / "two")["targets"]
    assert (target["ae_title"], target["port"]) == ("NOBODY", 1)
    named = {**SMALL, "FABRICATE_SITE": str(site)}
    fabricate("study", "--to", "archive", "--out", "three", cwd=tmp_path, env=named).check()


def test_a_target_that_may_be_production_needs_its_flag(tmp_path: Path) -> None:
    site = write_site(tmp_path / "s.yaml", {"pacs": {"embedded": {}, "environment": "production"}})
    refused = fabricate("study", "--site", site, cwd=tmp_path, env=SMALL).check(2)
    assert "--allow-production" in refused.err


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a POSIX thing")
@pytest.mark.parametrize(("answer", "code"), [("n", 130), ("y", 0)])
def test_on_a_terminal_it_is_shown_and_sent_when_somebody_says_so(
    answer: str, code: int, tmp_path: Path
) -> None:
    seen = on_terminal(
        "study", "us", "--images", "1", answer=answer, question="[Y/n]", cwd=tmp_path,
        env={"FABRICATE_REGISTRY": str(tmp_path / "registry")},
    )  # fmt: skip
    text = seen.screen
    assert seen.code == code, text
    assert "Send it to pacs?" in text
    assert "▀" in text
    assert ("in the PACS" in text) == (code == 0)
    assert ("nothing was sent" in text) == (code == 130)
    runs = list((tmp_path / "runs").iterdir()) if (tmp_path / "runs").exists() else []
    assert len(runs) == (1 if code == 0 else 0)
    if code == 130:
        # The numbers that were shown are still the next ones.
        [shown] = re.findall(r"PID\d{6}", text)
        again = fabricate(
            "study", "us", "--images", "1", "--format", "json", cwd=tmp_path,
            env={"FABRICATE_REGISTRY": str(tmp_path / "registry")},
        ).check()  # fmt: skip
        assert json.loads(again.out)["patients"][0]["id"] == shown


def test_a_picture_has_no_colours_where_nobody_wants_any(tmp_path: Path) -> None:
    seen = on_terminal(
        "study", "us", "--images", "1", answer="n", question="[Y/n]", cwd=tmp_path,
        env={"FABRICATE_REGISTRY": str(tmp_path / "registry"), "NO_COLOR": "1"},
    )  # fmt: skip
    assert seen.code == 130
    assert "▀" not in seen.screen
    assert not re.search(r"\x1b\[(?:[34]\d|9\d|38;)", seen.screen)


def test_a_patient_of_the_registry_is_met_again_with_the_same_demographics(tmp_path: Path) -> None:
    env = {"FABRICATE_REGISTRY": str(tmp_path / "registry")}
    make = ("patient", "generate", "--sex", "M", "--name", "CITIZEN^JOE", "--format", "json")
    [known] = map(json.loads, fabricate(*make, cwd=tmp_path, env=env).check().out.splitlines())
    asked = ("study", "mg", "--images", "1", "--series", "1", "--patient", known["id"])
    fabricate(*asked, "--dicom-dir", "objects", cwd=tmp_path, env=env).check()
    [made] = map(dcmread, (tmp_path / "objects").rglob("*.dcm"))
    born = made.PatientBirthDate
    assert (str(made.PatientName), made.PatientSex) == (known["name"], known["sex"])
    assert f"{born[:4]}-{born[4:6]}-{born[6:]}" == known["birth_date"]
    again = ("patient", "show", known["id"], "--format", "json")
    assert json.loads(fabricate(*again, cwd=tmp_path, env=env).check().out)["studies"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a POSIX thing")
def test_a_terminal_with_pixels_of_its_own_gets_them(tmp_path: Path) -> None:
    seen = on_terminal(
        "study", "us", "--images", "1", answer="n", question="[Y/n]", cwd=tmp_path,
        env={**SMALL, "FABRICATE_GRAPHICS": "kitty"},
    )  # fmt: skip
    assert "\x1b_Ga=T,f=100" in seen.screen
    assert "▀" not in seen.screen
