"""Whether a target of a rerun is the PACS it was, though its address may not be shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from scenario_runner.app.folder import write_text
from scenario_runner.events import TargetFacts

ADDRESSES = "inputs/targets.json"
"""A digest of each target's address. The record does not do: what came from the environment is
blacked out there, and two hosts look alike."""
_ROUNDS = 50_000
"""Of PBKDF2: an address is short, and guessing it shall take its time."""


def digests(targets: Iterable[TargetFacts], run: str) -> dict[str, str]:
    """Target name to a digest of host, port, AE title and URL. run: the run's id, as the salt.

    An embedded PACS has none: it ends with its run, and the next one is another.
    """
    return {target.name: _digest(target, run) for target in targets if target.kind != "embedded"}


def _digest(target: TargetFacts, run: str) -> str:
    address = json.dumps([target.host, target.port, target.ae_title, target.url])
    return hashlib.pbkdf2_hmac("sha256", address.encode(), run.encode(), _ROUNDS).hex()


def keep_addresses(folder: Path, targets: Iterable[TargetFacts], run: str) -> None:
    """Write the digests into the run's folder. Raises MachineError."""
    write_text(folder / ADDRESSES, json.dumps(digests(targets, run), indent=1) + "\n")


def read_addresses(folder: Path) -> Mapping[str, str]:
    """Those of an earlier run; none when the run was killed before it could write them."""
    try:
        kept = json.loads((folder / ADDRESSES).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
