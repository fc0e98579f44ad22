"""A password in an address goes, the rest of the line stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time
from urllib.parse import quote

import pytest

from scenario_runner.redaction.addresses import starred, without_passwords
from tests.redaction.encodings import SECRET
from tests.running import fabricate, write_scenario


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("http://u:p@host:4318/v1", "http://u:•••@host:4318/v1"),
        ("--otel=https://u:a@b:c@host", "--otel=https://u:•••@host"),
        ("postgresql://u:p%40@h/n?sslpassword=x&a=b", "postgresql://u:•••@h/n?sslpassword=•••&a=b"),
        ("postgresql:///n?password=x", "postgresql:///n?password=•••"),
        ("https://h/p?x=1&api_key=k%20y&sig=s#f", "https://h/p?x=1&api_key=•••&sig=•••#f"),
        (
            "s3://b/o?X-Amz-Signature=0f&access_token=t",
            "s3://b/o?X-Amz-Signature=•••&access_token=•••",
        ),
        ("https://h/p?tokens=3&design=a&monkey=b", "https://h/p?tokens=3&design=a&monkey=b"),
        ("git+ssh://git@host/a.git@v1", "git+ssh://git@host/a.git@v1"),
        ("postgresql://u:p/q?r#s@host/n", "postgresql://u:•••@host/n"),
        ("s3://key:a/b+c@host and http://u:p@h", "s3://key:•••@host and http://u:•••@h"),
        ("http://host:8042/a@b", "http://host:8042/a@b"),
        ("http://[::1]:8042/a@b", "http://[::1]:8042/a@b"),
        ("http://[fe80::1%25eth0]/a@b", "http://[fe80::1%25eth0]/a@b"),
        ("http://[::1]:p@host/", "http://[:•••@host/"),
        ("http://u:p@[::1]:8042/", "http://u:•••@[::1]:8042/"),
        ("at=10:30 a@b", "at=10:30 a@b"),
    ],
)
def test_a_password_goes_and_nothing_else(written: str, shown: str) -> None:
    assert without_passwords(written) == shown


@pytest.mark.parametrize("clean", [without_passwords, starred])
@pytest.mark.parametrize("begun", ["a://", "://a:", "://[a", "://a:" * 800 + " @"])
def test_a_long_text_of_begun_addresses_is_read_once(
    clean: Callable[[str], str], begun: str
) -> None:
    text = begun * (1_000_000 // len(begun))
    started = process_time()
    clean(f"{text} http://u:p@h")
    assert process_time() - started < 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "SCENARIO", "--on", "dask://me:{}@127.0.0.1:1"),
        ("run", "SCENARIO", "--site", "http://me:{}@127.0.0.1:1/dicom-web"),
        ("run", "http://me:{}@127.0.0.1:1/s.yaml"),
        ("hl7", "send", "mllp://me:{}@127.0.0.1:1"),
    ],
)
def test_no_error_repeats_the_password_of_an_address_that_does_not_belong_there(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    secret = quote(SECRET, safe="")
    scenario = write_scenario(tmp_path / "s.yaml", [{"log": {"message": "x"}}])
    done = fabricate(
        *(str(scenario) if one == "SCENARIO" else one.format(secret) for one in arguments)
    )
    assert done.code in (2, 3)
    assert "me:•••@" in done.err
    assert secret not in done.out + done.err
