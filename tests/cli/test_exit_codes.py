"""What a script relies on: the exit code, what goes to which stream, and what is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.peers.processes import free_port
from tests.running import SMOKE, fabricate, record, steps, write_scenario, write_site


def test_all_passed_is_0_and_leaves_everything_that_was_promised(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = fabricate("run", SMOKE, "--registry", ":memory:", "--out", out).check(0)
    assert done.err == ""
    assert "1 case: 1 passed" in done.out
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names >= {
        "events.ndjson", "run.json", "report.html", "junit.xml", "ctrf.json", "manifest.json",
        "inputs/xray_smoke.yaml", "inputs/plan.json",
    }  # fmt: skip


def test_a_failing_check_is_1_and_names_expected_and_actual(tmp_path: Path) -> None:
    wrong = {"equal": {"actual": "{{ images | length }}", "expected": 3}, "title": "Three images"}
    right = {"equal": {"actual": 1, "expected": 1}}
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"assert": [wrong, right]}, {"log": {"message": "x"}}]
    )
    out = tmp_path / "run"
    done = fabricate("run", scenario, "--registry", ":memory:", "--out", out).check(1)
    assert "Three images: expected 3 but got 2" in done.out
    result = record(out)
    assert result["outcome"] == "failed"
    first, second = steps(result)["assert"]["checks"]
    assert (first["outcome"], first["expected"], first["actual"]) == ("failed", 3, 2)
    assert second["outcome"] == "passed"
    assert steps(result)["log"]["outcome"] == "skipped"


def test_a_pacs_that_cannot_be_reached_is_4_with_host_port_ae_title_and_reason(
    tmp_path: Path,
) -> None:
    port = free_port()
    service = {"host": "127.0.0.1", "port": port, "ae_title": "NOBODY", "connect_timeout": 2}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
    out = tmp_path / "run"
    done = fabricate("run", SMOKE, "--site", site, "--registry", ":memory:", "--out", out).check(4)
    for part in ("127.0.0.1", str(port), "NOBODY", "refused"):
        assert part in done.out
    assert record(out)["outcome"] == "error"


def test_an_invalid_file_is_3_with_line_and_column_and_nothing_left_behind(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("schema: scenario/v1\nname: bad\nsteps:\n  - query: {on: pacs, lvl: study}\n")
    out = tmp_path / "run"
    done = fabricate("run", bad, "--out", out).check(3)
    assert f"{bad}:4:23: error FAB104: unknown key 'lvl'; did you mean 'level'?" in done.err
    assert done.out == ""
    assert not out.exists()


def test_wrong_usage_is_2(tmp_path: Path) -> None:
    fabricate("run", "--no-such-option").check(2)
    fabricate("run", tmp_path / "missing.yaml").check(2)
    assert "Did you mean 'validate'" in fabricate("validte").check(2).err
    assert "images" in fabricate("run", SMOKE, "--set", "imges=3").check(2).err
    fabricate("run", SMOKE, "--tag", "a b").check(2)
    assert "by_accession" in fabricate("run", SMOKE, "--from", "by_acession").check(2).err


def test_nothing_selected_is_5(tmp_path: Path) -> None:
    assert "smoke" in fabricate("run", SMOKE, "--tag", "nightly").check(5).err
    (tmp_path / "empty").mkdir()
    fabricate("run", tmp_path / "empty").check(5)
    fabricate("validate", tmp_path / "empty").check(5)


def test_an_existing_run_folder_is_never_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "evidence-of-last-year").write_text("keep")
    done = fabricate("run", SMOKE, "--registry", ":memory:", "--out", out).check(2)
    assert "never overwritten" in done.err
    assert [path.name for path in out.iterdir()] == ["evidence-of-last-year"]
    file = tmp_path / "file"
    file.write_text("")
    assert (
        "is a file" in fabricate("run", SMOKE, "--out", file, "--registry", ":memory:").check(2).err
    )


def test_a_place_that_cannot_be_written_is_4(tmp_path: Path) -> None:
    blocker = tmp_path / "blocker"
    blocker.write_text("a file where a folder is needed")
    done = fabricate("run", SMOKE, "--registry", ":memory:", "--out", blocker / "run").check(4)
    assert "cannot make the run folder" in done.err


@pytest.mark.parametrize("environment", ["production", " Production", "live", "clinical", "prod-2"])
def test_what_may_be_production_needs_a_flag_and_nothing_is_sent_without_it(
    tmp_path: Path, environment: str
) -> None:
    target = {"environment": environment, "embedded": {}}
    site = write_site(tmp_path / "site.yaml", {"pacs": target})
    scenario = write_scenario(tmp_path / "s.yaml", [{"echo": {"to": "pacs"}}])
    out = tmp_path / "run"
    arguments = ("run", scenario, "--site", site, "--registry", ":memory:", "--out", out)
    done = fabricate(*arguments).check(2)
    assert "--allow-production" in done.err
    assert not out.exists()
    fabricate(*arguments, "--allow-production").check(0)
    assert record(out)["targets"][0]["environment"] == environment


@pytest.mark.parametrize("destination", ["REAL", "{{ vars.there }}"])
def test_what_may_be_production_is_guarded_where_only_its_ae_title_is_named(
    tmp_path: Path, destination: str
) -> None:
    real = {"environment": "production", "embedded": {"ae_title": "REAL"}}
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}, "main": real})
    moved = {"from": "pacs", "via": "c-move", "destination": destination}
    scenario = write_scenario(
        tmp_path / "s.yaml",
        [{"send": {"to": "pacs"}}, {"retrieve": moved}],
        vars={"there": "REAL"},
    )
    out = tmp_path / "run"
    arguments = ("run", scenario, "--site", site, "--registry", ":memory:", "--out", out)
    assert "target 'main'" in fabricate(*arguments).check(2).err
    assert not out.exists()
    fabricate(*arguments, "--allow-production").check(0)


def test_a_production_target_that_is_not_used_is_no_obstacle(tmp_path: Path) -> None:
    targets = {"pacs": {"embedded": {}}, "real": {"environment": "production", "embedded": {}}}
    site = write_site(tmp_path / "site.yaml", targets)
    scenario = write_scenario(tmp_path / "s.yaml", [{"echo": {"to": "pacs"}}])
    fabricate(
        "run", scenario, "--site", site, "--registry", ":memory:", "--out", tmp_path / "r"
    ).check()


def test_set_reads_its_value_by_the_scalar_rules(tmp_path: Path) -> None:
    check = {"equal": {"actual": "{{ vars.code }}", "expected": "007"}}
    count = {"equal": {"actual": "{{ vars.number }}", "expected": 7}}
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"assert": [check, count]}], vars={"code": "x", "number": 0}
    )
    options = ("--set", "code=007", "--set", "number=7", "--registry", ":memory:")
    fabricate("run", scenario, *options, "--out", tmp_path / "run").check()


def test_plan_prints_the_cases_and_moves_no_counter(tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite3"
    first = fabricate(
        "plan", SMOKE, "--seed", "7", "--registry", registry, "--format", "json"
    ).check()
    second = fabricate(
        "plan", SMOKE, "--seed", "7", "--registry", registry, "--format", "json"
    ).check()
    assert first.out == second.out
    assert not registry.exists()
    case = json.loads(first.out)["cases"][0]
    study = case["patients"][0]["studies"][0]
    assert study["accession"].endswith("0000001")
    assert [series["modality"] for series in study["series"]] == ["DX", "DX"]
    assert study["series"][0]["images"][1]["number"] == 2
    assert [step["step"] for step in case["steps"]][:3] == ["echo", "generate", "send"]


def test_a_folder_runs_all_its_scenarios_and_skips_site_files(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    write_scenario(folder / "one.yaml", [{"log": {"message": "1"}}], tags=["a"])
    write_scenario(folder / "two.yaml", [{"log": {"message": "2"}}], tags=["b"])
    write_site(folder / "site.yaml", {"pacs": {"embedded": {}}})
    fabricate("run", folder, "--registry", ":memory:", "--out", tmp_path / "all").check()
    assert [case["name"] for case in record(tmp_path / "all")["cases"]] == ["one", "two"]
    out = tmp_path / "b"
    fabricate("run", folder, "--tag", "not a", "--registry", ":memory:", "--out", out).check()
    assert [case["name"] for case in record(out)["cases"]] == ["two"]


@pytest.mark.parametrize("kind", ["scenario", "site"])
def test_a_new_file_is_valid_as_it_is(tmp_path: Path, kind: str) -> None:
    fabricate("new", kind, "my_first", cwd=tmp_path).check()
    fabricate("validate", tmp_path / "my_first.yaml").check()
    assert "exists already" in fabricate("new", kind, "my_first", cwd=tmp_path).check(2).err


def test_a_new_scenario_runs_as_it_is(tmp_path: Path) -> None:
    fabricate("new", "scenario", "fresh", cwd=tmp_path).check()
    fabricate(
        "run", tmp_path / "fresh.yaml", "--registry", ":memory:", "--out", tmp_path / "run"
    ).check()


@pytest.mark.parametrize("kind", ["scenario", "site", "run", "events", "validator"])
def test_schema_prints_what_is_published(kind: str) -> None:
    from tests.running import ROOT

    printed = json.loads(fabricate("schema", kind).check().out)
    version = 2 if kind == "events" else 1
    published = ROOT / "schemas" / f"{kind}.v{version}.schema.json"
    assert printed == json.loads(published.read_text("utf-8"))


@pytest.mark.parametrize(
    "command",
    [
        ("patient", "list", "--limit"),
        ("patient", "search", "x", "--limit"),
        ("audit", "export", "all.csv", "--after"),
        ("validator", "put-back"),
    ],
)
def test_a_number_that_no_database_holds_is_refused(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = fabricate(*command, "9" * 30, cwd=tmp_path)
    assert done.code == 2
    assert "is not in the range" in done.err
