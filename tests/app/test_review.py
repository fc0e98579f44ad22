"""What is shown before sending is what is sent, and saying no costs nothing."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from scenario_runner.app.contact_sheet import STRIP, contact_sheet, strip
from scenario_runner.app.kept_objects import forgotten
from scenario_runner.app.load import Sources
from scenario_runner.app.review import Review
from scenario_runner.app.run import RunRequest, look_at, run
from scenario_runner.engine.services import Control
from scenario_runner.errors import Declined
from scenario_runner.imaging.factory import InstanceFactory
from tests.imaging.importing.case import sample
from tests.on_terminal import on_terminal
from tests.running import fabricate, record, write_scenario

if TYPE_CHECKING:
    from scenario_runner.app.contact_sheet import ContactSheet
    from scenario_runner.app.plans import Plans
    from scenario_runner.engine.services import Factory

STEPS: list[Any] = [
    {"generate": {}},
    {"send": {"to": "pacs"}, "save_as": "sent"},
    {"retrieve": {"from": "pacs"}, "save_as": "back"},
    {"assert": [{"pixels": {"of": "back", "equal": "sent"}}, {"stored": {"on": "pacs"}}]},
]


def request(folder: Path, **more: Any) -> RunRequest:
    return RunRequest(
        sources=Sources(paths=[folder / "s.yaml"]),
        registry=folder / "registry.sqlite3",
        out=folder / "out",
        seed=7,
        **more,
    )


def test_what_was_looked_at_is_sent_and_nothing_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"modality": "DX", "size": [64, 64], "faults": ["bad-date"]}
    small = {"modality": "CT", "images": 3, "size": [64, 64]}
    patients = [{"studies": [{"series": [small, broken]}]}]
    write_scenario(tmp_path / "s.yaml", STEPS, patients=patients, matrix={"n": [1, 2]})
    shown: list[int] = []

    with forgotten() as objects:

        def ask(plans: Plans, factory: Factory) -> bool:
            sheet = contact_sheet(plans, objects, factory)
            shown.extend(len(one.pictures) for one in sheet.series())

            def never(*_: object) -> None:
                raise AssertionError("made a second time")

            monkeypatch.setattr(InstanceFactory, "instance", never)
            return True

        result = run(request(tmp_path), [], Control(), Review(ask=ask, objects=objects))
    assert result.outcome == "passed"
    assert shown == [3, 1, 3, 1]


def test_no_sends_nothing_leaves_no_folder_and_uses_up_no_number(tmp_path: Path) -> None:
    write_scenario(tmp_path / "s.yaml", STEPS)
    seen: list[str] = []

    def ask(plans: Plans, factory: Factory) -> bool:
        del factory
        seen.append(plans.jobs[0].case.patients[0].patient_id)
        return len(seen) > 1

    with pytest.raises(Declined):
        run(request(tmp_path), [], Control(), Review(ask=ask))
    assert not (tmp_path / "out").exists()
    run(request(tmp_path), [], Control(), Review(ask=ask))
    assert seen[0] == seen[1] == record(tmp_path / "out")["cases"][0]["patients"][0]["id"]


def test_numbers_that_somebody_else_took_meanwhile_are_shown_anew(tmp_path: Path) -> None:
    write_scenario(tmp_path / "s.yaml", STEPS)
    seen: list[str] = []

    def ask(plans: Plans, factory: Factory) -> bool:
        del factory
        seen.append(plans.jobs[0].case.patients[0].patient_id)
        if len(seen) == 1:
            other = RunRequest(
                sources=Sources(paths=[tmp_path / "s.yaml"]),
                registry=tmp_path / "registry.sqlite3",
                out=tmp_path / "other",
            )
            run(other, [], Control())
        return True

    run(request(tmp_path), [], Control(), Review(ask=ask))
    taken = record(tmp_path / "other")["cases"][0]["patients"][0]["id"]
    assert seen[0] == taken
    assert len(seen) == 2
    assert seen[1] == record(tmp_path / "out")["cases"][0]["patients"][0]["id"] != taken


@given(st.integers(1, 5000), st.integers(2, 64))
def test_a_strip_is_bounded_ordered_and_has_both_ends(count: int, limit: int) -> None:
    shown = strip(count, limit)
    assert len(shown) == min(count, limit)
    assert shown == sorted(set(shown))
    assert (shown[0], shown[-1]) == (0, count - 1)


def test_a_study_is_told_apart_from_the_one_before_it_in_time(tmp_path: Path) -> None:
    series = {"modality": "CT", "images": 1, "size": [64, 64]}
    studies = [
        {
            "date": "2025-08-01",
            "tags": {"StationName": "CT2"},
            "series": [series, {"modality": "SR"}],
        },
        {"date": "2025-02-01", "tags": {"StationName": "CT1"}, "series": [series]},
    ]
    write_scenario(tmp_path / "s.yaml", STEPS, patients=[{"studies": studies}])
    plans, factory = look_at(request(tmp_path))
    with forgotten() as objects:
        sheet = contact_sheet(plans, objects, factory)
    later, earlier = sheet.patients[0].studies
    assert earlier.previous is None
    assert later.previous == earlier.planned
    told = {one.attribute: (one.before, one.now) for one in later.differences}
    assert told["StationName"] == ("CT1", "CT2")
    assert told["whole series"] == ("not there", "new")
    assert not {"StudyDate", "StudyInstanceUID", "PatientBirthDate"} & told.keys()


def test_real_files_are_shown_as_the_run_sends_them(tmp_path: Path) -> None:
    files = {"a.dcm": "CT_small.dcm", "b.dcm": "MR_small.dcm", "us.dcm": "examples_rgb_color.dcm"}
    for name, source in files.items():
        (tmp_path / name).write_bytes(sample(source).read_bytes())
    steps: list[Any] = [
        {"import": {"files": "a.dcm", "to": "1"}},
        {"import": {"files": "{{ vars.second }}", "as": "p1.s2", "to": "2"}},
        {"import": {"files": "us.dcm", "burned_in": "accept", "as": "p2", "to": "3"}},
        {"import": {"files": "us.dcm", "as": "p2"}, "fails": "burned_in"},
        {"import": {"files": "none/*.dcm"}, "when": "{{ false }}"},
        {"send": {"to": "pacs", "what": "imported"}},
    ]
    empty: dict[str, Any] = {"series": []}
    patients = [{"studies": [empty, empty]}, {"studies": [empty]}]
    write_scenario(tmp_path / "s.yaml", steps, patients=patients, vars={"second": "b.dcm"})
    sheets: list[ContactSheet] = []
    with forgotten() as objects:

        def ask(plans: Plans, factory: Factory) -> bool:
            sheets.append(contact_sheet(plans, objects, factory))
            return True

        result = run(request(tmp_path), [], Control(), Review(ask=ask, objects=objects))
    assert result.outcome == "passed"
    (sheet,) = sheets
    assert (sheet.counts["series"], sheet.counts["images"], sheet.left_out) == (3, 3, 0)
    assert [len(one.studies) for one in sheet.patients] == [2, 1]
    shown = [(one.planned.modality, len(one.pictures)) for one in sheet.series()]
    assert shown == [("CT", 1), ("MR", 1), ("US", 0)], "no picture that may show who it is"
    planned = [one.planned.images[0].uid for one in sheet.series()]
    sent = [str(dcmread(path).SOPInstanceUID) for path in sorted((tmp_path / "out").rglob("*.dcm"))]
    assert planned == sent
    said = [{line.name: line.value for line in one.attributes} for one in sheet.series()]
    assert [one["SOPInstanceUID"] for one in said] == sent
    assert [one["PatientIdentityRemoved"] for one in said] == ["YES", "YES", "NO"]
    refused, unknown = sheet.notes
    assert "step 'import-4' will import nothing: us.dcm: pixels may show" in refused
    assert "step 'import-5' imports what the run decides" in unknown


def test_a_preview_without_a_terminal_writes_a_bounded_sheet_and_sends_nothing(
    tmp_path: Path,
) -> None:
    long = {"modality": "CT", "description": "Abdomen", "images": 100, "size": [32, 32]}
    patients = [{"studies": [{"series": [long, {"modality": "DOC"}]}]}]
    write_scenario(tmp_path / "s.yaml", STEPS, patients=patients)
    env = {"FABRICATE_REGISTRY": str(tmp_path / "registry")}
    done = fabricate("preview", "s.yaml", cwd=tmp_path, env=env).check()
    assert "1  CT  Abdomen  100 images" in done.out
    page = (tmp_path / "contact_sheet.html").read_text("utf-8")
    assert page.count("<img ") == STRIP + 1
    assert f"{STRIP} of 100 images" in page
    assert "PatientComments" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert not (tmp_path / "runs").exists()
    fabricate("preview", "s.yaml", cwd=tmp_path, env=env).check()
    (tmp_path / "mine.html").write_text("mine")
    refused = fabricate("preview", "s.yaml", "--sheet", "mine.html", cwd=tmp_path, env=env)
    assert "no contact sheet" in refused.check(2).err
    planned = json.loads(fabricate("plan", "s.yaml", "--format", "json", cwd=tmp_path, env=env).out)
    assert planned["cases"][0]["patients"][0]["id"].endswith("000001")


def test_run_review_without_a_terminal_says_what_to_do_instead(tmp_path: Path) -> None:
    write_scenario(tmp_path / "s.yaml", STEPS)
    refused = fabricate("run", "s.yaml", "--review", "--registry", ":memory:", cwd=tmp_path).check(
        2
    )
    assert "fabricate preview" in refused.err


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a POSIX thing")
@pytest.mark.parametrize(
    ("words", "answer", "code"),
    [(("preview",), "y", 0), (("preview",), "n", 130), (("run", "--review"), "n", 130)],
)
def test_on_a_terminal_y_sends_what_is_drawn(
    words: tuple[str, ...], answer: str, code: int, tmp_path: Path
) -> None:
    write_scenario(tmp_path / "s.yaml", STEPS)
    seen = on_terminal(
        words[0], "s.yaml", *words[1:], "--registry", ":memory:", "--out", "out",
        answer=answer, question="[y/N]", cwd=tmp_path,
    )  # fmt: skip
    assert seen.code == code, seen.screen
    assert "Send these 2 images?" in seen.screen
    assert "▀" in seen.screen
    assert ("1 passed" in seen.screen) == (answer == "y")
    assert (tmp_path / "out").exists() == (answer == "y")


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a POSIX thing")
def test_what_is_shown_ends_with_the_terminal(tmp_path: Path) -> None:
    long = "A description that is as long as a description is"
    study = {"description": long, "series": [{"modality": "CT", "description": long, "images": 1}]}
    write_scenario(tmp_path / "s.yaml", STEPS, patients=[{"studies": [study]}])
    seen = on_terminal(
        "preview", "s.yaml", "--registry", ":memory:",
        answer="n", question="[y/N]", cwd=tmp_path, env={"COLUMNS": "40"},
    )  # fmt: skip
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", seen.screen).splitlines()
    assert any("as long as" in line for line in lines)
    assert [line for line in lines if len(line) > 40] == []
