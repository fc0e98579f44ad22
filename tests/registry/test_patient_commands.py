"""`fabricate patient` as a person types it, on a file and on a server."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenario_runner.cli.group import fabricate as command
from scenario_runner.cli.output import reported
from scenario_runner.cli.patient import patient
from tests.docs.markdown import fences
from tests.running import ROOT

PAGE = ROOT / "docs" / "guide" / "patients.md"
KEYS = [
    "id", "issuer", "name", "sex", "birth_date", "address", "phone", "created", "last_used", "studies",
]  # fmt: skip


class Ended:
    """How a command ended that ran in this process."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def typed(where: str, *arguments: str, code: int | None = 0, answer: str | None = None) -> Ended:
    """In this process, for a process each would take most of the time. code: None for any."""
    runner = CliRunner(env={"FABRICATE_REGISTRY": where, "NO_COLOR": "1"})
    with runner.isolation(input=answer) as (out, err, _):
        found = reported(lambda **more: command(["patient", *arguments], **more))
    told = Ended(found, out.getvalue().decode(), err.getvalue().decode())
    assert code in (found, None), f"{found}\n{told.out}\n{told.err}"
    return told


def commands_of_the_page() -> list[str]:
    table = PAGE.read_text("utf-8").partition("<!-- commands -->")[2].partition("\n## ")[0]
    return re.findall(r"\| `(fabricate patient [^`]*)` \|", table)


def test_every_command_of_the_table_does_what_it_says(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for fence in fences(PAGE):
        if fence.file:
            Path(fence.file).write_text(fence.text, encoding="utf-8")
    lines = commands_of_the_page()
    told = {line: typed(where, *shlex.split(line)[2:]) for line in lines}
    assert {shlex.split(line)[2] for line in lines} == set(patient.commands)
    assert "CITIZEN^JANE" in told["fabricate patient show X1"].out
    assert "CITIZEN^JANE" in told["fabricate patient search citizen"].out
    assert "NORTH-000003" in told[lines[8]].out
    assert "8 patients" in told["fabricate patient stats"].out
    assert "PAT-{6digits}" in told["fabricate patient load-config patient_config.json"].out
    assert "2 patients taken in" in told["fabricate patient import patient_registry.json"].out
    assert len(list(csv.reader(io.StringIO(Path("people.csv").read_text("utf-8"))))) == 11
    assert "P-0001 is now X1" in told["fabricate patient merge P-0001 X1"].out
    left = [row["id"] for row in typed(where, "list", "--format", "json").rows()]
    assert left == [*(f"PID{n:06d}" for n in range(1, 8)), "P-0002"]


def test_a_patient_is_the_same_as_json_csv_and_in_each_command(where: str) -> None:
    (made,) = typed(where, "generate", "--locale", "ja_JP", "--format", "json").rows()
    assert list(made) == KEYS
    assert made["id"] == "PID000001"
    assert made["name"].count("=") == 2, "in three groups"
    assert made["issuer"] is made["last_used"] is None
    assert made["studies"] == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made["created"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", made["birth_date"])
    assert typed(where, "list", "--format", "json").rows() == [made]
    assert typed(where, "search", made["phone"], "--format", "json").rows() == [made]
    (shown,) = typed(where, "show", "PID000001", "--format", "json").rows()
    assert {key: shown[key] for key in KEYS} == made
    head, row = csv.reader(io.StringIO(typed(where, "list", "--format", "csv").out))
    assert head == KEYS
    assert dict(zip(head, row, strict=True))["name"] == made["name"]


def test_the_same_seed_makes_the_same_people(where: str) -> None:
    first = typed(where, "generate", "--count", "3", "--seed", "7", "--format", "json").rows()
    second = typed(where, "generate", "--count", "3", "--seed", "7", "--format", "json").rows()
    drop = ("id", "created")
    plain = [
        [{k: v for k, v in one.items() if k not in drop} for one in each]
        for each in (first, second)
    ]
    assert plain[0] == plain[1]
    assert {one["id"] for one in first}.isdisjoint(one["id"] for one in second)


def test_ids_that_somebody_has_are_stepped_over_as_the_trial_said(where: str) -> None:
    for number in (2, 3):
        typed(where, "generate", "--id", f"PID00000{number}")
    tried = typed(where, "test-ids", "--count", "2", "--format", "json")
    assert [(row["id"], row["free"]) for row in tried.rows()] == [
        ("PID000001", True),
        ("PID000002", False),
        ("PID000003", False),
        ("PID000004", True),
    ]
    assert "2 IDs taken, stepped over" in tried.err
    made = typed(where, "generate", "--count", "2", "--format", "json").rows()
    assert {one["id"] for one in made} == {"PID000001", "PID000004"}


def test_an_id_that_is_taken_is_told_with_who_has_it(where: str) -> None:
    typed(where, "generate", "--id", "X1", "--name", "CITIZEN^JANE", "--birth-date", "1970-01-31")
    told = typed(where, "generate", "--id", "X1", code=2)
    assert "the ID 'X1' is taken by CITIZEN^JANE, born 1970-01-31" in told.err
    assert len(typed(where, "list", "--format", "json").rows()) == 1


def test_a_pattern_that_ran_out_is_told_and_makes_nobody(where: str, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text('{"id_pattern": "P{1digits}"}', encoding="utf-8")
    typed(where, "load-config", str(file))
    assert len(typed(where, "generate", "--count", "7", "--format", "json").rows()) == 7
    told = typed(where, "generate", "--count", "3", code=2)
    assert "ran out: 2 numbers left" in told.err or "ran out: 2 left" in told.err
    assert len(typed(where, "list", "--format", "json").rows()) == 7
    left = typed(where, "test-ids", "--count", "3", "--format", "json", code=1)
    assert [one["id"] for one in left.rows()] == ["P8", "P9"]
    assert "the pattern ran out: 2 free IDs left, 3 asked for" in left.err


def test_a_pattern_that_runs_out_uses_up_no_number_of_its_other_counter(
    where: str, tmp_path: Path
) -> None:
    file = tmp_path / "c.json"
    file.write_text('{"id_pattern": "P{3digits}-{1digits}"}', encoding="utf-8")
    typed(where, "load-config", str(file))
    assert "9 left of {1digits}" in typed(where, "generate", "--count", "10", code=2).err
    (made,) = typed(where, "generate", "--format", "json").rows()
    assert made["id"] == "P001-1"


def test_many_that_do_not_fit_are_refused_before_some_are_made(tmp_path: Path) -> None:
    where, file = str(tmp_path / "r.sqlite3"), tmp_path / "c.json"
    file.write_text('{"id_pattern": "P{4digits:start=8800}"}', encoding="utf-8")
    typed(where, "load-config", str(file))
    assert "1200 left" in typed(where, "generate", "--count", "1500", code=2).err
    assert typed(where, "list").out == ""


def test_a_new_registry_is_no_upgrade_and_leaves_no_copy(tmp_path: Path) -> None:
    typed(str(tmp_path / "r.sqlite3"), "generate")
    assert [path.name for path in tmp_path.iterdir()] == ["r.sqlite3"]


def test_the_configuration_says_what_numbers_begin_with_and_why(tmp_path: Path) -> None:
    where, file = str(tmp_path / "r.sqlite3"), tmp_path / "c.json"

    def counted() -> dict[str, tuple[Any, str]]:
        rows = typed(where, "config", "--format", "json").rows()
        return {row["name"]: (row["value"], row["source"]) for row in rows}

    assert counted()["start"] == counted()["increment"] == (1, "id_pattern")
    file.write_text('{"id_pattern": "A{2digits}-{3digits:start=7}", "increment": 4}', "utf-8")
    typed(where, "load-config", str(file))
    assert counted()["start"] == (1, "id_pattern")
    assert counted()["increment"] == (4, str(file))
    (made,) = typed(where, "generate", "--format", "json").rows()
    assert made["id"] == "A01-007", "the second counter keeps its own start"


def test_the_id_of_somebody_merged_is_given_to_nobody_else(where: str, tmp_path: Path) -> None:
    for id_, name in (("A", "ONE^ANN"), ("B", "TWO^BEA"), ("C", "THREE^CAT")):
        typed(where, "generate", "--id", id_, "--name", name, "--birth-date", "1970-01-31")
    typed(where, "merge", "A", "C")
    typed(where, "merge", "B", "C")
    for id_ in "AB":
        told = typed(where, "generate", "--id", id_, code=2)
        assert (
            f"'{id_}' is taken by THREE^CAT, born 1970-01-31, for it was merged into 'C'"
            in told.err
        )
    again = tmp_path / "again.json"
    again.write_text(
        '{"A": {"name": "ONE^ANN", "sex": "F", "birth_date": "1970-01-31"}}', encoding="utf-8"
    )
    assert "'A' is taken by THREE^CAT" in typed(where, "import", str(again), code=2).err
    assert typed(where, "test-ids", "--pattern", "A", code=1).err.count("stepped over") == 1
    told = typed(where, "merge", "A", "C", code=2)
    assert "both IDs are those of one patient, 'C'" in told.err
    assert [one["id"] for one in typed(where, "list", "--format", "json").rows()] == ["C"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--name", ""), "the name is empty"),
        (("--birth-date", "2999-01-01"), "'2999-01-01' is yet to come"),
        (("--count", "many"), "'many' is no whole number"),
        (("--count",), "error: option '--count' requires an argument\n       --help behind"),
    ],
)
def test_what_nobody_can_be_is_refused_and_not_drawn_instead(
    arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    where = str(tmp_path / "r.sqlite3")
    assert told in typed(where, "generate", *arguments, code=2).err
    empty = typed(where, "list")
    assert (empty.out, empty.err.count("fabricate patient generate makes some")) == ("", 1)
    assert typed(where, "generate", "--sex", "f", "--format", "json").rows()[0]["sex"] == "F"


def test_what_a_file_lacks_is_told_in_words(tmp_path: Path) -> None:
    where, file = str(tmp_path / "r.sqlite3"), tmp_path / "p.json"
    file.write_text(
        '[{"id": "A", "name": "X"}, {"id": "B", "name": "Y", "sex": "F"}]', encoding="utf-8"
    )
    told = typed(where, "import", str(file), code=3).err
    assert "patient 1: it has no sex" in told
    assert "patient 2: it has no birth date" in told
    assert "None" not in told
    nowhere = str(tmp_path / "none" / "x.json")
    assert typed(where, "export", nowhere, code=4).err.startswith(
        f"error: cannot write '{nowhere}'"
    )
    assert "value for 'FILE'" in typed(where, "export", str(tmp_path), code=2).err
    file.write_text("{}", encoding="utf-8")
    assert "it says nothing, so nothing changes" in typed(where, "load-config", str(file)).err


@pytest.mark.skipif(sys.platform == "win32", reason="the command line is Unicode there")
def test_text_that_the_locale_cannot_read_is_told_and_no_defect(tmp_path: Path) -> None:
    where = str(tmp_path / "r.sqlite3")
    typed(where, "generate")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    told = subprocess.run(
        [sys.executable, "-m", "scenario_runner", "patient", "search", "Müller"],
        env={**os.environ, **plain, "FABRICATE_REGISTRY": where},
        capture_output=True,
        check=False,
    )
    assert told.returncode == 2, told.stderr
    assert b"set LC_ALL=C.UTF-8" in told.stderr


def test_a_pattern_without_a_counter_draws_until_an_id_is_free(where: str, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text('{"id_pattern": "P{1random}"}', encoding="utf-8")
    typed(where, "load-config", str(file))
    made = typed(where, "generate", "--count", "5", "--format", "json").rows()
    assert len({one["id"] for one in made}) == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"id_pattern": }', "c.json:1:16: error FAB317: this is no JSON"),
        ('{"birth_year_range": [2010, 1930]}', "two years in order"),
        ('{"start": "soon"}', "'start' is a number"),
        ('{"id_pattern": "P{7foo}"}', "unknown field"),
        ('{"start": 1, "start": 2}', "twice"),
        ("[]", "is an object"),
    ],
)
def test_a_wrong_configuration_changes_nothing_and_says_what_is_wrong(
    text: str, says: str, tmp_path: Path
) -> None:
    where = str(tmp_path / "r.sqlite3")
    file = tmp_path / "c.json"
    file.write_text(text, encoding="utf-8")
    before = typed(where, "config").out
    told = typed(where, "load-config", str(file), code=2 if "foo" in text else 3)
    assert says in told.err
    assert typed(where, "config").out == before


SPELLINGS = [
    {"id_pattern": "T######", "start": 5, "increment": 2, "phone_pattern": "1-##"},
    {"patient_id_pattern": "T{:06d}", "start_number": "5", "step": 2, "phone": ["1-##"]},
    {
        "patientId": {"pattern": "T{number:06d}", "start": 5, "increment": 2},
        "phone_patterns": ["1-##"],
    },
    {"patient_id": "T{6digits:start=5,step=2}", "phonePattern": "1-##"},
]


@pytest.mark.parametrize("given", SPELLINGS)
def test_a_configuration_means_the_same_in_each_spelling(
    given: dict[str, Any], tmp_path: Path
) -> None:
    where = str(tmp_path / "r.sqlite3")
    names = {
        "names": {"last_names": ["TESTER"], "first_names": {"male": ["JOHN"], "female": ["JANE"]}}
    }
    file = tmp_path / "c.json"
    whole = {**given, **names, "birth_year_range": {"min": 1950, "max": 1950}, "colour": "red"}
    file.write_text(json.dumps(whole), encoding="utf-8")
    assert "'colour'" in typed(where, "load-config", str(file)).err
    made = typed(where, "generate", "--count", "3", "--format", "json").rows()
    assert [one["id"] for one in made] == ["T000005", "T000007", "T000009"]
    assert {one["name"] for one in made} <= {"TESTER^JOHN", "TESTER^JANE"}
    assert all(one["name"].endswith("JANE" if one["sex"] == "F" else "JOHN") for one in made)
    assert all(one["birth_date"].startswith("1950-") for one in made)
    assert all(re.fullmatch(r"1-\d\d", one["phone"]) for one in made)
    sources = {
        row["name"]: row["source"] for row in typed(where, "config", "--format", "json").rows()
    }
    assert sources["id_pattern"] == str(file)
    assert sources["locale"] == "built in"
    assert sources["registry"] == "FABRICATE_REGISTRY"


def test_what_is_exported_is_imported_again(where: str, tmp_path: Path) -> None:
    typed(where, "generate", "--count", "4", "--locale", "ko_KR")
    typed(where, "generate", "--id", "X1")
    typed(where, "merge", "PID000001", "X1")
    file = tmp_path / "people.json"
    typed(where, "export", str(file))
    other = str(tmp_path / "other.sqlite3")
    assert "4 patients taken in" in typed(other, "import", str(file)).out
    assert (
        typed(other, "list", "--format", "json").out == typed(where, "list", "--format", "json").out
    )
    assert "PID000001" in typed(other, "show", "PID000001").out, "by the ID it was merged from"
    assert "0 patients taken in, 4 were here already" in typed(where, "import", str(file)).out


def test_what_a_file_is_called_says_whether_it_is_a_table(where: str, tmp_path: Path) -> None:
    typed(where, "generate", "--id", "X1")
    table, whole = tmp_path / "people.CSV", tmp_path / "json.csv"
    typed(where, "export", str(table))
    assert table.read_text("utf-8").startswith("id,issuer,name,")
    typed(where, "export", str(whole), "--format", "json")
    assert json.loads(whole.read_text("utf-8"))["patients"][0]["id"] == "X1"


def test_an_import_that_clashes_takes_nobody_in(tmp_path: Path) -> None:
    where = str(tmp_path / "r.sqlite3")
    typed(where, "generate", "--id", "B", "--name", "CITIZEN^JANE")
    file = tmp_path / "people.json"
    rows = [{"id": key, "name": "X^Y", "sex": "M", "birth_date": "1980-01-01"} for key in "ABC"]
    file.write_text(json.dumps(rows), encoding="utf-8")
    told = typed(where, "import", str(file), code=2).err
    assert "people.json:1:70: the ID 'B' is taken by CITIZEN^JANE" in told
    assert len(typed(where, "list", "--format", "json").rows()) == 1


def test_every_wrong_patient_of_a_file_is_named(tmp_path: Path) -> None:
    where = str(tmp_path / "r.sqlite3")
    file = tmp_path / "people.json"
    good = {"name": "X^Y", "sex": "M", "birth_date": "1980-01-01"}
    people = {"A": {**good, "sex": "?"}, "B": {**good, "birth_date": "1980-13-01"}, "C": good}
    file.write_text(json.dumps({"patients": people}, indent=1), encoding="utf-8")
    told = typed(where, "import", str(file), code=3).err
    assert "people.json:3:3: error FAB317: patient 'A': the sex '?'" in told
    assert "people.json:8:3: error FAB317: patient 'B': the birth date" in told
    assert typed(where, "list").out == ""


def test_two_people_under_one_id_in_a_file_are_no_one_that_was_here_already(
    tmp_path: Path,
) -> None:
    where, file = str(tmp_path / "r.sqlite3"), tmp_path / "people.json"
    one = {"id": "A", "name": "X^Y", "sex": "M", "birth_date": "1980-01-01"}
    file.write_text(json.dumps([one, one]), encoding="utf-8")
    assert "1 patient taken in" in typed(where, "import", str(file)).out
    file.write_text(json.dumps([one, {**one, "name": "Z^Z"}], indent=1), encoding="utf-8")
    told = typed(where, "import", str(file), code=3).err
    assert "people.json:8:2: error FAB317: patient 2: patient 1 has the ID 'A', too" in told


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"patients": {"A": {},\n "B": {}, "A": {}}}', "2:11"),
        ('[[{"é": "\\"", "b": [1, {"c": 1,\n"c" : 2}]}]]', "2:1"),
    ],
)
def test_a_key_that_is_there_twice_is_shown_where_it_is_the_second_time(
    text: str, place: str, tmp_path: Path
) -> None:
    file = tmp_path / "people.json"
    file.write_text(text, encoding="utf-8")
    told = typed(str(tmp_path / "r.sqlite3"), "import", str(file), code=3).err
    assert f"people.json:{place}: error FAB317: the key" in told


@pytest.mark.parametrize(
    "wanted",
    ["muller", "MÜLLER", "annä", "pid000009", "1951-03", "19510309", "5550101", "karl-marx", "2 b", "müller anna berlin"],
)  # fmt: skip
def test_a_patient_is_found_by_any_part_of_it(where: str, wanted: str) -> None:
    said = ["--name", "MÜLLER^Anna", "--birth-date", "1951-03-09", "--phone", "030 5550-101"]
    typed(where, "generate", "--id", "PID000009", *said, "--address", "Karl-Marx-Allee 2 b, Berlin")
    typed(
        where,
        "generate",
        "--id",
        "B",
        "--name",
        "LEE^KIM",
        "--birth-date",
        "1990-01-01",
        "--address",
        "x",
        "--phone",
        "1",
    )
    assert [one["id"] for one in typed(where, "search", wanted, "--format", "json").rows()] == [
        "PID000009"
    ]


def test_a_name_is_found_in_each_script_and_by_one_character(where: str) -> None:
    typed(where, "generate", "--id", "A", "--name", "YAMADA^HANAKO=山田^花子=やまだ^はなこ")
    typed(where, "generate", "--id", "B", "--name", "LI^WEI=李^伟")
    for wanted, who in (
        ("山田", "A"),
        ("花子", "A"),
        ("子", "A"),
        ("やまだ", "A"),
        ("李", "B"),
        ("伟", "B"),
    ):
        found = typed(where, "search", wanted, "--format", "json").rows()
        assert [one["id"] for one in found] == [who], wanted
    assert typed(where, "search", "%").out == typed(where, "search", "_").out == ""


def test_delete_asks_and_no_means_no(where: str) -> None:
    typed(where, "generate", "--id", "X1")
    assert "nothing was deleted" in typed(where, "delete", "X1", code=130, answer="n\n").err
    typed(where, "delete", "X1", answer="y\n")
    assert "no patient 'X1'" in typed(where, "show", "X1", code=2).err
    assert typed(where, "search", "X1").out == ""


def test_delete_where_nobody_answers_names_the_option_that_does_not_ask(where: str) -> None:
    typed(where, "generate", "--id", "X1")
    told = typed(where, "delete", "X1", code=2, answer="")
    assert "nobody answered" in told.err
    assert "--yes" in told.err
    assert "X1" in typed(where, "list").out


def test_an_id_that_two_issuers_gave_is_asked_about(where: str, tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    one = {"id": "7", "name": "X^Y", "sex": "M", "birth_date": "1980-01-01"}
    rows = [{**one, "issuer": issuer} for issuer in ("NORTH", "SOUTH")]
    file.write_text(json.dumps(rows), encoding="utf-8")
    typed(where, "import", str(file))
    assert "--issuer" in typed(where, "show", "7", code=2).err
    assert "SOUTH" in typed(where, "show", "7", "--issuer", "SOUTH").out


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no such rights on Windows")
def test_a_registry_that_cannot_be_written_is_read_and_writing_is_refused_in_words(
    tmp_path: Path,
) -> None:
    where = tmp_path / "folder" / "r.sqlite3"
    typed(str(where), "generate", "--id", "X1", "--name", "CITIZEN^JANE")
    code = (
        "import sys; from scenario_runner.cli.group import fabricate; "
        "from scenario_runner.cli.output import reported; where = sys.argv[1]\n"
        "for line in sys.stdin.read().splitlines():\n"
        "    found = reported(lambda **more: fabricate(['patient', *line.split(), '--registry', where], **more))\n"
        "    print('ended', line, found, flush=True); print('ended', line, file=sys.stderr, flush=True)"
    )
    # The superuser writes what nobody may write, unless this one capability is taken away.
    plain = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    where.parent.chmod(0o555)
    where.chmod(0o444)
    reads = ["list", "show X1", "search jane", "stats", "test-ids", "config", "export"]
    writes = ["generate", "delete X1 --yes", "config --reset"]
    try:
        done = subprocess.run(
            [*plain, sys.executable, "-c", code, str(where)],
            input="\n".join([*reads, *writes]),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
    finally:
        where.parent.chmod(0o755)
    for line in reads:
        assert f"ended {line} 0\n" in done.stdout, done.stderr
    for line in writes:
        assert f"ended {line} 4\n" in done.stdout
        told = done.stderr.partition(f"ended {line}\n")[0].rpartition("ended")[2]
        assert "cannot be opened for writing" in told
    assert done.stdout.count("CITIZEN^JANE") == 4
    assert "Traceback" not in done.stderr


def test_a_server_without_its_driver_says_which_extra_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None; "
        "from scenario_runner.cli import main; sys.argv[0] = 'fabricate'; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "patient", "list", "--registry", "postgresql://127.0.0.1/x"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'dicom-fabricator[postgres]'" in done.stderr
