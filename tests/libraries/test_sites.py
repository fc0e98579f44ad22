"""Sites by their names, what they make of a library's scenarios, and the library's scenarios by theirs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from scenario_runner.app.load import Loaded, Sources, Surroundings, load
from scenario_runner.app.sites import site_path
from scenario_runner.errors import InvalidInput, NothingSelected, UsageError
from tests.libraries.trees import library, scenario, step_list, write
from tests.running import fabricate, record

SITE = {"schema": "site/v1", "name": "north", "targets": {"pacs": {"embedded": {}}}}
OVERLAY = {
    "schema": "overlay/v1",
    "scenarios": {
        "ct": {
            "with": {"images": 3},
            "matrix": {"side": "left"},
            "tags": ["here"],
            "requirements": ["N-1"],
        },
        "mr": {"skip": "north has no MR"},
    },
    "add": ["own.yaml"],
}
OWN = {"schema": "scenario/v1", "name": "own", "scenario": "l/mr@^1", "tags": ["own"]}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    more = {"vars": {"images": 1}, "matrix": {"side": ["left", "right"]}}
    steps = [{"log": {"message": "{{ vars.images }}"}}, {"use": {"steps": "look"}}]
    return write(
        tmp_path,
        {
            "libs/l/library.yaml": library("l"),
            "libs/l/steps/look.yaml": step_list("look", [{"echo": {"to": "pacs"}}]),
            "libs/l/scenarios/ct.yaml": scenario(*steps, **{**more, "name": "ct"}),
            "libs/l/scenarios/mr.yaml": scenario({"use": {"steps": "look"}}, name="mr"),
            "scenarios/sites/north/site.yaml": SITE,
            "scenarios/sites/north/overlay.yaml": OVERLAY,
            "scenarios/sites/north/own.yaml": OWN,
        },
    )  # fmt: skip


def loaded(work: Path, *paths: str, site: str | None = "north") -> Loaded:
    file = None if site is None else site_path(site, [work])
    around = Surroundings({}, work)
    return load(Sources(paths=[Path(path) for path in paths], site=file, around=around))


def test_a_site_narrows_parametrises_skips_and_adds(work: Path) -> None:
    scenarios = {one.header.name: one for one in loaded(work, "l").scenarios}
    assert list(scenarios) == ["ct", "mr", "own"]
    ct = scenarios["ct"]
    assert (ct.header.vars, ct.narrowed) == ({"images": 3}, {"side": ["left"]})
    assert (ct.header.tags, ct.header.requirements) == (["here"], ["N-1"])
    assert [one.id for one in scenarios["own"].steps] == ["use.echo"]


def test_a_site_file_that_is_named_without_its_ending_is_pointed_at(tmp_path: Path) -> None:
    fabricate("new", "site", "mine", cwd=tmp_path).check()
    done = fabricate("pacs", "echo", "pacs", "--site", "mine", cwd=tmp_path).check(2)
    assert "did you mean mine.yaml?" in done.err


def test_why_a_case_was_skipped_reaches_the_record_and_a_rerun(work: Path) -> None:
    done = fabricate("run", "l", "--site", "north", "--out", "first", cwd=work).check()
    assert done.out.count("north has no MR") == 1, (
        "once for the case, and not for each of its steps"
    )
    (work / "scenarios" / "sites" / "north" / "overlay.yaml").unlink()
    fabricate("rerun", "first", "--out", "second", cwd=work).check()
    for name in ("first", "second"):
        cases = {one["id"]: one for one in record(work / name)["cases"]}
        assert {name: one["outcome"] for name, one in cases.items()} == {
            "ct[side=left]": "passed", "mr": "skipped", "own": "passed",
        }  # fmt: skip
        assert cases["mr"]["message"] == "skipped: north has no MR"
        for report in ("report.html", "junit.xml", "ctrf.json"):
            assert "north has no MR" in (work / name / report).read_text(encoding="utf-8")


def test_what_an_overlay_names_and_nobody_has_is_told(work: Path) -> None:
    entries = {"ct": {"with": {"image": 3}}, "us": {"skip": "none"}}
    overlay = {"schema": "overlay/v1", "scenarios": entries}
    write(work, {"scenarios/sites/north/overlay.yaml": overlay})
    with pytest.raises(InvalidInput) as caught:
        loaded(work, "l")
    assert [one.code for one in caught.value.diagnostics] == ["FAB607", "FAB602"]


def test_an_unknown_key_below_the_top_is_told_with_what_there_is(work: Path) -> None:
    overlay = {"schema": "overlay/v1", "scenarios": {"ct": {"wth": {"images": 3}}}}
    write(work, {"scenarios/sites/north/overlay.yaml": overlay})
    with pytest.raises(InvalidInput) as caught:
        loaded(work, "l")
    (found,) = caught.value.diagnostics
    assert found.message == "unknown key 'wth'; did you mean 'with'?"
    assert found.hint == "ct takes: with, matrix, skip, tags, requirements"


def test_an_overlay_names_scenarios_of_whatever_is_run_on_its_site(work: Path) -> None:
    """Those of a library while one's own run, and one's own while a library's do."""
    mine = scenario({"echo": {"to": "pacs"}}, name="mine")
    other = scenario({"echo": {"to": "pacs"}}, name="other")
    entries = {**OVERLAY["scenarios"], "other": {"skip": "not here"}}  # type: ignore[dict-item]
    write(
        work,
        {
            "scenarios/smoke/mine.yaml": mine,
            "scenarios/full/other.yaml": other,
            "scenarios/sites/north/overlay.yaml": {"schema": "overlay/v1", "scenarios": entries},
        },
    )
    for paths in ("scenarios/smoke", "scenarios", "l", "libs"):
        assert loaded(work, paths if paths == "l" else str(work / paths)).scenarios


UNFIT = """\
schema: overlay/v1
tags: not (
scenarios:
  ct:
    with: {images: many}
    matrix: {side: [left, up]}
add: [owl.yaml]
"""
NONE_LEFT = """\
schema: overlay/v1
scenarios:
  ct: {matrix: {side: left, size: 2}}
"""


def test_what_cannot_be_followed_is_told_at_its_place_before_anything_runs(work: Path) -> None:
    file = work / "scenarios" / "sites" / "north" / "overlay.yaml"

    def told(text: str) -> list[tuple[str, ...]]:
        file.write_text(text)
        said = [fabricate(name, "l", "--site", "north", cwd=work) for name in ("validate", "run")]
        lines = [
            [line for line in (one.check(3).out + one.err).splitlines() if " error FAB" in line]
            for one in said
        ]
        assert lines[0] == lines[1]
        words = re.compile(r"overlay\.yaml:(\d+:\d+): error (.+)")
        return [found.groups() for line in lines[0] if (found := words.search(line))]

    first = told(UNFIT)
    assert [(place, what[:6]) for place, what in first] == [("2:7", "FAB118"), ("7:7", "FAB120")]
    assert first[1][1].endswith("did you mean 'own.yaml'?")
    fitting = UNFIT.replace("not (", "x").replace("owl", "own")
    assert told(fitting.replace("tags: x\n", "")) == [
        ("4:20", "FAB608: 'images' must be a whole number, not 'many'"),
        ("5:27", "FAB608: 'side' of 'ct' is never 'up'"),
    ]
    ct = work / "libs" / "l" / "scenarios" / "ct.yaml"
    matrix = "matrix:\n  size: [1, 2]\n  exclude: [{size: 2, side: left}]\n"
    ct.write_text(ct.read_text().replace("matrix:\n", matrix))
    assert told(NONE_LEFT) == [("3:8", "FAB309: no combination of 'ct' is left")]


def test_a_value_that_does_not_fit_where_it_is_used_is_told_with_who_gave_it(work: Path) -> None:
    north = "scenarios/sites/north/overlay.yaml"
    series = {"modality": "CR", "images": "{{ vars.several }}", "size": [8, 8]}
    ct = scenario(
        {"send": {"to": "pacs", "associations": "{{ vars.at_once }}"}},
        name="ct",
        vars={"images": 1, "several": "{{ vars.images }}", "at_once": 1},
        patients=[{"studies": [{"series": [series]}]}],
    )
    based = {"schema": "scenario/v1", "name": "mine", "scenario": "l/ct", "with": {"images": 0}}

    def overlay(**given: object) -> None:
        entries = {"ct": {"with": given}}
        write(work, {north: {"schema": "overlay/v1", "scenarios": entries}})

    def told(*words: str) -> str:
        done = fabricate(*words, cwd=work).check(3)
        return done.out + done.err

    write(work, {"libs/l/scenarios/ct.yaml": ct, "mine.yaml": based})
    overlay(images=0)
    from_overlay = re.compile(rf"'images' is the number 0, from {north}:\d+:\d+")
    assert from_overlay.search(told("validate", "l/ct", "--site", "north"))
    assert from_overlay.search(told("run", "l/ct", "--site", "north"))
    from_set = told("validate", "l/ct", "--site", "north", "--set", "images=-1")
    assert "'images' is the number -1, from --set images" in from_set
    assert re.search(
        r"'images' is the number 0, from mine.yaml:\d+:\d+", told("validate", "mine.yaml")
    )
    overlay(images="{{ nowhere }}")
    assert re.search(rf"{north}:\d+:\d+: error FAB2", told("validate", "l/ct", "--site", "north"))
    overlay(at_once=0)
    assert re.search(
        rf"'at_once' is the number 0, from {north}:\d+:\d+", told("run", "l/ct", "--site", "north")
    )


def test_a_site_need_not_have_what_it_skips_asks_for(work: Path) -> None:
    mr = scenario({"echo": {"to": "mr_archive"}}, name="mr")
    north = "scenarios/sites/north/overlay.yaml"
    write(work, {"libs/l/scenarios/mr.yaml": mr, north: {**OVERLAY, "add": []}})
    fabricate("validate", "l", "--site", "north", cwd=work).check()
    scenarios = {one.header.name: one for one in loaded(work, "l/mr").scenarios}
    assert scenarios["mr"].header.skip is not None


def test_tags_that_no_scenario_has_are_named_with_who_asks_for_them(work: Path) -> None:
    overlay = {"schema": "overlay/v1", "tags": "smok"}
    write(work, {"scenarios/sites/north/overlay.yaml": overlay})
    with pytest.raises(NothingSelected, match=r"fit 'smok', which .*overlay.yaml asks for"):
        loaded(work, "l")


def test_the_usual_site_is_that_of_the_settings(work: Path) -> None:
    (work / "fabricate.toml").write_text('site = "north"\n')
    assert loaded(work, "l/ct@^1", site=None).site.site.name == "north"
    (work / "fabricate.toml").write_text('sight = "north"\nlibraries = 3\n')
    with pytest.raises(InvalidInput) as caught:
        loaded(work, "l/ct", site=None)
    assert [(one.code, one.where.line) for one in caught.value.diagnostics] == [
        ("FAB104", 1),
        ("FAB102", 2),
    ]
    (work / "fabricate.toml").unlink()
    (work / "pyproject.toml").write_text('[tool.fabricate]\nsite = "north"\n')
    assert loaded(work, "l/ct", site=None).site.site.name == "north"


def test_an_address_needs_no_file(work: Path) -> None:
    site = loaded(work, "l/mr", site="ORTHANC@127.0.0.1:4242").site.site
    assert site.targets["pacs"].dicom is not None
    assert site.targets["pacs"].dicom.ae_title == "ORTHANC"


def test_a_site_or_scenario_that_is_not_there_is_wrong_usage(work: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'north'"):
        site_path("nrth", [work])
    with pytest.raises(UsageError, match="has no scenario 'us'"):
        loaded(work, "l/us")
    with pytest.raises(UsageError, match="no version of 'l' is in"):
        loaded(work, "l/ct@^2")
    with pytest.raises(UsageError, match="there is no 'm' here"):
        loaded(work, "m")


def test_a_folder_does_not_run_what_its_sites_and_libraries_bring(work: Path) -> None:
    write(work, {"scenarios/mine.yaml": scenario({"echo": {"to": "pacs"}}, name="mine")})
    names = [one.header.name for one in loaded(work, str(work), site=None).scenarios]
    assert names == ["mine"]


def test_parts_of_a_run_are_all_of_it_and_what_failed_runs_again(work: Path) -> None:
    check = {"assert": [{"equal": {"actual": "{{ matrix.a }}", "expected": 2}}]}
    whole = scenario({"log": {"message": "x"}}, check, matrix={"a": [1, 2, 3]})
    write(work, {"s.yaml": whole})
    seen = []
    for part in ("1/2", "2/2"):
        done = fabricate(
            "run", "s.yaml", "--shard", part, "--seed", "1", "--out", part[0], cwd=work
        )
        seen += [one["id"] for one in record(work / part[0])["cases"]]
        assert done.code in (0, 1)
    assert sorted(seen) == ["example[a=1]", "example[a=2]", "example[a=3]"]
    fabricate("run", "s.yaml", cwd=work).check(1)
    fabricate("run", "s.yaml", "--last-failed", "--out", "again", cwd=work).check(1)
    assert [one["id"] for one in record(work / "again")["cases"]] == [
        "example[a=1]",
        "example[a=3]",
    ]


def test_a_site_with_variables_that_are_not_set_still_says_where_libraries_are(
    work: Path,
) -> None:
    site = {"schema": "site/v1", "name": "far", "libraries": "elsewhere",
            "targets": {"pacs": {"dicom": {"host": "{{ env.NOBODY_SETS_IT }}", "port": 1, "ae_title": "X"}}}}  # fmt: skip
    echo = scenario({"echo": {"to": "pacs"}})
    files = {"far.yaml": site, "elsewhere/m/library.yaml": library("m")}
    write(work, {**files, "elsewhere/m/scenarios/echo.yaml": echo})
    fabricate("validate", "m", "--site", "far.yaml", cwd=work).check()


def test_the_library_and_the_sites_that_ship_are_found_from_any_folder(tmp_path: Path) -> None:
    sound = fabricate("validate", "people", "--site", "latin", cwd=tmp_path).check()
    assert "site 'latin'" not in sound.err
    planned = fabricate("plan", "people/name_in_letters", "--site", "multilingual", cwd=tmp_path)
    assert "name_in_letters" in planned.check().out
    listed = fabricate("list", cwd=tmp_path).check()
    assert "people/name_in_letters" in listed.out
    assert "latin, multilingual" in listed.err
    wrong = fabricate("validate", "people", "--site", "lattin", cwd=tmp_path).check(2)
    assert "did you mean 'latin'" in wrong.err


def test_an_own_library_or_site_counts_before_one_that_ships(work: Path) -> None:
    older = {
        "libs/people/library.yaml": library("people", "0.1.0"),
        "libs/people/scenarios/mine.yaml": scenario({"echo": {"to": "pacs"}}, name="mine"),
        "sites/latin/site.yaml": SITE,
    }
    write(work, older)
    found = loaded(work, "people", site="latin")
    assert [one.header.name for one in found.scenarios] == ["mine"]
    assert found.site.site.name == "north"


def test_copies_of_what_ships_are_found_where_they_come_to_lie(tmp_path: Path) -> None:
    for name in ("people", "latin"):
        fabricate("copy", name, cwd=tmp_path).check()
    found = loaded(tmp_path, "people", site=str(site_path("latin", [tmp_path])))
    assert {Path(one.document.file).is_relative_to(tmp_path) for one in found.scenarios} == {True}
    assert found.site.folder == tmp_path / "sites" / "latin"
    again = fabricate("copy", "people", cwd=tmp_path).check(2)
    assert "exists already" in again.err


LEAVING = """\
schema: scenario/v1
name: leaving
# A line\u2028of a comment.
rows: data/people.csv
patients:
  - {tags: {PatientComments: ".", AdditionalPatientHistory: "**Text.** LONG"}, id: "{{ row.id }}", studies: [{series: [{modality: CR, images: 1, phantom: data/grey.png}]}]}
  - {from: {csv: data/more.csv}, studies: [{series: [{modality: CR, images: 1, size: [64, 64]}]}]}
steps:
  - use: {steps: "look", with: {}}   # stays
  - parallel:
      - use: {steps: look}
        id: beside
""".replace("LONG", "of some length. " * 20 + "End")


def test_a_scenario_that_is_copied_out_of_its_library_still_runs(work: Path) -> None:
    write(
        work,
        {
            "libs/l/scenarios/leaving.yaml": LEAVING,
            "libs/l/data/people.csv": "id\nP1\n",
            "libs/l/data/more.csv": "id\nP2\n",
        },
    )
    Image.new("L", (64, 64), 90).save(work / "libs" / "l" / "data" / "grey.png")
    copied = fabricate("copy", "l/leaving", "elsewhere", cwd=work).check()
    assert "uses step lists of l 1.0.0" in copied.err
    text = (work / "elsewhere" / "leaving.yaml").read_text()
    changed = LEAVING.replace('"look"', "l/look@^1.0.0").replace(
        "steps: look", "steps: l/look@^1.0.0"
    )
    assert text == changed
    fabricate("run", "elsewhere", "--out", "out", cwd=work).check()
    # Where the library lay is nothing any more: what a run kept is enough to repeat it, and to repeat that.
    fabricate("library", "pack", "libs/l", cwd=work).check()
    (work / "libs").rename(work / "gone")
    fabricate("run", "l-1.0.0.fablib", "--out", "packed", cwd=work).check()
    for again, run in (("second", "packed"), ("third", "second")):
        fabricate("rerun", run, "--out", again, cwd=work).check()
    (work / "gone").rename(work / "libs")
    told = fabricate("copy", "l/leavin", cwd=work).check(2).err
    assert "did you mean 'leaving'?" in told
    assert "did you mean 'latin'?" in fabricate("copy", "latn", cwd=work).check(2).err


def _unlocked(found: Loaded) -> str | None:
    assert found.libraries is not None
    return found.libraries.locks.remark()


def test_a_lock_names_what_ships_by_no_place_of_this_machine(work: Path) -> None:
    write(
        work,
        {
            "mine.yaml": {
                "schema": "scenario/v1",
                "name": "m",
                "scenario": "people/study_by_modality",
            }
        },
    )
    assert _unlocked(loaded(work, str(work / "mine.yaml"), site=None)) is None
    assert "without a lock: l 1.0.0" in str(_unlocked(loaded(work, "l", site=None)))
    fabricate("library", "lock", "mine.yaml", cwd=work).check()
    assert 'source: "shipped"' in (work / "fabricate.lock").read_text(encoding="utf-8")
    fabricate("library", "verify", "mine.yaml", cwd=work).check()
