"""HAPI HL7v2 from Maven: its MLLP server and client, and its parser with the structures of each version."""

from __future__ import annotations

import contextlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.maven import class_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAIN = Path(__file__).parent / "HapiHl7.java"
_SECRET = "invented"


@dataclass(frozen=True, slots=True)
class Hapi:
    """One that is running. port, tls_port: of its two servers; the second is 0 without a certificate."""

    port: int
    tls_port: int
    process: subprocess.Popen[bytes]

    def last(self, *paths: str) -> dict[str, Any]:
        """What came last: ``{structure, version, values, wrong, foreign}``, paths as HAPI's Terser has them."""
        return self._ask("last", *paths)

    def read(self, file: Path, codec: str, *paths: str) -> dict[str, Any]:
        """A message of a file, in the same words. codec: as Java names it."""
        return self._ask("read", str(file), codec, *paths)

    def send(
        self, port: int, files: Sequence[Path], *, tls: bool = False, host: str = "127.0.0.1"
    ) -> list[list[str]]:
        """Send messages over one connection of HAPI's client; MSA-1, MSA-2 and MSA-3 of each answer."""
        how = "tls" if tls else "plain"
        answers: list[list[str]] = self._ask("send", host, str(port), how, *map(str, files))[
            "answers"
        ]
        return answers

    def _ask(self, *words: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(("\t".join(words) + "\n").encode())
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "HAPI ended"
        found: dict[str, Any] = json.loads(line)
        assert "error" not in found, found
        return found


@contextlib.contextmanager
def hapi_hl7(
    folder: Path, certificate: Path | None = None, key: Path | None = None
) -> Iterator[Hapi]:
    """One of its own on free loopback ports. certificate, key: of its protected server; what it trusts, too."""
    options = ["-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx256m"]
    if certificate is not None and key is not None:
        options += _stores(folder, certificate, key)
    command = ["java", *options, "-cp", class_path("hapi-hl7-peer", _MAIN), "HapiHl7"]
    with subprocess.Popen(  # it leaves a file where it works
        command,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            words = process.stdout.readline().decode().split()
            if words[:1] != ["ready"]:
                pytest.fail(f"HAPI HL7v2 did not start: {words}, exit code {process.poll()}")
            yield Hapi(int(words[1]), int(words[2]), process)
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _stores(folder: Path, certificate: Path, key: Path) -> list[str]:
    """The options that give Java a key and what it trusts, which it has in files of its own form."""
    keys, trusted = folder / "keys.p12", folder / "trusted.p12"
    _run(
        "openssl", "pkcs12", "-export", "-in", str(certificate), "-inkey", str(key),
        "-out", str(keys), "-passout", f"pass:{_SECRET}",
    )  # fmt: skip
    _run(
        "keytool", "-importcert", "-noprompt", "-file", str(certificate), "-alias", "peer",
        "-keystore", str(trusted), "-storetype", "PKCS12", "-storepass", _SECRET,
    )  # fmt: skip
    stores = {"keyStore": keys, "trustStore": trusted}
    options = [f"-Djavax.net.ssl.{name}={path}" for name, path in stores.items()]
    return [*options, *(f"-Djavax.net.ssl.{name}Password={_SECRET}" for name in stores)]


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, timeout=60, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
