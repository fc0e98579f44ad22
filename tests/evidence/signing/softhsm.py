"""A token that SoftHSM is, with keys in it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.evidence.signing.people import key, key_file
from tests.running import Finished, fabricate

PIN = "4711"
KINDS = {"p256": "01", "p384": "02", "p521": "03", "rsa2048": "04", "ed25519": "05"}
"""Kinds of key to the ids that they have in the token."""


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


def token_in(folder: Path) -> Token:
    """A token with a key of each kind, in a folder."""
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
