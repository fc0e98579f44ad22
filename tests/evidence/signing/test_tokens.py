"""Keys that stay in a token, which SoftHSM is here: what it signs holds, and what is wrong with it is told."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evidence.signing.people import key, key_file, public_file, run_folder
from tests.running import Finished, fabricate

PIN = "4711"
KINDS = {"p256": "01", "p384": "02", "p521": "03", "rsa2048": "04", "ed25519": "05"}
"""Kinds of key to the ids that they have in the token."""
pytestmark = pytest.mark.peer


@dataclass(frozen=True)
class Token:
    """A token, and the environment in which its library finds it."""

    environ: Mapping[str, str]
    module: Path

    def sign(self, run: Path, uri: str, **environ: str) -> Finished:
        return fabricate(
            "sign", run, "--key", uri, "--meaning", "executed", "--name", "Jane Citizen",
            env={**self.environ, "PKCS11_MODULE": str(self.module), "FABRICATE_KEY_PASSWORD": PIN, **environ},
        )  # fmt: skip


def _softhsm(environ: Mapping[str, str], *arguments: str | Path) -> None:
    program = shutil.which("softhsm2-util")
    if program is None:
        pytest.fail("softhsm2-util is not here (Debian: apt install softhsm2)")
    subprocess.run([program, *arguments], check=True, capture_output=True, env=dict(environ))


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\n", encoding="utf-8")
    environ = {"SOFTHSM2_CONF": str(settings)}
    label = ("--token", "house")
    _softhsm(environ, "--init-token", "--free", "--label", "house", "--pin", PIN, "--so-pin", PIN)
    for kind, number in KINDS.items():
        file = key_file(folder, key(kind, "token"), f"{kind}.pem")
        _softhsm(environ, "--import", file, *label, "--label", kind, "--id", number, "--pin", PIN)
    (module,) = (
        one
        for one in map(
            Path, ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so")
        )
        if one.exists()
    )
    return Token(environ, module)


@pytest.fixture(scope="module")
def signed_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_folder(tmp_path_factory.mktemp("run") / "run")


@pytest.mark.parametrize("kind", [one for one in KINDS if one != "ed25519"])
def test_what_a_token_signs_holds_for_whoever_trusts_its_key(
    tmp_path: Path, token: Token, kind: str
) -> None:
    run = run_folder(tmp_path / "run")
    token.sign(run, f"pkcs11:token=house;object={kind}").check(0)
    trusted = public_file(tmp_path, key(kind, "token"))
    fabricate("verify", run, "--trust", trusted).check(0)
    other = public_file(tmp_path, key("p256", "somebody else"), "other.pem")
    fabricate("verify", run, "--trust", other).check(1)


def test_a_key_is_found_by_its_id_and_the_library_by_the_uri(tmp_path: Path, token: Token) -> None:
    run = run_folder(tmp_path / "run")
    uri = f"pkcs11:token=house;id=%01?module-path={token.module}"
    token.sign(run, uri, PKCS11_MODULE="").check(0)


@pytest.mark.parametrize(
    ("uri", "environ", "words"),
    [
        ("pkcs11:token=house;object=p256", {"FABRICATE_KEY_PASSWORD": "0"}, "the PIN is another one"),
        ("pkcs11:token=house;object=p256", {"FABRICATE_KEY_PASSWORD": ""}, "needs its PIN"),
        ("pkcs11:token=house;object=nobody", {}, "it has no such key"),
        ("pkcs11:token=other;object=p256", {}, "there is no token of this name"),
        ("pkcs11:token=house;object=ed25519", {}, "is not taken"),
        ("pkcs11:token=house", {}, "does not name a token and a key"),
        ("pkcs11:token=house;object=p256", {"PKCS11_MODULE": ""}, "nothing names the token's library"),
        ("pkcs11:token=house;object=p256", {"PKCS11_MODULE": "/no/such.so"}, "token 'house'"),
        ("pkcs11:token=house;object=p256?pin-value=4711", {}, "no PIN stands in a command line"),
        ("pkcs11:token=house;objekt=p256", {}, "'objekt' of the PKCS#11 URI is not taken"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_token_is_told_and_nothing_is_signed(
    signed_run: Path, token: Token, uri: str, environ: dict[str, str], words: str
) -> None:
    done = token.sign(signed_run, uri, **environ)
    done.check(2)
    assert words in " ".join(done.err.split())
    assert PIN not in done.out + done.err.replace("pin-value=4711", "")
    assert not (signed_run / "signatures").exists()
