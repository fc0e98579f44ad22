"""schemathesis over the description of a running service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.web.served import Served

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)


def explored(service: Served, examples: int, patience: float) -> subprocess.CompletedProcess[str]:
    """Ask every operation of the imaging API so many things that its description allows or does not."""
    # Made when it is first asked for, which takes longer than schemathesis waits where others work, too.
    service.client.get(f"{service.url}/openapi.json").raise_for_status()
    return subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "run", f"{service.url}/openapi.json",
            "--include-path-regex", "^/api/v1/dicom", "--exclude-path-regex", "/events$",
            "--exclude-method", "PATCH",  # of tus, whose media type schemathesis cannot write
            "--max-examples", str(examples), "--phases", "examples,fuzzing", "--checks", CHECKS,
            "--mode", "all", "--generation-deterministic", "--no-color", "--request-timeout", "120",
        ],
        capture_output=True, text=True, timeout=patience, check=False, cwd=service.folder,
    )  # fmt: skip
