#!/usr/bin/env python3
"""Set up and do it: the two commands of the README's first page, and those of CONTRIBUTING.

    python dev.py run scenarios/xray_smoke.yaml     install, then `fabricate run …`
    python dev.py check [--no-peers]                install everything, then all checks
    python dev.py test tests/planning -k counter    install for development, then pytest with these arguments
    python dev.py cover tests/planning              the same, and which lines of the package were not run
    python dev.py fix                               format, and mend what the linter can mend
    python dev.py regenerate                        schemas, reference pages and stored tables from the code
    python dev.py site                              the documentation as a site, every link looked at
    python dev.py bench find --studies 2000         one of benchmarks/, beside real peers
    python dev.py fuzz pdus --minutes 60            bytes that nobody should send, one kind or all

Needs nothing but Python 3.11. Installs into the active virtual environment, or into .venv beside this
file. `check` also installs the programs of other makers that the peer tests talk to, where it can
(Debian or Ubuntu, as root).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
PEERS = {
    "Orthanc": "orthanc",
    "dcmqrscp": "dcmtk",
    "dciodvfy": "dicom3tools",
    "gdcminfo": "libgdcm-tools",
    "chromium": "chromium",
    "npm": "npm",
    "mvn": "maven",
    "javac": "default-jdk-headless",
    "openssl": "openssl",
    "softhsm2-util": "softhsm2",
    "pg_ctlcluster": "postgresql",
    "nats-server": "nats-server",
    "rsyslogd": "rsyslog",
}
BESIDE = ["orthanc-dicomweb", "fonts-dejavu-core", "rsyslog-gnutls"]
"""Packages without a program to look for: plugins, and letters for Chromium."""
WORKERS = ["-n", str((os.cpu_count() or 1) + 2), "--dist", "worksteal"]
"""Two more than there are processors, for tests wait for other programs much of their time; tests of one module
mostly stay on one worker, whose servers then start once."""

SOME_FAILED = 1
"""The exit code of pytest that says so; another is for what was stopped, or could not be begun."""


def main(arguments: list[str]) -> int:
    """Set up what the command needs and run it."""
    if sys.version_info < (3, 11):
        print(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    command, *rest = arguments
    if command == "check":
        return check(peers="--no-peers" not in rest)
    if command in DEVELOPING:
        return in_turn(DEVELOPING[command](environment("[dev]"), rest))
    return subprocess.call([environment(""), "-m", "scenario_runner", *arguments])


def test(python: str, rest: list[str]) -> list[list[str]]:
    """Some of the tests, or all."""
    return [[python, "-m", "pytest", *rest]]


def cover(python: str, rest: list[str]) -> list[list[str]]:
    """Some of the tests, and the lines of the package that they did not run."""
    return [
        [python, "-m", "pytest", "--cov", "scenario_runner", "--cov-report", "term-missing", *rest]
    ]


def fix(python: str, rest: list[str]) -> list[list[str]]:
    """Format and mend, in some files or in all."""
    files = rest or ["."]
    return [
        [python, "-m", "ruff", "check", "--fix", *files],
        [python, "-m", "ruff", "format", *files],
    ]


def regenerate(python: str, _: list[str]) -> list[list[str]]:
    """Write again what is made from the code; the tests hold that it is in step."""
    return [[python, "-m", module] for module in GENERATORS]


def site(python: str, rest: list[str]) -> list[list[str]]:
    """The documentation as a site of static pages, in build/site."""
    return [[python, str(ROOT / "website" / "build.py"), *rest]]


def bench(python: str, rest: list[str]) -> list[list[str]]:
    """One benchmark; without a name, which there are."""
    if not rest:
        print(*sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py")), sep="\n")
        return []
    return [[python, str(ROOT / "benchmarks" / f"{rest[0]}.py"), *rest[1:]]]


def fuzz(python: str, rest: list[str]) -> list[list[str]]:
    """One kind of input, or all, for some minutes."""
    return [[python, "-m", "tests.fuzz", *rest]]


DEVELOPING = {one.__name__: one for one in (test, cover, fix, regenerate, site, bench, fuzz)}
GENERATORS = (
    "scenario_runner.app.schemas",
    "scenario_runner.reference",
    "scenario_runner.planning.drawn_people",
    "scenario_runner.reference.usual_objects",
)


def in_turn(commands: list[list[str]]) -> int:
    """Run each; stops at the first that fails, whose exit code is returned."""
    for command in commands:
        shown = (Path(part).name if os.sep in part else part for part in command)
        print("$", " ".join(shown), flush=True)
        if code := subprocess.call(command, cwd=ROOT, env=compiling()):
            return code
    return 0


def compiling() -> dict[str, str]:
    """An environment in which what is compiled once need not be again: tests start the program a thousand times."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def check(*, peers: bool) -> int:
    """Format, lint, then every test on all processors, types and layers beside them; stops at the first that fails."""
    with ThreadPoolExecutor(1) as pool:
        installing = pool.submit(install_peers) if peers else None
        python = environment("[dev]")
    if installing and (missing := installing.result()):
        print(
            f"The peer tests need {', '.join(missing)}. Install them, or leave these tests out with "
            "--no-peers.",
            file=sys.stderr,
        )
        return 2
    quick = [
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "ruff", "check", "."],
    ]
    types = [[python, "-m", "mypy"], [str(Path(python).parent / "lint-imports")]]
    tests = [python, "-m", "pytest", *WORKERS, "-q", *([] if peers else ["-m", "not peer"])]
    return in_turn(quick) or beside(types, python, tests)


def beside(others: list[list[str]], python: str, tests: list[str]) -> int:
    """Run all tests and, on one processor beside them, the others; one of those that fails ends the tests, too."""
    where: dict[str, Any] = {"cwd": ROOT, "env": compiling()}
    with ThreadPoolExecutor(1) as pool:
        code = pool.submit(in_turn, others)
        # Otherwise each worker compiles all tests.
        collect = [python, "-m", "pytest", "--collect-only", "-q"]
        subprocess.call(collect, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **where)
        print("$", *tests[1:], flush=True)
        with subprocess.Popen(tests, **where) as running:
            code.add_done_callback(lambda ended: _end(running) if ended.result() else None)
        return code.result() or once_more(python, running.returncode)


def once_more(python: str, code: int) -> int:
    """Run those that failed again, alone, up to the first that fails then, too; any other end stays as it is.

    Browsers and servers of other makers share the processors with all workers, and one in ten thousand waits too long.
    Its traceback is above, so that it is seen and looked into all the same.
    """
    if code != SOME_FAILED:
        return code
    print("Some failed. What passes now, alone, has a race to be looked for.", flush=True)
    only_failed = ["--last-failed", "--last-failed-no-failures=none", "--exitfirst"]
    return in_turn([[python, "-m", "pytest", "-q", *only_failed]])


def _end(running: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does, so that the tests stop what they have started; there is none to send on Windows."""
    if os.name == "nt":
        running.terminate()
    else:
        running.send_signal(signal.SIGINT)


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
        print(f"installing into {Path(python).parents[1]}, for a minute or two", file=sys.stderr)
        install(python, f"{ROOT}{extra}")
        marker.write_bytes(wanted)
    return python


def install(python: str, project: str) -> None:
    """The project and what it needs, by uv in a quarter of pip's time; by pip where uv cannot.

    That is behind an index which pip alone is told of, so uv gives up early and in silence.
    """
    pins = ["--constraint", str(ROOT / "constraints.txt")]
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins]
    uv = [python, "-m", "uv", "pip", "install", "--quiet", "--python", python, *pins]
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    hurried = {**os.environ, "UV_HTTP_TIMEOUT": "20", "UV_HTTP_RETRIES": "1"}
    if (
        subprocess.call([*pip, "uv"], **silent) == 0
        and subprocess.call([*uv, "--editable", project], env=hurried, **silent) == 0
    ):
        return
    subprocess.check_call([*pip, "--editable", project])


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
