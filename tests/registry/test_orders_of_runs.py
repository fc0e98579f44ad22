"""Orders that studies were made from are in the registry, where images find them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from scenario_runner.database.engine import Database
from scenario_runner.registry.patient import Patient
from scenario_runner.registry.people import People
from scenario_runner.registry.tables import order_seen
from scenario_runner.service.homes.home import StudyFacts
from scenario_runner.service.matching.matching import find_match
from tests.orders.hl7.feeds import OBR, message, order
from tests.running import fabricate, write_scenario

SR = OBR.replace("||||CT", "||||SR")
Row = tuple[str, str, str, str, str]


def noted(registry: Path) -> list[Row]:
    """Source, number, accession, patient and modality of each."""
    columns = order_seen.c
    with Database(registry) as database, database.reading() as connection:
        assert connection is not None
        rows = connection.execute(
            select(
                columns.source, columns.id, columns.accession, columns.patient_id, columns.modality
            )
        )
        return sorted((row[0], row[1], row[2], row[3], row[4]) for row in rows)


def test_an_order_that_became_a_study_is_noted_once_and_its_images_find_it(tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite3"
    (tmp_path / "one.hl7").write_bytes(order(obr=SR))
    for out in ("first", "second"):
        fabricate("from-hl7", "one.hl7", "--yes", "--registry", registry, "--out", out,
                  cwd=tmp_path).check()  # fmt: skip
    assert noted(registry) == [("placer", "PL1", "ACC1", "P1", "SR")]
    first = json.loads((tmp_path / "first" / "run.json").read_text("utf-8"))
    [study] = first["cases"][0]["patients"][0]["studies"]
    facts = StudyFacts(
        study_instance_uid=study["uid"],
        patient_id="P1",
        patient_name="TESTER^EVA",
        accession_number="ACC1",
    )
    with Database(registry) as database:
        People(database).add(
            [
                Patient(
                    id="P1",
                    issuer="HOSP",
                    name="TESTER^EVA",
                    sex="F",
                    birth_date=dt.date(1970, 1, 31),
                )
            ]
        )
        found = find_match(database, facts)
    assert (found.patient, found.order, found.accession) == ("P1", "PL1", "ACC1")


def test_orders_under_one_placer_number_go_by_the_fillers(tmp_path: Path) -> None:
    registry = tmp_path / "registry.sqlite3"
    other = SR.replace("FI1", "FI2").replace("ACC1", "ACC2")
    (tmp_path / "two.hl7").write_bytes(
        message(
            "PID|1||P1^^^HOSP^MR||TESTER^EVA||19700131|F",
            "ORC|NW|PL1|FI1",
            SR,
            "ORC|NW|PL1|FI2",
            other,
        )
    )
    fabricate("from-hl7", "two.hl7", "--yes", "--registry", registry, "--out", "out",
              cwd=tmp_path).check()  # fmt: skip
    assert noted(registry) == [
        ("filler", "FI2", "ACC2", "P1", "SR"),
        ("placer", "PL1", "ACC1", "P1", "SR"),
    ]


@pytest.mark.parametrize("command", ["plan", "validate"])
def test_what_only_looks_notes_no_order(tmp_path: Path, command: str) -> None:
    registry = tmp_path / "registry.sqlite3"
    (tmp_path / "one.hl7").write_bytes(order(obr=SR))
    write_scenario(
        tmp_path / "s.yaml", [{"log": {"message": "x"}}], patients=[{"from": {"hl7": "one.hl7"}}]
    )
    more = ("--registry", registry) if command == "plan" else ()
    fabricate(command, "s.yaml", *more, cwd=tmp_path).check()
    assert not registry.exists()


def test_a_registry_that_cannot_be_told_of_orders_is_said_and_the_run_goes_on(
    tmp_path: Path,
) -> None:
    registry = tmp_path / "registry.sqlite3"
    (tmp_path / "one.hl7").write_bytes(order(obr=SR))
    write_scenario(
        tmp_path / "s.yaml",
        [{"send": {"to": "pacs"}}],
        patients=[{"from": {"hl7": "one.hl7"}}],
    )
    with Database(registry) as database, database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE order_seen")
    done = fabricate("run", "s.yaml", "--registry", registry, "--out", "out", cwd=tmp_path).check()
    assert "1 of 1 stored" in done.out
    assert "the registry was not told of 1 order" in done.err
