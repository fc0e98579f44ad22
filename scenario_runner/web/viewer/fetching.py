"""Fetch the package of OHIF: by npm, as this machine has it set up, or from a registry that is named."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.errors import MachineError, UsageError, described
from scenario_runner.ul.tls import Tls
from scenario_runner.version import __version__
from scenario_runner.web.viewer import package

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE: Final = 60.0
"""Seconds without a byte."""
_NPM_PATIENCE: Final = 900.0


def fetched(into: Path, registry: str | None, tell: Callable[[str], object]) -> Path:
    """The archive, in a folder; whether it is the right one is not looked at.

    Raises UsageError where there is neither npm nor a registry, MachineError when it does not come. tell: told in
    a line where it is fetched from.
    """
    if registry is not None:
        return _downloaded(package.address(registry), into, tell)
    npm = shutil.which("npm")
    if npm is None:
        raise UsageError(
            "there is no npm here that would fetch it",
            hint="--npm-registry URL names a registry of npm packages, --package FILE a package fetched elsewhere",
        )
    named = f"{package.NAME}@{package.VERSION}"
    tell(f"npm fetches {named}")
    command = [npm, "pack", "--silent", named, "--pack-destination", str(into)]
    try:
        done = subprocess.run(  # noqa: S603 - the program that was found, and arguments of ours
            command, capture_output=True, check=False, timeout=_NPM_PATIENCE, cwd=into
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"npm does not fetch {named}: {error}") from error
    archives = list(into.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        said = done.stderr.decode("utf-8", "replace").strip()[-500:]
        raise MachineError(f"npm does not fetch {named}: {said or done.returncode}")
    return archives[0]


def _downloaded(url: str, into: Path, tell: Callable[[str], object]) -> Path:
    import httpx2

    tell(f"fetching {url}")
    archive = into / "package.tgz"
    try:
        with (
            httpx2.stream(
                "GET",
                url,
                follow_redirects=True,
                timeout=_PATIENCE,
                verify=Tls().context(),
                headers={"User-Agent": f"dicom-fabricator/{__version__}"},
            ) as answer,
            archive.open("wb") as file,
        ):
            answer.raise_for_status()
            left = package.FETCHED
            for piece in answer.iter_raw():
                left -= len(piece)
                if left < 0:
                    raise MachineError(f"{url} gives more than the package has")
                file.write(piece)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise MachineError(f"{url} cannot be fetched: {described(error)}") from error
    return archive
