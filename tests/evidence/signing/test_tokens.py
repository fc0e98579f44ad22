"""Keys that stay in a token, which SoftHSM is here: what it signs holds, and what is wrong with it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.signing.people import key, public_file, run_folder
from tests.evidence.signing.softhsm import KINDS, PIN, Token, token_in
from tests.running import fabricate

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    return token_in(tmp_path_factory.mktemp("token"))


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
