"""A password in an address goes, the rest of the line stays."""

from __future__ import annotations

import pytest

from scenario_runner.redaction.addresses import without_passwords


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("http://u:p@host:4318/v1", "http://u:•••@host:4318/v1"),
        ("--otel=https://u:a@b:c@host", "--otel=https://u:•••@host"),
        ("postgresql://u:p%40@h/n?sslpassword=x&a=b", "postgresql://u:•••@h/n?sslpassword=•••&a=b"),
        ("postgresql:///n?password=x", "postgresql:///n?password=•••"),
        ("git+ssh://git@host/a.git@v1", "git+ssh://git@host/a.git@v1"),
        ("http://host:8042/a@b", "http://host:8042/a@b"),
        ("at=10:30 a@b", "at=10:30 a@b"),
    ],
)
def test_a_password_goes_and_nothing_else(written: str, shown: str) -> None:
    assert without_passwords(written) == shown
