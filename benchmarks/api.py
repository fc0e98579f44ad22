"""The imaging API asked whatever its description allows, and what it does not, ten thousand times.

    python benchmarks/api.py [--examples 500]

schemathesis makes the requests. Fails on an answer that is a failure of the server, or that the description does not have.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.web.described import explored
from tests.web.imaging_files import ct, upload
from tests.web.served import served


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=500, help="of each operation")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "data") as service:
        upload(service, ct("1.2.826.0.1.3680043.8.498.1"))
        done = explored(service, given.examples, 7200)
        print(done.stdout[-4000:])
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main())
