"""A secret from the environment shows up nowhere, in whatever shape a peer sends it back."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.events import AttemptFinished, InstanceSent, RunFinished, StepFinished
from scenario_runner.redaction import MASK, Redactor
from scenario_runner.redaction.unfolding import has_escapes, layers

SECRET = 'p"ä/ss\\wörd+1'


@pytest.mark.parametrize(
    "shape",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        repr(SECRET)[1:-1],
        quote(SECRET),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_shape_other_programs_give_it(shape: str) -> None:
    cleaned = Redactor([SECRET]).text(f"401 for user fab: {shape}!")
    assert shape not in cleaned
    assert MASK in cleaned


@given(st.text(min_size=4), st.text(), st.text())
def test_no_text_holds_the_secret_afterwards(secret: str, before: str, after: str) -> None:
    cleaned = Redactor([secret]).text(f"{before}{secret}{after}")
    assert secret not in cleaned.replace(MASK, "\0")


def test_all_texts_of_an_event_are_cleaned_however_deep() -> None:
    event = StepFinished(
        case="c", id="s", step="query", title=f"with {SECRET}", section="steps", outcome="error",
        attempts=1, started="", duration_s=0.1, message=SECRET,
        facts={SECRET: [{"deep": (SECRET, 5)}]}, requirements=[SECRET],
    )  # fmt: skip
    cleaned = Redactor([SECRET]).tree(event)
    assert SECRET not in repr(cleaned)
    assert json.dumps(SECRET)[1:-1] not in json.dumps(cleaned.fields())


def test_an_event_without_a_secret_is_not_made_anew() -> None:
    event = RunFinished(outcome="passed", exit_code=0, duration_s=1.5)
    assert Redactor([SECRET]).tree(event) is event


def test_a_numeric_secret_is_masked_as_a_number_too() -> None:
    assert Redactor(["48151623"]).tree({"port": 48151623, "other": 1}) == {"port": MASK, "other": 1}


@given(st.text(min_size=6), st.binary(max_size=12), st.binary(max_size=12))
def test_a_secret_in_base64_is_found_between_other_bytes(
    secret: str, before: bytes, after: bytes
) -> None:
    """As in ``Authorization: Basic``, where the user stands before the password."""
    password = secret.encode("utf-8", "replace")
    text = base64.b64encode(before + password + after).decode()
    cleaned = Redactor([password.decode()]).text(text)
    assert MASK in cleaned
    assert len(cleaned.replace(MASK, "")) <= len(text) - (len(password) * 8 - 10) // 6


def test_a_secret_that_is_a_small_number_takes_no_count_out_of_an_event() -> None:
    """A port of 104 from the environment, and a send that took 104 tries."""
    event = AttemptFinished(
        case="c", id="s", attempt=104, outcome="passed", duration_s=104, message="port 104"
    )
    cleaned = Redactor(["104"]).tree(event)
    assert (cleaned.attempt, cleaned.duration_s, cleaned.message) == (104, 104, f"port {MASK}")


@pytest.mark.parametrize(
    ("secret", "written"),
    [
        ("90210443", "2.25.3190210443771204"),
        ("PIN 4711!", "2.25." + b"PIN 4711!".hex()),
        (base64.b64decode("5678567856785678").decode("latin-1"), "1.2.840.5678567856785678.99"),
    ],
)
def test_a_secret_is_found_in_digits_that_could_be_a_uid(secret: str, written: str) -> None:
    assert MASK in Redactor([secret]).text(written)


def test_a_uid_is_no_base64_that_takes_longer_than_all_else_of_an_event() -> None:
    """A run has one of its own for each instance, of which none is met again."""
    assert [one.text for one in layers("2.25.305184927346128093457120985634")] == [
        "2.25.305184927346128093457120985634"
    ]
    assert not has_escapes("1.2.840.10008.5.1.4.1.1.2.99999999999999999999")
    assert has_escapes("1.2.840.a9999999999999999999")


def test_a_short_secret_is_masked_only_as_a_word() -> None:
    redactor = Redactor(["ab"])
    assert redactor.text("tab ab cab") == f"tab {MASK} cab"


@pytest.mark.parametrize("secret", ["a\\b", "a\tb", '"x"', '\\"a', "a b", 'ab"', "<a>", " a "])
def test_a_short_secret_is_masked_however_it_is_escaped(secret: str) -> None:
    redactor = Redactor([secret])
    in_json = json.dumps({"m": f"it is {secret} here"})
    ways = [in_json, json.dumps(in_json), html.escape(in_json), repr(secret)]
    ways += [f"?p={quote(secret, safe='')}&q=1", f"?p={quote_plus(secret)}&q=1"]
    assert all(MASK in redactor.text(one) for one in ways)


@pytest.mark.parametrize("secret", ['be"ef-K9x/1', 'ab"cd%ef9', "12/34+AB==x"])
def test_a_value_of_a_url_that_begins_like_quoted_printable_is_masked(secret: str) -> None:
    """``=be`` is a byte of MIME, and the beginning of a value in a URL."""
    url = f"https://host/path?token={quote(secret, safe='')}&q=1"
    redactor = Redactor([secret])
    assert redactor.text(url) == f"https://host/path?token={MASK}&q=1"
    assert redactor.text(json.dumps(url)) == json.dumps(redactor.text(url), ensure_ascii=False)


def test_what_a_marked_cut_leaves_of_a_secret_is_masked() -> None:
    redactor = Redactor(["topsecret1"])
    assert redactor.text("'StudyDescription': 'topse…") == f"'StudyDescription': '{MASK}…"
    assert redactor.text("tops...") == f"{MASK}..."
    assert redactor.text("top… tops is") == "top… tops is"


ENCODED = {
    "percent": quote(SECRET, safe=""),
    "percent twice": quote(quote(SECRET, safe=""), safe=""),
    "JSON": json.dumps(SECRET)[1:-1],
    "HTML": html.escape(SECRET),
    "hexadecimal": SECRET.encode().hex(),
    "hexadecimal apart": SECRET.encode("latin-1").hex(" ").upper(),
    "Base64": base64.b64encode(SECRET.encode()).decode(),
    "Base64 of a login": base64.b64encode(f"me:{SECRET}".encode()).decode(),
}


@pytest.mark.parametrize("mark", ["…", "..."])
@pytest.mark.parametrize("encoding", ENCODED)
def test_what_a_marked_cut_leaves_of_an_encoded_secret_is_masked(encoding: str, mark: str) -> None:
    redactor, whole = Redactor([SECRET]), ENCODED[encoding]
    for length in range(len(whole) // 2, len(whole)):
        told = redactor.text(f"said {whole[:length]}{mark}")
        assert MASK in told
        # Of a login its name is left, of a character that was cut its beginning.
        assert len(told) <= len(f"said {MASK}{mark}") + 7, told


def test_what_was_clean_in_one_event_is_searched_again_once_a_secret_is_learned() -> None:
    redactor = Redactor(["topsecret1"])
    event = sent("1.2.3", comment="of tok-8Hq2vTz9LmPx")
    assert redactor.tree(event) is event
    assert redactor.tree(event) is event
    redactor.learn("tok-8Hq2vTz9LmPx")
    assert redactor.tree(event).comment == f"of {MASK}"
    assert redactor.tree(sent("1.2.4", comment="topsecret1")).comment == MASK
    assert redactor.tree(sent("1.2.5", comment="topsecret1")).comment == MASK


def sent(uid: str, comment: str) -> InstanceSent:
    return InstanceSent(
        case="c", id="send", target="pacs", image="p1.s1.e1.i1", uid=uid, status="0000", stored=True,
        maybe_stored=False, comment=comment,
    )  # fmt: skip


def test_without_secrets_events_pass_untouched() -> None:
    event = RunFinished(outcome="passed", exit_code=0, duration_s=1.0)
    assert Redactor([]).tree(event) is event


def test_binary_evidence_is_cleaned_without_harm_to_the_rest() -> None:
    data = b"\xff\xfe" + b"hunter22" + b"\x80"
    assert Redactor(["hunter22"]).data(data).startswith(b"\xff\xfe")
    assert b"hunter22" not in Redactor(["hunter22"]).data(data)


def test_a_secret_is_found_as_hl7_escapes_it() -> None:
    """In an MSH-5 of a site file, say, whose delimiters become escape sequences."""
    cleaned = Redactor(["super|secret^&1"]).text(r"MSH|^~\&|FAB|N|super\F\secret\S\\T\1|X")
    assert cleaned == rf"MSH|^~\&|FAB|N|{MASK}|X"


@pytest.mark.parametrize(
    "shape",
    [
        r'{"m": "MSH|^~\\&|pass\\S\\wörd\\T\\1"}',
        r"MSA|AE|1|no pass\S\w?rd\T\1 here",
        r"no%20pass%5CS%5Cw%C3%B6rd%5CT%5C1",
    ],
)
def test_a_secret_that_hl7_escapes_is_found_in_other_escapes_and_sets(shape: str) -> None:
    cleaned = Redactor(["pass^wörd&1"]).text(shape)
    assert MASK in cleaned
    assert "pass" not in cleaned
    assert "rd" not in cleaned
