"""The PostgreSQL of the system, with a data folder of the test's own, on a free loopback port.

``initdb`` and the server refuse to work for root: there they run as the user ``postgres`` that the
package made, or ``nobody``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.peers.processes import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USER = "tester"


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A server that can be stopped and started."""

    folder: Path
    port: int
    programs: Path
    prefix: Sequence[str]

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://{USER}@{HOST}:{self.port}/{database}"

    def create(self, database: str, *options: str) -> str:
        """A new, empty database; returns its address."""
        self._run("createdb", "-h", HOST, "-p", str(self.port), "-U", USER, *options, database)
        return self.url(database)

    def admit_by_password(self, user: str, password: str) -> None:
        """A further user, who is let in by a password alone."""
        admitted = self.folder / "data" / "pg_hba.conf"
        rule = f"host all {user} {HOST}/32 scram-sha-256\n"
        admitted.write_text(rule + admitted.read_text("utf-8"), encoding="utf-8")
        for said in (
            f"CREATE ROLE {user} LOGIN PASSWORD '{password}'",
            "SELECT pg_reload_conf()",
        ):
            self._run("psql", "-h", HOST, "-p", str(self.port), "-U", USER, "-c", said, "postgres")

    def start(self) -> None:
        """Returns when it takes connections."""
        # No fsync: a test does not pull the plug, and the disk is shared.
        options = f"-p {self.port} -h {HOST} -k '' -F"
        log = str(self.folder / "log")
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options, "start"
        )

    def stop(self, how: str = "fast") -> None:
        """how: ``immediate`` is as if it was killed."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", how, "stop")

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """All its processes are stopped in what they do; the system goes on to acknowledge packets for them."""
        (first, *_) = (self.folder / "data" / "postmaster.pid").read_text("utf-8").split()
        # The one that takes connections first, so that no new one comes in between.
        os.kill(int(first), signal.SIGSTOP)
        children = Path(f"/proc/{first}/task/{first}/children").read_text("utf-8").split()
        try:
            for child in children:
                os.kill(int(child), signal.SIGSTOP)
            yield
        finally:
            for process in (*children, first):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGCONT)

    def initialise(self) -> None:
        """Make its data folder."""
        data = str(self.folder / "data")
        options = ["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run("initdb", "-D", data, "-U", USER, *options)

    def _run(self, program: str, *arguments: str) -> None:
        # Its own children keep a pipe open for as long as they live; a file is nobody's business.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
            done = subprocess.run(
                [*self.prefix, str(self.programs / program), *arguments],
                stdout=told,
                stderr=subprocess.STDOUT,
                cwd="/",
                check=False,
            )
            told.seek(0)
            assert done.returncode == 0, f"{program}: {told.read()}"


def programs() -> Path:
    """Where the newest server's programs are; Debian keeps them off the path."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    on_path = shutil.which("initdb")
    assert found or on_path, "PostgreSQL is not installed"
    return found[-1].parent if found else Path(str(on_path)).parent


@contextlib.contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A running server; everything of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fabricate-postgres-") as name:
        folder = Path(name)
        prefix: list[str] = []
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            user = _unprivileged()
            shutil.chown(folder, user)
            prefix = ["setpriv", f"--reuid={user}", f"--regid={_group(user)}", "--clear-groups"]
        server = PostgreSQL(folder, free_port(), programs(), prefix)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(AssertionError):  # a test may have stopped it
                server.stop("immediate")


def _unprivileged() -> str:
    import pwd

    for user in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(user).pw_name
    raise AssertionError("there is no user that the server could run as")


def _group(user: str) -> str:
    import pwd

    return str(pwd.getpwnam(user).pw_gid)
