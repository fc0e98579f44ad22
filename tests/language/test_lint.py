"""Warnings: what they are about, and how they are switched off."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from scenario_runner.cli.validate import validate
from scenario_runner.language.document_kinds import input_files
from scenario_runner.language.expansion import expanded
from scenario_runner.language.lint import lint
from scenario_runner.language.loader import load_document, parse_document
from scenario_runner.language.rendering import render
from scenario_runner.language.schema_marks import marks
from scenario_runner.libraries.finding import Libraries
from scenario_runner.plugins import Plugins

ROOT = Path(__file__).parents[2]
CHECKED = "steps: [assert: [equal: {actual: 1, expected: 1}]]\n"


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins(outside=False)


def codes(text: str, plugins: Plugins, head: str = "schema: scenario/v1\nname: s\n") -> list[str]:
    document = parse_document(head + text, "s.yaml")
    return [f"{one.code}:{one.where.line - 2}" for one in lint(document, plugins)]


def test_nothing_that_ships_is_warned_of(plugins: Plugins) -> None:
    found = []
    for file, _ in input_files([ROOT / "scenarios", ROOT / "plugins"]):
        document = load_document(file)
        if "schema" in document.data:
            found += lint(document, plugins, expanded(document, plugins, Libraries())[0])
    assert render(found) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vars: {a: 1, b: '{{ vars.a }}'}\n" + CHECKED, ["FAB901:1"]),
        ("vars: {a: 1, b: c}\nsteps: [assert: [equal: {actual: '{{ vars[vars.b] }}', expected: 1}]]\n", []),
        ("vars: {a: 1}\nsteps: [{assert: [equal: {actual: 1, expected: 1}], when: vars.a}]\n", []),
        ("vars:\n  a: &a 1\n  b: *a\n" + CHECKED, ["FAB901:3"]),
        (CHECKED + "skip: {when: true, reason: later}\n", ["FAB902:2"]),
        ("steps:\n  - echo: {to: pacs}\n    fails: refused\n", []),
        ("steps:\n  - parallel: [assert: [equal: {actual: 1, expected: 1}]]\n", []),
        ("steps:\n  - use: {steps: a/b}\n", []),
        ("title: 'no'\nx-a: [on, 0x1F, .inf, +3, 1_000, '0930', 1.2.840, 2026-01-31, y]\n" + CHECKED, ["FAB905:2"] * 5),
        ("title: >-\n  no\n" + CHECKED, []),
        *[
            (f"patients: [{{studies: [{study}]}}]\n{CHECKED}", found)
            for study, found in [
                ("{series: [{tags: {StudyID: '1'}}, {tags: {StudyID: '1'}}]}", []),
                ("{series: [{tags: {StudyID: '1'}}, {tags: {StudyID: '2'}}]}", ["FAB910:1"] * 2),
                ("{series: [{tags: {PatientID: A, Modality: CT}}, {modality: CT}]}", ["FAB910:1"]),
                ("{series: [{tags: {PatientID: A}}]}, {tags: {PatientID: A}}", []),
                ("{series: [{tags: {PatientID: A}}]}, {modality: CT}", ["FAB910:1"]),
                ("{tags: {StudyID: '1'}, series: [{tags: {StudyID: '1'}}, {}]}", []),
                ("{tags: {StudyID: '1'}}, {tags: {StudyID: '2'}}", []),
                ("{series: [{tags: {StudyID: {raw: '1'}}}, {}]}", []),
                ("{count: 2, series: [{count: 3, tags: {StudyID: '1'}}]}", []),
            ]
        ],
        *[
            (f"steps: [{{{step}}}, assert: []]\n", found)
            for step, found in [
                ("query: {level: study, match: {Modality: CT, StudyDate: 20260101}}", ["FAB911:1"]),
                ("query: {level: series, match: {Modality: CT}}", []),
                ("query: {level: patient, match: {StudyDate: 20260101}}", ["FAB911:1"]),
                ("query: {level: worklist, match: {Modality: CT}}", []),
                ("query: {level: '{{ matrix.n }}', match: {Modality: CT}}", []),
                ("query: {level: study, match: {Modality: {raw: CT}}}", []),
                ("query: {level: image, match: [SOPInstanceUID]}", []),
                ("wait: {until: {query: {match: {SOPInstanceUID: 1.2}}}}", ["FAB911:1"]),
                ("wait: {until: {stored: all}}", []),
            ]
        ],
        ("steps: []\n", ["FAB903:1"]),
        ("patients: []\n", ["FAB903:-1"]),
        ("finally: [log: {message: over}]\n", ["FAB903:-1"]),
        ("steps: [migrate: {from: a, to: b}]\n", []),
        ("load: {associations: 2, checks: [errors: {max: 1%}]}\nsteps: [echo: {to: a}]\n", []),
        ("matrix: {n: [1, 2], exclude: [{n: 1}, {n: '1'}]}\n" + CHECKED, ["FAB907:1"]),
        ("matrix: {n: [{a: 1, b: 2}, [3]], exclude: [{n: {b: 2}}, {n: [3]}, {n: {b: 3}}]}\n" + CHECKED, ["FAB907:1"]),
        ("matrix: {n: '{{ vars.all }}', exclude: [{n: 3}]}\nvars: {all: [1]}\n" + CHECKED, []),
        ("vars: {pacs_password: abc}\nsteps: [assert: [equal: {actual: 1, expected: '{{ vars.pacs_password }}'}]]\n", ["FAB904:1"]),
    ],
)  # fmt: skip
def test_what_is_warned_of(text: str, expected: list[str], plugins: Plugins) -> None:
    assert codes(text, plugins) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: no  # fabricate: ignore FAB905\n" + CHECKED, []),
        ("# fabricate: ignore FAB905\n\n# why\ntitle: no\n" + CHECKED, []),
        ("title: no  # fabricate: ignore\n" + CHECKED, []),
        ("title: no  # fabricate: ignore FAB901\n" + CHECKED, ["FAB905:1"]),
        ("# fabricate: ignore-file FAB903 FAB905\nsteps:\n  - echo: {to: no}\n", []),
        ("title: no\ntags: [no] # fabricate: ignore FAB905\n" + CHECKED, ["FAB905:1"]),
    ],
)
def test_a_comment_switches_a_warning_off(text: str, expected: list[str], plugins: Plugins) -> None:
    assert codes(text, plugins) == expected


def test_a_secret_is_not_shown_by_the_warning_about_it(plugins: Plugins) -> None:
    text = "schema: site/v1\ntargets: {p: {dicomweb: {url: 'http://u:hunter2@h/'}}}\n"
    shown = render(lint(parse_document(text, "s.yaml"), plugins))
    assert "FAB904" in shown
    assert "hunter2" not in shown


def test_a_site_file_is_warned_of_files_that_are_not_there_and_of_no_others(
    tmp_path: Path, plugins: Plugins
) -> None:
    (tmp_path / "libs").mkdir()
    (tmp_path / "ca.pem").touch()
    site = tmp_path / "site.yaml"
    site.write_text(
        "schema: site/v1\nname: n\nlibraries: libs\n"
        "receiver: {tls: {certificate: ca.pem, key: mine.key}}\n"
        "targets: {p: {dicom: {host: h, port: 1, ae_title: A, tls: {ca: ca.pem, key: '{{ env.K }}'}}}}\n"
    )
    (found,) = lint(load_document(site), plugins)
    assert (found.code, found.where.line) == ("FAB908", 4)
    assert "mine.key" in found.message


def test_a_key_that_will_go_away_is_told_with_what_to_write_instead() -> None:
    schema = {
        "$defs": {},
        "properties": {"old": {"deprecated": True, "description": "Write new."}, "new": {}},
    }
    assert [(mark.kind, mark.what) for mark in marks(schema, {"old": 1, "new": 2})] == [
        ("deprecated", "Write new.")
    ]


def test_warnings_leave_the_exit_code_alone_unless_it_is_to_be_strict(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("schema: scenario/v1\nname: s\nsteps:\n  - echo: {to: pacs}\n")
    for options, code in (([], 0), (["--strict"], 3)):
        done = CliRunner().invoke(validate, [str(file), *options], standalone_mode=False)
        assert "warning FAB903: the scenario checks nothing" in done.output
        assert "1 file checked, no errors, 1 warning" in done.output
        assert done.return_value == code


def test_a_folder_that_is_called_as_a_target_is_perhaps_meant_as_that(plugins: Plugins) -> None:
    text = (
        "schema: scenario/v1\nname: s\nsteps:\n"
        "  - generate: {to: archive}\n"
        "  - retrieve: {from: pacs, to: archive}\n"
        "  - import: {files: a.dcm, to: archive}\n"
        "  - retrieve: {from: pacs, to: archive/first}\n"
        "  - retrieve: {from: pacs, to: fetched}\n"
        "  - parallel: [retrieve: {from: pacs, to: archive}, send: {to: archive}]\n"
        "  - send: {to: archive}\n"
        "  - assert: [stored: {on: archive}]\n"
    )
    document = parse_document(text, "s.yaml")
    found = lint(document, plugins, None, ("pacs", "archive"))
    assert [(one.code, one.where.line) for one in found] == [
        ("FAB909", line) for line in (4, 5, 6, 9)
    ]
    assert lint(document, plugins, None, ("pacs",)) == []
