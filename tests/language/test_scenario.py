"""A scenario is read into typed entries, or refused with everything that is wrong at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenario_runner.errors import InvalidInput, UsageError
from scenario_runner.language.document_kinds import input_files, kind_of, scenario_files
from scenario_runner.language.entries import Retry
from scenario_runner.language.late import settled
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import (
    Scenario,
    check_scenario,
    patients_of,
    read_scenario,
    step_parameters,
)
from scenario_runner.language.site import default_site
from scenario_runner.plugins import Plugins

HEAD = "schema: scenario/v1\nname: x\n"
NAMES: dict[str, Any] = {"vars": {}, "matrix": {}, "run": {}, "site": {}}


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins(outside=False)


def read(body: str, plugins: Plugins, **options: Any) -> Scenario:
    return check_scenario(parse_document(HEAD + body, "x.yaml"), plugins, **options)


def refused(body: str, plugins: Plugins, **options: Any) -> list[tuple[str, int]]:
    with pytest.raises(InvalidInput) as caught:
        read(body, plugins, **options)
    return [(each.code, each.where.line - 2) for each in caught.value.diagnostics]


def test_steps_without_an_id_are_numbered_by_name_over_both_sections(plugins: Plugins) -> None:
    scenario = read(
        "steps:\n  - echo: {to: pacs}\n  - {id: echo-2, echo: {to: pacs}}\n  - echo: {to: pacs}\n"
        "finally:\n  - echo: {to: pacs}\n",
        plugins,
    )
    assert [entry.id for entry in scenario.steps] == ["echo", "echo-2", "echo-3"]
    assert [(entry.id, entry.section) for entry in scenario.final] == [("echo-4", "finally")]


def test_everything_beside_a_step_is_typed(plugins: Plugins) -> None:
    entry = read(
        "vars: {t: 90s}\nsteps:\n  - echo: {to: pacs}\n    title: 1.10\n    when: true\n"
        "    for_each: [1, 2]\n    timeout: '{{ vars.t }}'\n    save_as: answer\n"
        "    retry: {attempts: 2, delay: 500ms, on: [error]}\n    requirements: [7]\n    tags: [a]\n",
        plugins,
    ).steps[0]
    assert (entry.title, entry.when, entry.for_each) == ("1.10", True, [1, 2])
    assert (entry.timeout, entry.late) == (None, {"timeout": "{{ vars.t }}"})
    entry = settled(entry, {"vars": {"t": "90s"}})
    assert (entry.timeout, entry.retry) == (90.0, Retry(2, 0.5, frozenset({"error"})))
    assert (entry.save_as, entry.requirements, entry.tags) == ("answer", ("7",), ("a",))
    assert (entry.path, entry.parameters_path) == (("steps", 0), ("steps", 0, "echo"))


def test_a_retry_without_more_tries_errors_and_failures(plugins: Plugins) -> None:
    entry = read("steps:\n  - {echo: {to: pacs}, retry: {}}\n", plugins).steps[0]
    assert entry.retry == Retry(3, 0.0, frozenset({"error", "failed"}))


def test_set_replaces_declared_variables_only(plugins: Plugins) -> None:
    scenario = read("vars: {images: 2, other: x}\n", plugins, overrides={"images": 5})
    assert scenario.header.vars == {"images": 5, "other": "x"}
    with pytest.raises(UsageError, match="did you mean 'images'"):
        read("vars: {images: 2}\n", plugins, overrides={"image": 5})


def test_findings_of_every_stage_come_together_in_file_order(plugins: Plugins) -> None:
    body = (
        "vars: {n: 2}\n"  # 1
        "patients:\n"
        "  - birth_date: 2026-02-31\n"  # 3, only the model knows
        "    sex: X\n"  # 4, schema
        "    address: '{{ vars.m }}'\n"  # 5, names
        "steps:\n"
        "  - echo: {to: pasc}\n"  # 7, site
        "  - {id: a, query: {on: pacs, level: study, match: {Foo: 1}}}\n"  # 8, dictionary
        "  - {id: a, echo: {to: pacs}}\n"  # 9, ids
        "  - {echo: {to: pacs}, save_as: run}\n"  # 10
    )
    assert refused(body, plugins, site=default_site(Path())) == [
        ("FAB106", 3), ("FAB105", 4), ("FAB204", 5), ("FAB116", 7), ("FAB117", 8), ("FAB114", 9),
        ("FAB115", 10),
    ]  # fmt: skip


def test_without_a_site_target_names_are_not_judged(plugins: Plugins) -> None:
    assert read("steps:\n  - echo: {to: anything}\n", plugins).steps[0].step == "echo"


def test_a_saved_name_exists_from_the_next_step_on_and_in_finally(plugins: Plugins) -> None:
    step = "  - log: {message: '{{ found }}'}\n"
    save = "  - {query: {on: pacs, level: study}, save_as: found}\n"
    read("steps:\n" + save + step + "finally:\n" + step, plugins)
    assert refused("steps:\n" + step + save, plugins) == [("FAB203", 2)]


def test_item_exists_under_for_each_only(plugins: Plugins) -> None:
    read("steps:\n  - {log: {message: '{{ item }}'}, for_each: [1], when: item > 0}\n", plugins)
    read("steps:\n  - {assert: [{empty: {actual: '{{ item }}'}}], for_each: [1]}\n", plugins)
    assert refused("steps:\n  - log: {message: '{{ item }}'}\n", plugins) == [("FAB203", 2)]


def test_names_in_deferred_parameters_are_those_of_the_step(plugins: Plugins) -> None:
    wait = "steps:\n  - wait: {on: pacs, until: {expr: 'NAME.attempt > 1'}}\n"
    read(wait.replace("NAME", "poll"), plugins)
    assert refused(wait.replace("NAME", "pol"), plugins) == [("FAB203", 2)]


def test_a_value_that_waits_for_its_template_is_not_judged_early(plugins: Plugins) -> None:
    scenario = read(
        "matrix: {day: [2026-02-31]}\npatients: [{birth_date: '{{ matrix.day }}'}]\n", plugins
    )
    with pytest.raises(InvalidInput) as caught:
        patients_of(scenario, {**NAMES, "matrix": {"day": "2026-02-31"}})
    assert [(each.code, each.where.line) for each in caught.value.diagnostics] == [("FAB106", 4)]


def test_patients_are_rendered_and_typed(plugins: Plugins) -> None:
    scenario = read("patients: [{count: '{{ vars.n }}', id: 0123}, {name: {locale: en_AU}}]\n"
                    "vars: {n: 3}\n", plugins)  # fmt: skip
    first, second = patients_of(scenario, {**NAMES, "vars": {"n": 3}})
    assert (first.count, first.id) == (3, "0123")
    assert second.count == 1


def test_what_is_wrong_with_several_patients_is_told_at_once(plugins: Plugins) -> None:
    scenario = read(
        "vars: {n: 1}\npatients:\n  - count: '{{ vars.n }}'\n  - count: '{{ vars.n }}'\n", plugins
    )
    with pytest.raises(InvalidInput) as caught:
        patients_of(scenario, {**NAMES, "vars": {"n": "many"}})
    assert [each.where.line for each in caught.value.diagnostics] == [5, 6]


def test_parameters_are_rendered_when_a_step_runs_and_deferred_ones_are_not(
    plugins: Plugins,
) -> None:
    scenario = read(
        "vars: {t: 5s}\nsteps:\n"
        "  - wait: {on: pacs, until: {expr: '{{ poll.attempt > 1 }}'}, timeout: '{{ vars.t }}'}\n",
        plugins,
    )
    model = plugins.steps()["wait"]
    names = {**NAMES, "vars": {"t": "5s"}}
    wait: Any = step_parameters(scenario.steps[0], model, names)
    assert (wait.timeout, wait.until.expr) == (5.0, "{{ poll.attempt > 1 }}")
    with pytest.raises(InvalidInput) as caught:
        step_parameters(scenario.steps[0], model, {**NAMES, "vars": {"t": "soon"}})
    where = caught.value.diagnostics[0].where
    assert (where.line, where.path) == (5, "steps[0].wait.timeout")


def test_a_misspelt_required_key_is_one_finding(plugins: Plugins) -> None:
    assert refused("steps:\n  - query: {on: pacs, lvl: study}\n", plugins) == [("FAB104", 2)]


def test_the_reader_loads_neither_numpy_nor_pydicom_nor_wire_code(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = tmp_path / "x.yaml"
    path.write_text(
        HEAD + "patients: [{tags: {PatientID: x}}]\nsteps: [{echo: {to: pacs}}]\n", "utf-8"
    )
    program = (
        "import sys; from scenario_runner.language.scenario import read_scenario;"
        "from scenario_runner.language.site import default_site;"
        "from scenario_runner.plugins import Plugins;"
        f"read_scenario({str(path)!r}, Plugins(outside=False), site=default_site(None));"
        "bad = {'numpy', 'pydicom', 'pynetdicom', 'httpx2', 'faker'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_stands_for_its_scenarios_and_a_file_for_itself(tmp_path: Path) -> None:
    files = {
        "b.yaml": HEAD,
        "a/c.yml": '{"schema": "scenario/v1", "name": "y"}',
        "site.yaml": "schema: site/v1\nname: s\n",
        "compose.yaml": "services: {}\n",
        ".hidden/d.yaml": HEAD,
        "text.txt": HEAD,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert scenario_files([tmp_path]) == [tmp_path / "a" / "c.yml", tmp_path / "b.yaml"]
    named = tmp_path / "site.yaml"
    assert scenario_files([named, tmp_path / "missing.yaml"]) == [named, tmp_path / "missing.yaml"]
    kinds = {path.name: kind for path, kind in input_files([tmp_path])}
    assert kinds == {
        "b.yaml": "scenario/v1", "c.yml": "scenario/v1", "site.yaml": "site/v1", "compose.yaml": "",
    }  # fmt: skip


def test_the_kind_of_a_file_survives_anything(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    for raw in (b"\xff\xfe", b"", b"{schema: [", b"- schema: x", b"schema:"):
        path.write_bytes(raw)
        assert kind_of(path) == ""
    assert kind_of(tmp_path) == ""


def test_a_site_given_as_a_scenario_is_named_as_such(plugins: Plugins, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("schema: site/v1\nname: s\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="this is a site file") as caught:
        read_scenario(path, plugins)
    assert caught.value.diagnostics[0].code == "FAB101"
