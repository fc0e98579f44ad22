"""git as it is installed, asked by other means than a shell: it prompts for nothing and ends in time."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import field

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.git_source import PROTOCOLS, GitSource

PATIENCE = 120.0
"""Seconds for a fetch; a clone of depth 1 takes a few."""
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "gc.auto": "0",
    "maintenance.auto": "false",
    "credential.interactive": "false",
}
_LONGEST_SAID = 300
_KILL = 9


class GitProblem(Exception):
    """Why git did not do it, in a line. is_missing: there is no git."""

    def __init__(self, said: str, *, is_missing: bool = False) -> None:
        super().__init__(said)
        self.said, self.is_missing = said, is_missing


@dataclass(frozen=True, slots=True)
class Git:
    """git with the variables that it may know: where proxies, certificates and its settings are."""

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __call__(
        self,
        arguments: Sequence[str],
        *,
        source: GitSource | None = None,
        given: bytes = b"",
        patience: float = PATIENCE,
    ) -> bytes:
        """What git prints. source: the repository that it talks to, for its login; given: its input.

        patience: seconds. Raises GitProblem.
        """
        program = shutil.which("git")
        if program is None:
            raise GitProblem("git is not installed", is_missing=True)
        try:
            process = subprocess.Popen(  # noqa: S603 - git, with arguments that were looked at
                [program, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(self.environ, source),
                start_new_session=True,
            )
        except OSError as error:
            raise GitProblem(f"git does not start: {error.strerror or error}") from None
        try:
            out, err = process.communicate(given, timeout=patience)
        except subprocess.TimeoutExpired:
            raise GitProblem(f"no answer within {patience:g} s") from None
        finally:
            if process.returncode is None:
                _end(process)
        if process.returncode:
            raise GitProblem(_said(err, source))
        return out


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and what it started to reach a host, which would hold its pipes."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, _KILL)
    process.communicate()


def _environment(environ: Mapping[str, str], source: GitSource | None) -> dict[str, str]:
    """The user's own, without what points git at another repository or lets it ask somebody."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_")
        or name.startswith(("GIT_SSL", "GIT_SSH", "GIT_PROXY", "GIT_CONFIG_"))
        or name == "GIT_EXEC_PATH"
    }
    settings = dict(_SETTINGS)
    if source is not None and source.login is not None:
        # Not among the arguments, which everybody on the machine can see.
        login = base64.b64encode(":".join(source.login).encode()).decode("ascii")
        settings[f"http.{source.url}.extraHeader"] = f"Authorization: Basic {login}"
    first = int(count) if (count := kept.get("GIT_CONFIG_COUNT", "0")).isdecimal() else 0
    for number, (name, value) in enumerate(settings.items(), start=first):
        kept[f"GIT_CONFIG_KEY_{number}"] = name
        kept[f"GIT_CONFIG_VALUE_{number}"] = value
    kept.setdefault("GIT_SSH_COMMAND", kept.get("GIT_SSH") or "ssh -o BatchMode=yes")
    return {
        **kept,
        "GIT_CONFIG_COUNT": str(first + len(settings)),
        "GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GCM_INTERACTIVE": "never",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C",
    }


def _said(err: bytes, source: GitSource | None) -> str:
    """The line of what git complained that says why."""
    lines = [one.strip() for one in err.decode("utf-8", "replace").splitlines() if one.strip()]
    fatal = [one for one in lines if one.startswith(("fatal:", "error:", "ERROR:"))]
    said = (fatal or lines or ["it says nothing"])[0].partition(":")[2].strip() if fatal else ""
    said = said or (lines[-1] if lines else "git says nothing")
    for secret in source.secrets if source is not None else ():
        said = said.replace(secret, "•••")
    return said[:_LONGEST_SAID]
