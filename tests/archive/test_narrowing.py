"""What SQL says beforehand of a key may cost no match: the same is found with and without it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.query import Query
from scenario_runner.archive.server_line import Line
from tests.archive.samples import identifier, put, sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scenario_runner.archive.speaking import Rows
    from scenario_runner.dicom.levels import Level
    from tests.archive.conftest import Indexed

NAMES = [
    "CITIZEN^JANE", "citizen^jane^^^", "Yamada^Tarou=山田^太郎=やまだ^たろう", "MÜLLER^ZOË",
    "STRASSE^A", "STRAßE^A", "=山田", "O'NEIL^*", "A_B%C^D", "", "CITIZEN ^ JANE",
]  # fmt: skip
DATES = ["20240131", "2024.01.31", "20240201", "", "19991231\\20240131", "202402", "never"]
TEXTS = ["CHEST PA", "CHEST\\ABDOMEN", "", "Äpfel", "chest pa", "\U0010ffff", "A[1]"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, indexed: Indexed) -> Iterator[Archive]:
    with Archive(tmp_path_factory.mktemp("archive"), indexed()) as archive:
        number = 0
        for name in NAMES:
            for n, date in enumerate(DATES):
                number += 1
                put(
                    archive,
                    sample(
                        f"1.2.{number}", SpecificCharacterSet="ISO_IR 192", PatientName=name,
                        PatientID=f"P{number % 5}", StudyDate=date.split("\\"),
                        StudyDescription=TEXTS[(number + n) % len(TEXTS)].split("\\"),
                        AccessionNumber=f"A{number}", Modality=["CT", "MR", "SR"][number % 3],
                    ),
                )  # fmt: skip
        yield archive


def found(archive: Archive, level: Level, keys: dict[str, str], *, narrowed: bool) -> list[bytes]:
    query = Query.of(
        level,
        "patient",
        identifier(SpecificCharacterSet="ISO_IR 192", StudyInstanceUID="", **keys),
        relational=True,
    )
    with pytest.MonkeyPatch.context() as patch:
        if not narrowed:
            patch.setattr(Query, "_conditions", lambda _: [])
        return [match.encode(implicit=False) for match in query.run(archive)]


def keys_like(values: list[str]) -> st.SearchStrategy[str]:
    """Values that are there, parts of them, and wildcards in between."""
    parts = st.sampled_from([*values, *"*?*?=^ ACJ", "山田", "CIT", "2024", "-", "20240101", "É"])
    return st.lists(parts, min_size=1, max_size=4).map("".join)


KEYS = st.fixed_dictionaries(
    {},
    optional={
        "PatientName": keys_like([name for name in NAMES if "%" not in name]),
        "StudyDate": st.one_of(
            keys_like(["20240131", "20240201", "2024.01.31"]).filter(
                lambda key: key.isascii() and len(key) < 18
            ),
            st.sampled_from(["20240101-20240131", "-20240131", "20240201-", "202401", "1999-2024"]),
        ),
        "StudyDescription": keys_like(TEXTS[:1] + TEXTS[3:]),
        "AccessionNumber": st.sampled_from(["A1*", "A?", "*7", "A12", "A*\\B"]),
        "PatientID": st.sampled_from(["P1", "P*", "?3", "p1"]),
        "ModalitiesInStudy": st.sampled_from(["CT", "CT\\MR", "C*", "XX"]),
    },
)


@given(keys=KEYS, level=st.sampled_from(["PATIENT", "STUDY", "SERIES"]))
@example(keys={"PatientName": "CITIZEN^*"}, level="STUDY")
@example(keys={"PatientName": "citizen^"}, level="PATIENT")
@example(keys={"PatientName": "=山田*"}, level="STUDY")
@example(keys={"PatientName": "straSSe*"}, level="STUDY")
@example(keys={"StudyDescription": "ABDOMEN"}, level="STUDY")
@example(keys={"StudyDescription": "\U0010ffff*"}, level="STUDY")
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_that_matches_is_kept_out(
    archive: Archive, keys: dict[str, str], level: Level
) -> None:
    wanted = found(archive, level, keys, narrowed=False)
    assert found(archive, level, keys, narrowed=True) == wanted


@pytest.mark.parametrize(
    ("keys", "table"),
    [
        ({"PatientName": "CIT*"}, "study_names"),
        ({"PatientName": "CITIZEN^JANE"}, "study_names"),
        ({"AccessionNumber": "A1*"}, "studies_AccessionNumber"),
        ({"AccessionNumber": "A1"}, "studies_AccessionNumber"),
        ({"PatientID": "P1"}, "studies_PatientID"),
        ({"StudyDate": "20240101-20240131"}, "studies_StudyDate"),
        ({"ModalitiesInStudy": "CT"}, "series_Modality"),
    ],
)
def test_a_common_question_is_answered_through_an_index(
    archive: Archive, keys: dict[str, str], table: str
) -> None:
    query = Query.of("STUDY", "study", identifier(StudyInstanceUID="", **keys))
    plan = plan_on_server(archive, query) if archive.options.index else plan_in_file(archive, query)
    assert any(
        f"INDEX {table}" in step or f"SEARCH {table}" in step or f" on {table}".lower() in step
        for step in plan
    ), plan
    assert not any("SCAN studies" in step or "Seq Scan" in step for step in plan), plan


def plan_in_file(archive: Archive, query: Query) -> list[str]:
    asked: list[str] = []
    with archive.index._connections.reading() as reader:
        assert isinstance(reader, sqlite3.Connection)
        reader.set_trace_callback(asked.append)  # the one that reads next
    list(query.run(archive))
    with archive.index._connections.reading() as reader:
        assert isinstance(reader, sqlite3.Connection)
        reader.set_trace_callback(None)
        return [
            str(row[-1])
            for statement in asked
            for row in reader.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]


def plan_on_server(archive: Archive, query: Query) -> list[str]:
    """As if there were many studies: of a few all are read, which takes least."""
    asked: list[tuple[str, Sequence[object]]] = []
    with pytest.MonkeyPatch.context() as patch:
        execute = Line.execute

        def noting(line: Line, sql: str, values: Sequence[object] = ()) -> Rows:
            asked.append((sql, values))
            return execute(line, sql, values)

        patch.setattr(Line, "execute", noting)
        list(query.run(archive))
    with archive.index._connections.reading() as reader:
        assert isinstance(reader, Line)
        reader.command("SET enable_seqscan TO off")
        try:
            return [
                str(row[0])
                for sql, values in asked
                for row in reader.execute(f"EXPLAIN {sql}", values).fetchall()
            ]
        finally:
            reader.command("RESET enable_seqscan")
