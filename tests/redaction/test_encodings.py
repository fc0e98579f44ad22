"""A secret is found however somebody else has written it, and nothing beside it is lost."""

from __future__ import annotations

import json
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.redaction import MASK, Redactor
from tests.redaction.encodings import ENCODINGS, SECRET

_REDACTOR = Redactor([SECRET])


def test_the_secret_is_as_awkward_as_it_should_be() -> None:
    assert len(SECRET) == 24
    assert set("\"<&%+\\^=/ ü'") <= set(SECRET)


@pytest.mark.parametrize("name", ENCODINGS)
def test_it_is_masked_and_what_stands_around_it_stays(name: str) -> None:
    written = ENCODINGS[name](SECRET)
    cleaned = _REDACTOR.text(f"login of fab failed: {written}\nnext line")
    head, mask, rest = cleaned.partition(MASK)
    assert mask, cleaned
    assert head.startswith("login of fab failed: ")
    assert rest.endswith("\nnext line")
    # Of Base64 in the middle of other bytes, characters at the ends hold bits of neighbours.
    left = cleaned.removeprefix("login of fab failed: ").removesuffix("\nnext line")
    assert len(left.replace(MASK, "").strip(" \0…")) <= 8, cleaned


@pytest.mark.parametrize(
    "name", ["raw", "percent", "HTML", "JSON, every character", "percent twice"]
)
def test_what_a_field_of_64_characters_leaves_of_it_is_masked(name: str) -> None:
    """Wherever the cut falls, in the middle of an escape as well, most of the secret is gone."""
    written = ENCODINGS[name](SECRET)
    for length in range(len(written) * 3 // 4, len(written)):
        for after in ("", "…"):
            cleaned = _REDACTOR.text(f"A700 {written[:length]}{after}")
            left = cleaned.removeprefix(f"A700 {MASK}")  # of an escape that was cut, or nothing
            assert re.fullmatch(r"([%&\\][#\w]{0,6})?…?", left), length


@given(
    st.text(st.sampled_from(string.ascii_letters + string.digits + "äÖ\"<&%+\\^=/ ';#$"), min_size=8)
    .filter(lambda s: sum(c.isascii() and c.isalnum() for c in s) >= 6),
    st.lists(st.sampled_from(["percent", "HTML", "JSON", "percent, every character", "form"]), max_size=3),
)  # fmt: skip
def test_no_layers_of_escapes_hide_a_secret(secret: str, layers: list[str]) -> None:
    written = secret
    for layer in layers:
        written = ENCODINGS[layer](written)
    assert MASK in Redactor([secret]).text(f"<{written}>")


@pytest.mark.parametrize(
    "taken_apart",
    [
        ["x", *SECRET.split("\\"), "y"],
        {"Alphabetic": SECRET.split("=")[0], "Ideographic": SECRET.split("=")[1]},
    ],
)
def test_a_secret_that_dicom_takes_apart_is_masked_in_its_parts(taken_apart: object) -> None:
    cleaned = json.dumps(_REDACTOR.tree({"value": taken_apart}), ensure_ascii=False)
    assert MASK in cleaned
    assert "pQ" not in cleaned
    assert "#9?Z" not in cleaned


def test_what_is_no_text_yet_is_masked_as_the_text_it_becomes() -> None:
    class Name:
        def __str__(self) -> str:
            return f"Name({SECRET})"

    assert _REDACTOR.tree({"name": Name(), "data": SECRET.encode()}) == {
        "name": f"Name({MASK})", "data": MASK.encode(),
    }  # fmt: skip


def test_an_error_and_what_led_to_it_hold_no_secret() -> None:
    with pytest.raises(RuntimeError) as caught, _REDACTOR.guarding():
        raise RuntimeError(f"answer {SECRET}") from ValueError(f"bad header {SECRET}")
    assert str(caught.value) == f"answer {MASK}"
    assert str(caught.value.__cause__) == f"bad header {MASK}"


@pytest.mark.parametrize(
    "text",
    [
        "100 % of 50 stored; 1.2.840.10008.5.1.4.1.1.2; AE_TITLE\\OTHER; A&B; C:\\temp\\new",
        "PatientName Müller^Jörg is not Muller^Jorg????",
        '{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "CITIZEN^JANE"}]}}',
        "cGFzc3dvcmQ= 7041514232 deadbeef %7B%22a%22%3A1%7D &lt;b&gt; \\u0041",
    ],
)
def test_what_holds_no_secret_comes_out_as_it_went_in(text: str) -> None:
    assert Redactor([SECRET, "104", "hunter22", "http://127.0.0.1:8042/x"]).text(text) == text
