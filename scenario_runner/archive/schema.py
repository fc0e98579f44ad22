"""The tables of the index, one a level, and what stands where in them.

Of what belongs to a patient, a study or a series the first instance that came in decides. Everything
here can be made again from the files, so a change of the schema is a new ``VERSION``, no migration.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from scenario_runner.archive.attributes import BY_KEYWORD
from scenario_runner.dicom.levels import ATTRIBUTES, LEVELS, UNIQUE_KEY, Level, levels_down_to

VERSION: Final = 3
"""Of the schema; an index of another version is made again from the files."""

TABLE: Final[Mapping[Level, str]] = {
    "PATIENT": "patients",
    "STUDY": "studies",
    "SERIES": "series",
    "IMAGE": "instances",
}
COLUMNS: Final[Mapping[Level, tuple[str, ...]]] = {
    **ATTRIBUTES,
    # A study keeps what it says of its patient, which may differ from what another study says.
    "STUDY": (*ATTRIBUTES["PATIENT"], *ATTRIBUTES["STUDY"]),
}
IDENTITY: Final[Mapping[Level, tuple[str, ...]]] = {
    **{level: (key,) for level, key in UNIQUE_KEY.items()},
    "PATIENT": ("PatientID", "IssuerOfPatientID"),
}
NAMES: Final[Mapping[Level, str]] = {"PATIENT": "patient_names", "STUDY": "study_names"}
"""Component groups of PatientName as matching compares them, a row each: (folded, owner)."""
_SEARCHED: Final = (
    ("studies", "StudyInstanceUID"), ("studies", "PatientID"), ("studies", "AccessionNumber"),
    ("studies", "StudyDate"), ("series", "SeriesInstanceUID"), ("series", "Modality, parent"),
)  # fmt: skip
_DATES: Final = frozenset(one.keyword for one in BY_KEYWORD.values() if one.vr == "DA")
_BELOW: Final[Mapping[str, tuple[str, Level]]] = {
    "NumberOfPatientRelatedStudies": ("count(*)", "STUDY"),
    "NumberOfPatientRelatedSeries": ("count(*)", "SERIES"),
    "NumberOfPatientRelatedInstances": ("count(*)", "IMAGE"),
    "NumberOfStudyRelatedSeries": ("count(*)", "SERIES"),
    "NumberOfStudyRelatedInstances": ("count(*)", "IMAGE"),
    "NumberOfSeriesRelatedInstances": ("count(*)", "IMAGE"),
    "ModalitiesInStudy": ("replace(group_concat(DISTINCT series.Modality), ',', '\\')", "SERIES"),
    "SOPClassesInStudy": (
        "replace(group_concat(DISTINCT instances.SOPClassUID), ',', '\\')",
        "IMAGE",
    ),
    "first_file": ("instances.file", "IMAGE"),
}
_OWNER: Final[Mapping[str, Level]] = {
    **{name: "PATIENT" for name in _BELOW if "Patient" in name},
    **{name: "STUDY" for name in _BELOW if "Study" in name},
    "NumberOfSeriesRelatedInstances": "SERIES",
}


def expression(column: str, level: Level) -> str:
    """A column, or what is counted below a row, as SQL."""
    if column not in _BELOW:
        for one in reversed(levels_down_to(level)):
            if column in COLUMNS[one]:
                return f"{TABLE[one]}.{column}"
        return f"{TABLE[level]}.{column}"
    value, deepest = _BELOW[column]
    owner = _OWNER.get(column, level)
    if owner == "IMAGE":
        return "instances.file"
    below = [TABLE[one] for one in levels_down_to(deepest)][LEVELS.index(owner) + 1 :]
    # The inner tables hide the outer ones of the same name; only the owner's row is the outer one.
    joined = below[0] + "".join(
        f" JOIN {table} ON {table}.parent = {above}.id"
        for above, table in itertools.pairwise(below)
    )
    first = " ORDER BY instances.id LIMIT 1" if column == "first_file" else ""
    return f"(SELECT {value} FROM {joined} WHERE {below[0]}.parent = {TABLE[owner]}.id{first})"  # noqa: S608


def is_irregular(level: Level, row: Mapping[str, str]) -> bool:
    """Whether a column is more than one plain text: several values, or a date not as YYYYMMDD."""
    return any(
        "\\" in value or (name in _DATES and not (len(value) == 8 and value.isdigit()))
        for name in COLUMNS[level]
        if (value := row[name])
    )


def above(level: Level) -> str:
    """The table that a row's parent is in; of all levels but the first."""
    return TABLE[LEVELS[LEVELS.index(level) - 1]]


def columns_beside(level: Level) -> Sequence[tuple[str, Literal["TEXT", "INTEGER"]]]:
    """What a row has besides attributes, its number and its parent's."""
    of_all: list[tuple[str, Literal["TEXT", "INTEGER"]]] = [
        ("character_set", "TEXT"), ("irregular", "INTEGER"),
    ]  # fmt: skip
    if level == "IMAGE":
        of_all += [("transfer_syntax_uid", "TEXT"), ("file", "TEXT"), ("size", "INTEGER")]
    return of_all


def statements() -> Iterator[str]:
    """SQL that makes the tables, in SQLite's words; in PostgreSQL's in ``postgresql``."""
    for level in LEVELS:
        columns = ["id INTEGER PRIMARY KEY"]
        if level != "PATIENT":
            columns.append(f"parent INTEGER NOT NULL REFERENCES {above(level)} ON DELETE CASCADE")
        columns += [f"{keyword} TEXT NOT NULL" for keyword in COLUMNS[level]]
        columns += [f"{name} {kind} NOT NULL" for name, kind in columns_beside(level)]
        unique = [*IDENTITY[level]]
        if level not in ("PATIENT", "IMAGE"):
            unique.insert(0, "parent")
        columns.append(f"UNIQUE ({', '.join(unique)})")
        table = TABLE[level]
        yield f"CREATE TABLE {table} ({', '.join(columns)})"
        yield f"CREATE INDEX {table}_irregular ON {table} (irregular) WHERE irregular = 1"
        if level == "IMAGE":
            yield "CREATE INDEX instances_of_series ON instances (parent)"
    for level, table in NAMES.items():
        yield (
            f"CREATE TABLE {table} (folded TEXT NOT NULL, owner INTEGER NOT NULL"
            f" REFERENCES {TABLE[level]} ON DELETE CASCADE, PRIMARY KEY (folded, owner)) WITHOUT ROWID"
        )
        yield f"CREATE INDEX {table}_owner ON {table} (owner)"
    yield from indexes()


def indexes() -> Iterator[str]:
    """SQL that makes what is searched by, where it is not there yet: one may come without a new version."""
    for table, columns in _SEARCHED:
        name = "_".join([table, *columns.split(", ")])
        yield f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({columns})"
