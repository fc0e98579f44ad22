"""What another version of a library changes: what runs, not how it is written."""

from __future__ import annotations

from pathlib import Path

from scenario_runner.app.library_diff import Change, diff_libraries
from scenario_runner.app.library_pages import library_page
from scenario_runner.libraries.places import Places
from scenario_runner.plugins import Plugins
from tests.libraries.trees import library, scenario, step_list, write

PLUGINS = Plugins(outside=False)
SEND = [{"send": {"to": "{{ params.to }}"}}, {"use": {"steps": "look", "with": {"level": "study"}}}]
LOOK = [
    {
        "id": "find",
        "query": {"on": "pacs", "level": "{{ params.level }}", "match": {"PatientID": "*"}},
    }
]


def put(folder: Path, version: str, wait: str, images: int, level: str) -> Path:
    look = [*LOOK, {"pause": {"for": wait}}]
    whole = scenario({"use": {"steps": "send", "with": {"to": "pacs"}}}, name="chest")
    whole["patients"][0]["studies"][0]["series"][0]["images"] = images
    return write(
        folder,
        {
            "library.yaml": library("l", version),
            "steps/send.yaml": step_list("send", SEND, to={"type": "target", "default": "pacs"}),
            "steps/look.yaml": step_list("look", look, level={"default": level, "one_of": ["study", "series"]}),
            "scenarios/chest.yaml": whole,
        },
    )  # fmt: skip


def told(old: Path, new: Path, *users: Path) -> set[tuple[str, str, str]]:
    return {
        (one.sign, one.kind, f"{one.name} {one.path}")
        for one in diff_libraries(old, new, PLUGINS, users)[2]
    }


def test_lines_that_only_look_different_are_no_change(tmp_path: Path) -> None:
    old = put(tmp_path / "old", "1.0.0", "1s", 1, "study")
    new = put(tmp_path / "new", "1.0.1", "1s", 1, "study")
    file = new / "steps" / "look.yaml"
    file.write_text(
        "# said anew\n\n"
        + file.read_text().replace("level: '{{ params.level }}'", 'level: "{{ params.level }}"')
    )
    assert told(old, new) == set()


def test_a_step_that_is_tried_again_more_often_is_a_change(tmp_path: Path) -> None:
    old, new = (
        write(
            tmp_path / name,
            {
                "library.yaml": library("l", version),
                "steps/look.yaml": step_list("look", [{"echo": {"to": "pacs"}, **beside}]),
            },
        )
        for name, version, beside in (
            ("old", "1.0.0", {"retry": {"attempts": 2}}),
            ("new", "1.0.1", {"retry": {"attempts": 4}}),
        )
    )
    [(sign, kind, path)] = told(old, new)
    assert (sign, kind) == ("~", "step")
    assert path.endswith("retry.attempts")


def test_a_change_is_told_for_every_list_and_scenario_that_it_reaches(tmp_path: Path) -> None:
    old = put(tmp_path / "old", "1.0.0", "1s", 1, "study")
    new = put(tmp_path / "new", "1.1.0", "2s", 2, "series")
    (new / "steps" / "more.yaml").write_text(
        "schema: steps/v1\nname: more\nsteps: [{echo: {to: pacs}}]\n"
    )
    work = write(
        tmp_path / "work", {"mine.yaml": scenario({"use": {"steps": "l/look@^1"}}), "libs/x": ""}
    )
    found = told(old, new, work)
    mine = str(work / "mine.yaml")
    assert {
        ("+", "step list", "more "), ("~", "parameter", "look level: default"), ("~", "step", "look pause: pause.for"),
        ("~", "step", "send pause: pause.for"), ("~", "step", "chest use.use.pause: pause.for"),
        ("~", "step", f"{mine} use.pause: pause.for"), ("~", "step", f"{mine} use.find: query.level"),
    } <= found  # fmt: skip
    assert any(kind == "plan" and "images" in where for _, kind, where in found)
    assert not any("find" in where and where.startswith("chest") for *_, where in found)


def test_an_update_that_a_range_refuses_is_told_as_the_error_it_is(tmp_path: Path) -> None:
    old = put(tmp_path / "old", "1.0.0", "1s", 1, "study")
    new = put(tmp_path / "new", "2.0.0", "1s", 1, "study")
    work = write(tmp_path / "work", {"mine.yaml": scenario({"use": {"steps": "l/look@^1"}})})
    changes = [one for one in diff_libraries(old, new, PLUGINS, [work])[2] if one.sign == "!"]
    (one,) = changes
    assert isinstance(one, Change)
    assert one.old is None
    assert "FAB603" in str(one.new)


def test_the_page_of_a_library_has_its_parameters(tmp_path: Path) -> None:
    library_ = Places().read(put(tmp_path / "l", "1.0.0", "1s", 1, "study"))
    page = library_page(library_, PLUGINS)
    assert "# l 1.0.0" in page
    assert "| `level` | text: `study`, `series` | `study` |" in page
    assert "- use: {steps: l/send@^1.0}" in page
    assert "| `chest` |" in page
