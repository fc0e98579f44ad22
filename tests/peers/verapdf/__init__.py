"""veraPDF from Maven: the validator of PDF/A by the PDF Association and the Open Preservation Foundation."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.peers.maven import class_path

_POM = Path(__file__).parent / "pom.xml"
_MAIN = "org.verapdf.apps.GreenfieldCliWrapper"


def verdicts(flavour: str, *files: Path) -> list[str]:
    """What it says of each file, ``PASS file 3b`` or ``FAIL …`` with the rules that are broken on lines of their own."""
    options = ["-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xmx512m"]
    asked = ["--flavour", flavour, "--format", "text", "-v", *map(str, files)]
    done = subprocess.run(
        ["java", *options, "-cp", class_path("verapdf", _POM), _MAIN, *asked],
        capture_output=True,
        timeout=180,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout, done.stderr[-3000:]
    return done.stdout.splitlines()
