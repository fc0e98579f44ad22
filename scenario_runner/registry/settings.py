"""How patients are made: the program's own way, and what a configuration file changed of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from scenario_runner.language.site_model import Identifiers
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.demographics import DEFAULT_LOCALE
from scenario_runner.registry.tables import setting

if TYPE_CHECKING:
    from scenario_runner.database.engine import Database

BUILT_IN = "built in"
_LISTS = (
    "family_names", "male_names", "female_names", "address_patterns", "phone_patterns", "birth_years"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How patients are made. What is empty is drawn as for a scenario."""

    id_pattern: str = Identifiers.model_fields["patient_id"].default
    start: int | None = None
    """Of the pattern's counter, instead of what the pattern says."""
    increment: int | None = None
    issuer: str = ""
    locale: str = DEFAULT_LOCALE
    family_names: tuple[str, ...] = ()
    male_names: tuple[str, ...] = ()
    female_names: tuple[str, ...] = ()
    birth_years: tuple[int, ...] = ()
    """First and last, both included."""
    address_patterns: tuple[str, ...] = ()
    """One is taken for each patient; ``#`` is a digit, ``{street}`` and ``{city}`` are filled in."""
    phone_patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InEffect:
    """A setting and where its value is from."""

    name: str
    value: Any
    source: str
    """``built in``, the file that ``load-config`` read, or ``id_pattern`` for what that says."""

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"name": self.name, "value": value, "source": self.source}


def in_effect(database: Database) -> list[InEffect]:
    """Every setting. Raises MachineError."""
    with database.reading() as connection:
        rows = [] if connection is None else connection.execute(select(setting)).all()
    loaded = {name: (json.loads(value), source) for name, value, source in rows}
    usual = Settings()
    found = []
    for field in fields(Settings):
        value, source = loaded.get(field.name, (getattr(usual, field.name), BUILT_IN))
        found.append(InEffect(field.name, tuple(value) if field.name in _LISTS else value, source))
    return found


def settings_of(effect: list[InEffect]) -> Settings:
    """The values alone."""
    return Settings(**{one.name: one.value for one in effect})


def keep(database: Database, values: Mapping[str, Any], source: str) -> None:
    """Let these values hold from now on; the others stay. Raises MachineError."""
    rows = [
        {"name": name, "value": json.dumps(value, ensure_ascii=False), "source": source}
        for name, value in values.items()
    ]
    with database.writing() as connection:
        connection.execute(delete(setting).where(setting.c.name.in_(values)))
        if rows:
            connection.execute(insert(setting), rows)


def forget(database: Database) -> None:
    """Let what is built in hold again. Raises MachineError."""
    with database.writing() as connection:
        connection.execute(delete(setting))
