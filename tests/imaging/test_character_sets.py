"""A name reaches the PACS in its own script, declared as it is written."""

from __future__ import annotations

import pytest

from scenario_runner.errors import InvalidInput
from tests.imaging.planned import factory, plan_series


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("CITIZEN^JANE", None),
        ("Buc^Jérôme", "ISO_IR 100"),
        ("Wałęsa^Lech", "ISO_IR 101"),
        ("Иванова^Анна", "ISO_IR 144"),
        ("محمد^علي", "ISO_IR 127"),
        ("Διονυσιος", "ISO_IR 126"),
        ("שרון^דבורה", "ISO_IR 138"),
        ("สมชาย^ใจดี", "ISO_IR 166"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", ["", "ISO 2022 IR 87"]),
        ("Hong^Gildong=洪^吉洞=홍^길동", ["", "ISO 2022 IR 149"]),
        ("Zhang^XiaoDong=张^小东", "ISO_IR 192"),
        ("Иванова^Zoë", "ISO_IR 192"),
    ],
)
def test_the_set_is_chosen_for_the_values(name: str, declared: object) -> None:
    series = plan_series("CR", size=(64, 64), name=name)
    dataset = factory().instance(series.images[0]).dataset()
    found = dataset.get("SpecificCharacterSet")
    assert (found if isinstance(found, str | None) else list(found)) == declared
    assert str(dataset.PatientName) == name


def test_a_given_set_is_used_even_when_ascii_would_do() -> None:
    series = plan_series("CR", size=(64, 64), patient={"character_set": ("ISO_IR 192",)})
    assert factory().instance(series.images[0]).dataset().SpecificCharacterSet == "ISO_IR 192"


def test_a_value_that_the_given_set_cannot_hold_is_refused_before_anything_is_made() -> None:
    series = plan_series(
        "CR", size=(64, 64), name="山田", patient={"character_set": ("ISO_IR 100",)}
    )
    with pytest.raises(InvalidInput, match="PatientName: '山田' cannot be written in ISO_IR 100"):
        factory().check(series)


def test_an_unknown_set_is_refused() -> None:
    series = plan_series("CR", size=(64, 64), patient={"character_set": ("UTF-8",)})
    with pytest.raises(InvalidInput, match="'UTF-8' is not a defined term"):
        factory().check(series)


def test_a_wrong_declaration_can_be_made_on_purpose() -> None:
    series = plan_series(
        "CR", size=(64, 64), name="Иванова", tags={"SpecificCharacterSet": {"raw": "ISO_IR 100"}}
    )
    content = b"".join(factory().instance(series.images[0]).buffers)
    assert b"ISO_IR 100" in content
    assert "Иванова".encode("iso8859_5") in content
