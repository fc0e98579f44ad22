"""The embedded PACS, index and files and all, beside pynetdicom's acceptor, which keeps nothing.

    python benchmarks/acceptor.py

Each is a process of its own; one sender of ours, then four at once, fill it. Of the four, the share of
the slowest tells whether one was starved: 1.00 is an equal part.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenario_runner.deadline import Deadline
from scenario_runner.network.store import store
from scenario_runner.ul.peer import Peer
from tests.network.objects import PAIR, Encoded, Study
from tests.running import command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BARE = """
import sys
from pynetdicom import AE, AllStoragePresentationContexts, evt
ae = AE(ae_title="EMBEDDED")
ae.maximum_pdu_size = 0
ae.supported_contexts = AllStoragePresentationContexts
server = ae.start_server(
    ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda event: 0x0000)]
)
print(f"listening on 127.0.0.1:{server.server_address[1]}, until the end", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def serving(arguments: Sequence[str | Path]) -> Iterator[Peer]:
    """A server process that says its port in its first line."""
    server = subprocess.Popen(
        list(map(str, arguments)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline().partition("127.0.0.1:")[2].partition(",")[0])
        yield Peer(host="127.0.0.1", port=port, ae_title="EMBEDDED")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def send(peer: Peer, instances: Sequence[Encoded]) -> float:
    """Seconds for all of them over one association."""
    began = time.perf_counter()
    stored = sum(answer.status == 0 for answer in store(peer, instances, [PAIR], Deadline(600)))
    if stored != len(instances):
        raise SystemExit(f"{stored} of {len(instances)} stored")
    return time.perf_counter() - began


def measure(peer: Peer, size: int, count: int) -> tuple[float, float, float]:
    """Rates of one sender and of four, in images a second, and the slowest one's share of a quarter."""
    one = count / send(peer, list(Study().instances(count, size)))
    parts = [list(Study().instances(count // 4, size)) for _ in range(4)]
    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        seconds = list(pool.map(lambda part: send(peer, part), parts))
    four = count / (time.perf_counter() - began)
    return one, four, sum(seconds) / 4 / max(seconds)


def main() -> None:
    """Alternate both, three rounds of each size, and print the best of each."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    for size, count in ((64, 1000), (512, 300)):
        rounds: dict[str, list[tuple[float, float, float]]] = {"embedded": [], "pynetdicom": []}
        for _ in range(3):
            with tempfile.TemporaryDirectory() as folder:
                ours = command("pacs", "serve", "--folder", folder, "--port", "0")
                for name, arguments in (
                    ("embedded", ours),
                    ("pynetdicom", [sys.executable, "-c", BARE]),
                ):
                    with serving(arguments) as peer:
                        rounds[name].append(measure(peer, size, count))
        for name, found in rounds.items():
            one, four, share = (max(column) for column in zip(*found, strict=True))
            print(
                f"{size:>4}²  {name:<10}  one sender {one:>7.0f}/s   four {four:>7.0f}/s"
                f"   share of the slowest {share:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
