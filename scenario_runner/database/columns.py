"""Kinds of columns that SQLite and PostgreSQL keep differently, and both give back alike."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, TypeDecorator

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""A number that a row is known by; SQLite counts up only what it calls INTEGER."""


class Moment(TypeDecorator[dt.datetime]):
    """A moment in UTC; SQLite, which keeps no time zone, is told none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """As it is kept."""
        if value is None:
            return None
        moment = value.astimezone(dt.UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: dt.datetime | None, _: Any) -> dt.datetime | None:
        """With its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
