"""``fabricate sign``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenario_runner.cli.options import FILE, RunFolder, examples
from scenario_runner.cli.trusting import key_data

if TYPE_CHECKING:
    from scenario_runner.evidence.signing.keys import KeyElsewhere, PrivateKey
    from scenario_runner.evidence.signing.statement import Meaning


class KeyName(click.Path):
    """A file, or the PKCS#11 URI of a key in a token."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | Path:
        """The URI as it stands, or the file."""
        text = str(value)
        from scenario_runner.app.signing import is_of_a_token

        if is_of_a_token(text):
            return text
        super().convert(text, param, ctx)
        return Path(text)


@click.command(
    epilog=examples(
        "fabricate sign evidence-1 --key a.pem --meaning executed --name Jane",
        "fabricate sign evidence-1 --key r.pem --meaning approved --name 'R. May'",
        "fabricate sign r1 --key r.pem --meaning reviewed --name May --timestamp URL",
    )
)
@click.argument("run", type=RunFolder())
@click.option(
    "--key",
    type=KeyName(),
    required=True,
    metavar="FILE|URI",
    help="Private key: PEM, or of ssh-keygen; or pkcs11:token=T;object=O.",
)
@click.option(
    "--meaning",
    type=click.Choice(["executed", "reviewed", "approved"]),
    required=True,
    help="What the signature says.",
)
@click.option("--name", required=True, metavar="TEXT", help="Who signs.")
@click.option("--role", default="", metavar="TEXT", help="As what.")
@click.option("--remark", default="", metavar="TEXT", help="What is to stand beside the name.")
@click.option(
    "--certificate", type=FILE, help="PEM: the key's certificate, then those up to a root."
)
@click.option(
    "--timestamp",
    metavar="URL",
    envvar="FABRICATE_TIMESTAMP_URL",
    help="A time stamp authority (RFC 3161) that says when the signature was there.",
)
def sign(
    run: Path,
    key: str | Path,
    meaning: Meaning,
    name: str,
    role: str,
    remark: str,
    certificate: Path | None,
    timestamp: str | None,
) -> int:
    """Sign a run with a key of your own.

    RUN is a run folder, or the id of a run under runs/.

    The signature binds name, role, time and meaning to the manifest, and so to every file of the run and to the
    signatures that are there already. It becomes a file in signatures/; nothing else in the folder changes. Several
    people can sign. A run that is not as its manifest says is not signed (exit code 1).

    With --timestamp an authority stamps the signature, and its answer is kept beside it; without one from it
    nothing is signed.

    The password of a key that has one is asked for, or taken from FABRICATE_KEY_PASSWORD. So is the PIN of a smart
    card or HSM, whose key is named by a PKCS#11 URI with ?module-path=FILE, or PKCS11_MODULE set to the library.
    """
    from scenario_runner.app.signing import Words
    from scenario_runner.app.signing import sign as signed
    from scenario_runner.evidence.signing.trust import read_certificates

    if not name.strip():
        raise click.UsageError("--name says nobody")
    chain = (
        [] if certificate is None else read_certificates(key_data(certificate), str(certificate))
    )
    words = Words(name=name, role=role, meaning=meaning, remark=remark)
    click.echo(f"signed: {signed(run, _key(key), words, chain, timestamp)}")
    return 0


def _key(named: str | Path) -> PrivateKey | KeyElsewhere:
    return _of_file(named) if isinstance(named, Path) else _of_token(named)


def _of_token(uri: str) -> KeyElsewhere:
    from scenario_runner.app.signing import KEY_PASSWORD, key_of_token
    from scenario_runner.evidence.signing.tokens import read_uri

    known = read_uri(uri, os.environ)
    pin = os.environ.get(KEY_PASSWORD, "")
    if not pin and sys.stdin.isatty():
        pin = str(click.prompt(f"PIN of {known.token}", hide_input=True, err=True))
    return key_of_token(uri, pin, os.environ)


def _of_file(file: Path) -> PrivateKey:
    from scenario_runner.app.signing import KEY_PASSWORD
    from scenario_runner.evidence.signing.keys import PasswordNeeded, read_private_key

    data = key_data(file)
    given = os.environ.get(KEY_PASSWORD)
    try:
        return read_private_key(data, given.encode() if given else None)
    except PasswordNeeded:
        if not sys.stdin.isatty():
            raise PasswordNeeded(
                f"'{file}' is encrypted, and nobody is there to ask for its password",
                hint=f"put it into {KEY_PASSWORD}",
            ) from None
        asked = click.prompt(f"Password of {file}", hide_input=True, err=True)
        return read_private_key(data, str(asked).encode())
