"""The stored names are those of the package they were made from."""

from __future__ import annotations

from scenario_runner.orders.hl7 import field_names
from tests.orders.field_names import table


def test_the_stored_table_is_the_generated_one() -> None:
    assert field_names.TABLE.read_text("utf-8") == table()


def test_fields_and_components_have_names() -> None:
    assert field_names.of_field("PID", 5) == "Patient Name"
    assert field_names.of_component("PID", 3, 4) == "Assigning Authority"
    assert field_names.of_field("ZXX", 1) == ""
