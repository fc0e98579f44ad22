"""A scenario may use what a site file has from the environment, and nobody who looks at it before a run is shown it."""

from __future__ import annotations

import html
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.app.editing import Editing
from scenario_runner.app.load import Surroundings
from scenario_runner.app.scenario_texts import Draft, diagnostics_of, plan_of
from scenario_runner.errors import InvalidInput
from tests.running import fabricate, write_scenario, write_site

SECRET = 'QX7"_&%<9+z'
TITLE = "{{ site.ae_title }}"
SERIES = {"modality": "CT", "images": 1, "size": [16, 16]}
WRONG: list[Any] = [
    {"echo": {"to": TITLE}},
    {"pause": {"for": TITLE}},
    {"log": {"message": "x"}, "id": "x", "timeout": f"{TITLE}s"},
]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    targets: dict[str, Any] = {"pacs": {"embedded": {}}}
    return write_site(tmp_path / "site.yaml", targets, ae_title="{{ env.FAB_TITLE }}")


def _patients(**series: Any) -> list[Any]:
    return [{"id": TITLE, "studies": [{"description": TITLE, "series": [{**SERIES, **series}]}]}]


@pytest.mark.parametrize("command", ["validate", "plan", "run"])
@pytest.mark.parametrize("wrong", range(len(WRONG) + 1))
def test_a_finding_does_not_repeat_it(tmp_path: Path, site: Path, command: str, wrong: int) -> None:
    entries = WRONG[wrong : wrong + 1] or [{"log": {"message": "x"}}]
    patients = _patients() if WRONG[wrong:] else _patients(modality=TITLE)
    scenario = write_scenario(tmp_path / "s.yaml", entries, patients=patients)
    done = fabricate(command, scenario, "--site", site, env={"FAB_TITLE": SECRET}).check(3)
    assert SECRET not in done.out + done.err
    assert "•••" in done.out + done.err


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_plan_does_not_show_it(tmp_path: Path, site: Path, style: str) -> None:
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"log": {"message": "x"}}], patients=_patients()
    )
    done = fabricate(
        "plan", scenario, "--site", site, "--registry", ":memory:", "--format", style,
        env={"FAB_TITLE": SECRET},
    ).check()  # fmt: skip
    assert "•••" in done.out
    assert SECRET not in done.out
    assert json.dumps(SECRET)[1:-1] not in done.out


def test_a_contact_sheet_does_not_show_it(tmp_path: Path, site: Path) -> None:
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"log": {"message": "x"}}], patients=_patients(description=TITLE)
    )
    done = fabricate(
        "preview", scenario, "--site", site, "--registry", ":memory:", "--sheet", tmp_path / "sheet.html",
        env={"FAB_TITLE": SECRET},
    ).check()  # fmt: skip
    page = (tmp_path / "sheet.html").read_text("utf-8")
    assert done.out.count("•••") == 3
    assert page.count("•••") >= 6  # attributes, too
    for shown in (done.out, done.err, page):
        assert SECRET not in shown
        assert html.escape(SECRET) not in shown


def test_an_editor_does_not_show_it(tmp_path: Path, site: Path) -> None:
    file = write_scenario(tmp_path / "s.yaml", [{"log": {"message": TITLE}}], patients=_patients())
    text = file.read_text("utf-8")
    editing = Editing(file, Surroundings({"FAB_TITLE": SECRET}, tmp_path), site)
    shown = editing.hover(text, text.rindex(TITLE) + 4)
    assert shown is not None
    assert "= `•••`" in shown.text
    wrong = json.dumps({**json.loads(text), "steps": WRONG})
    said = [one.message for one in editing.diagnostics(wrong)]
    assert any("•••" in one for one in said)
    assert not any(SECRET in one for one in said)


def test_a_service_that_judges_and_plans_a_text_does_not_show_it(
    tmp_path: Path, site: Path
) -> None:
    def draft(entries: list[Any]) -> Draft:
        file = write_scenario(tmp_path / "s.yaml", entries, patients=_patients())
        around = Surroundings({"FAB_TITLE": SECRET}, tmp_path)
        return Draft(file=file, text=file.read_text("utf-8"), site=site, around=around)

    said = [one.message for one in diagnostics_of(draft(WRONG))]
    with pytest.raises(InvalidInput) as found:
        plan_of(draft(WRONG), ":memory:", 1)
    said += [one.message for one in found.value.diagnostics]
    assert sum("•••" in one for one in said) >= 2 * (len(WRONG) - 1)
    assert not any(SECRET in one for one in said)
    stream = StringIO()
    plan_of(draft([{"log": {"message": "x"}}]), ":memory:", 1).write_json(stream)
    assert json.loads(stream.getvalue())["cases"][0]["patients"][0]["id"] == "•••"


@pytest.mark.parametrize("title", ["512", "16", "images", "patients", '"'])
def test_a_plan_is_one_whatever_the_variable_is(tmp_path: Path, site: Path, title: str) -> None:
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"log": {"message": TITLE}}], patients=_patients(size=[512, 16])
    )
    given = (scenario, "--site", site, "--registry", ":memory:")
    env = {"FAB_TITLE": title}
    planned = fabricate("plan", *given, "--format", "json", env=env).check().out
    fabricate("run", *given, "--out", tmp_path / "run", env=env).check()
    kept = (tmp_path / "run" / "inputs" / "plan.json").read_text("utf-8")
    for text in (planned, kept):
        [patient] = json.loads(text)["cases"][0]["patients"]
        [study] = patient["studies"]
        [series] = study["series"]
        assert (patient["id"], study["description"]) == ("•••", "•••")
        assert (series["rows"], series["columns"], len(series["images"])) == (512, 16, 1)
