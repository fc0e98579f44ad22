"""Fuzz one target, or each in turn, for some minutes: ``python dev.py fuzz TARGET --minutes N``."""

from __future__ import annotations

import argparse
import sys
import time
import traceback

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.mutating import inputs
from tests.fuzz.targets import TARGETS, Target

_AT_A_TIME = 200


def fuzz(target: Target, seconds: float) -> tuple[int, str | None]:
    """How many inputs were tried, and the trace of what failed, made as small as may be."""
    seeds, tried = target.all_seeds(), 0
    end = time.monotonic() + seconds
    turn = time.time_ns() % 2**32
    while time.monotonic() < end:
        turn += 1

        @seed(turn)
        @settings(
            max_examples=_AT_A_TIME,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(inputs(seeds))
        def one(data: bytes) -> None:
            nonlocal tried
            tried += 1
            if time.monotonic() < end:
                target.run(data)

        try:
            one()
        except Exception:  # noqa: BLE001 - whatever it is, it is what was looked for
            return tried, f"seed {turn}\n{traceback.format_exc()}"
    return tried, None


def main() -> int:
    """Exit code 1 when something was found."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("target", nargs="?", choices=[*TARGETS, "all"], default="all")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each target")
    given_ = parser.parse_args()
    chosen = TARGETS.values() if given_.target == "all" else [TARGETS[given_.target]]
    found = 0
    for target in chosen:
        tried, trace = fuzz(target, given_.minutes * 60)
        sys.stdout.write(f"{target.name}: {tried} inputs, {'a defect' if trace else 'no defect'}\n")
        sys.stdout.flush()
        if trace:
            found += 1
            sys.stdout.write(trace)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
