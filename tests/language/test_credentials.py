"""What a diagnostic shows of a file has no secret in it, in none of the three formats, and stays in its columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenario_runner.language.credentials import without_secrets
from tests.running import fabricate

SECRET = "Corr3ct-H0rse"
STARS = "*" * len(SECRET)


@pytest.mark.parametrize(
    "text",
    [
        "password: Corr3ct-H0rse",
        "  - password: Corr3ct-H0rse # not this",
        '{user: joe, password: "Corr3ct-H0rse", x: 3}',
        "auth: {basic: {user: joe, passwort: 'Corr3ct-H0rse'}}, foo: 3}",
        "auth: Corr3ct-H0rse",
        '"token": Corr3ct-H0rse',
        "X-Api-Key: Corr3ct-H0rse",
        "auth: {basic: Corr3ct-H0rse}",
        "auth: [Corr3ct-H0rse]",
        "{user: joe, password:Corr3ct-H0rse}",
        "passphrase: Corr3ct-H0rse",
        'my_api_key: [Corr3ct-H0rse, "{{ env.B }}"], y: 3',
        'headers: {"X Key": Corr3ct-H0rse, b: "{{ env.B }}"}, y: {z: Q}',
        "users: {joe: Corr3ct-H0rse, ann: {x: [Corr3ct-H0rse",
        'url: "http://joe:Corr3ct-H0rse@h:99999/x", y: 3',
        "registry: postgresql://h/db?password=Corr3ct-H0rse&x=1",
    ],
)
def test_a_line_has_as_many_stars_as_the_secret_had_letters(text: str) -> None:
    assert without_secrets([text], 0) == text.replace(SECRET, STARS)


@pytest.mark.parametrize(
    "text",
    [
        "bearer: '{{ env.TOKEN }}'",
        "tokens: 3",
        "name: Corr3ct-H0rse",
        "matches: 'password Corr3ct-H0rse'",
        "auth: {basic: {user: joe}}, x: Corr3ct-H0rse",
        "url: http://h:8042/x",
        "url: http://token:8042/x",
    ],
)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert without_secrets([text], 0) == text


def test_what_is_written_below_such_a_key_is_secret_too() -> None:
    lines = [
        "  headers:",
        "    # of the proxy",
        "    X-Key: Corr3ct-H0rse",
        "    Two:",
        "      - Corr3ct-H0rse",
        "  password: >",
        "    Corr3ct-H0rse",
        "  url: Corr3ct-H0rse",
    ]
    shown = [without_secrets(lines, number) for number in range(len(lines))]
    for number in (2, 4, 6):
        assert STARS in shown[number]
        assert SECRET not in shown[number]
    assert shown[2].startswith("    X-Key: *")
    assert shown[7] == lines[7]


@pytest.mark.parametrize(
    "text",
    [
        "  users:\n  - joe: Corr3ct-H0rse",
        "token:\n- Corr3ct-H0rse",
        "  headers:\n# of the proxy\n    X-Key: Corr3ct-H0rse",
        "users:\n-\n  joe: Corr3ct-H0rse",
        "auth:\n  basic:\n  - Corr3ct-H0rse",
    ],
)
def test_nor_does_a_list_as_far_left_as_its_key_or_a_comment_show_it(text: str) -> None:
    lines = text.splitlines()
    shown = without_secrets(lines, len(lines) - 1)
    assert SECRET not in shown
    assert len(shown) == len(lines[-1])


def test_a_list_as_far_left_as_its_key_is_below_that_key_alone() -> None:
    lines = ["token: x", "names:", "- Corr3ct-H0rse", "- token: x", "  url: here"]
    assert without_secrets(lines, 2) == lines[2]


@pytest.mark.parametrize("style", ["text", "json", "github"])
def test_no_format_of_validate_repeats_a_secret_of_a_site_file(tmp_path: Path, style: str) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "schema: site/v1\n"
        "name: here\n"
        "targets:\n"
        f'  one: {{dicomweb: {{url: "htp://joe:{SECRET}@h/x", auth: {{basic: {{user: joe, passwort: {SECRET}}}}}}}}}\n'
        f"  two: {{dicomweb: {{url: https://h/x, auth: {{bearer: {SECRET}}}, foo: 3}}}}\n"
        f"  three: {{dicomweb: {{url: https://h/x, auth: {SECRET}3}}}}\n"
        f"  four: {{dicomweb: {{url: https://h/x, auth: {{basic: [{SECRET}4]}}}}}}\n"
        f"  five: {{dicomweb: {{url: https://h/x, auth: {{basic: 'joe:{SECRET}5'}}}}}}\n"
        f"  six: {{dicomweb: {{url: https://h/x, auth: {{password:6{SECRET}: 1}}}}}}\n",
        "utf-8",
    )
    done = fabricate("validate", site, "--format", style)
    assert done.code == 3
    assert "passwort" in done.out
    assert "foo" in done.out
    assert SECRET not in done.out + done.err
