"""The one table that a run without known patients needs, and the first step of the history.

It stands apart from the rest so that such a run makes it with Python's own SQLite, and need not load
what the other tables are made with.
"""

from __future__ import annotations

NEWEST = 7
"""Of the steps in ``migrations/versions``; a file of SQLite has it as its ``user_version``."""
FIRST = 1
"""The step that makes this table."""
PATIENTS = 2
"""The step that makes those of patients and of what was made for them."""
ACCOUNTS = 3
"""The step that makes those of accounts and of the audit trail."""
IMAGING = 4
"""The step that makes those of uploads, and of what studies were matched with."""
RUNS = 5
"""The step that makes those of runs that belong to a server."""
LEDGER = 6
"""The step that makes those of runs that a cluster carries out."""
MESSAGES = 7
"""The step that makes that of messages of HL7."""
APPLICATION = 0x46414252
"""``FABR``, the ``application_id`` of a file of SQLite: tells ours from other databases."""


def counter_table(dialect: str) -> str:
    """The statement that makes it unless it is there. dialect: ``sqlite`` or ``postgresql``."""
    number, options = (
        ("INTEGER", " WITHOUT ROWID, STRICT") if dialect == "sqlite" else ("BIGINT", "")
    )
    return (
        "CREATE TABLE IF NOT EXISTS counter (site TEXT NOT NULL, rule TEXT NOT NULL, "
        f"next {number} NOT NULL, PRIMARY KEY (site, rule)){options}"
    )
