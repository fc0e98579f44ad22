#!/usr/bin/env python3
"""Set up and do it: the two commands of the README's first page. Needs nothing but Python 3.11.

    python dev.py run scenarios/xray_smoke.yaml     install, then `fabricate run …`
    python dev.py check [--no-peers]                install everything, then all checks

Installs into the active virtual environment, or into .venv beside this file. `check` also installs the
programs of other makers that the peer tests talk to, where it can (Debian or Ubuntu, as root).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PEERS = {
    "Orthanc": "orthanc",
    "dcmqrscp": "dcmtk",
    "dciodvfy": "dicom3tools",
    "gdcminfo": "libgdcm-tools",
    "chromium": "chromium",
    "npm": "npm",
    "openssl": "openssl",
}
BESIDE = ["orthanc-dicomweb", "fonts-dejavu-core"]
"""Packages without a program to look for: a plugin, and letters for Chromium."""


def main(arguments: list[str]) -> int:
    """Set up what the command needs and run it."""
    if sys.version_info < (3, 11):
        print(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    if arguments[0] == "check":
        return check(peers="--no-peers" not in arguments[1:])
    python = environment("")
    return subprocess.call([python, "-m", "scenario_runner", *arguments])


def check(*, peers: bool) -> int:
    """Format, lint, types, layers and every test, on both cores; stops at the first that fails."""
    python = environment("[dev]")
    if peers and (missing := install_peers()):
        print(
            f"The peer tests need {', '.join(missing)}. Install them, or leave these tests out with "
            "--no-peers.",
            file=sys.stderr,
        )
        return 2
    bin_folder = Path(python).parent
    commands = [
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "mypy"],
        [str(bin_folder / "lint-imports")],
        [python, "-m", "pytest", "-n", "auto", "-q", *([] if peers else ["-m", "not peer"])],
    ]
    for command in commands:
        print(
            "$",
            " ".join(Path(part).name if os.sep in part else part for part in command),
            flush=True,
        )
        if code := subprocess.call(command, cwd=ROOT):
            return code
    return 0


def environment(extra: str) -> str:
    """The Python of an environment in which the project is installed; installs when needed."""
    if sys.prefix != sys.base_prefix:
        python = sys.executable
        marker = Path(sys.prefix) / f".fabricator{extra}"
    else:
        folder = ROOT / ".venv"
        python = str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        if not Path(python).exists():
            subprocess.check_call([sys.executable, "-m", "venv", str(folder)])
        marker = folder / f".fabricator{extra}"
    wanted = (ROOT / "pyproject.toml").read_bytes() + (ROOT / "constraints.txt").read_bytes()
    if not marker.exists() or marker.read_bytes() != wanted:
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pins = ["--constraint", str(ROOT / "constraints.txt")]
        subprocess.check_call([*install, *pins, "--editable", f"{ROOT}{extra}"])
        marker.write_bytes(wanted)
    return python


def install_peers() -> list[str]:
    """Install the programs of the peer tests; returns the names of those still missing."""
    missing = {name: package for name, package in PEERS.items() if not shutil.which(name)}
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if missing and is_root and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.call(["apt-get", "update", "-qq"], env=quiet)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
        subprocess.call([*install, *missing.values(), *BESIDE], env=quiet)
    return [name for name in missing if not shutil.which(name)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
