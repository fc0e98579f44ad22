"""What the page on real systems names is there: keys of `expects`, tests and scripts."""

from __future__ import annotations

import re

from scenario_runner.language.site_model import Expectations
from tests.docs.markdown import DOCS

PAGE = DOCS / "reference" / "what-real-systems-do.md"
TEXT = PAGE.read_text(encoding="utf-8")


def _declared() -> set[str]:
    """The keys in the third column of the tables that have one."""
    found: set[str] = set()
    for table in re.findall(r"^\| system .*declare in.*(?:\n\|.*)+", TEXT, re.MULTILINE):
        for row in table.splitlines()[2:]:
            found.update(re.findall(r"`(\w+)`", row.split(" | ")[2]))
    return found


def test_each_key_that_is_to_be_declared_can_be() -> None:
    declared = _declared()
    assert declared <= Expectations.model_fields.keys()
    assert {"unsupported_keys", "repeated_matches", "transfer_syntaxes"} <= declared


def test_each_source_that_it_cites_is_there() -> None:
    linked = set(re.findall(r"\]\(([^)#]+\.(?:sh|py))\)", TEXT))
    assert linked
    for link in linked:
        assert (PAGE.parent / link).is_file(), link
