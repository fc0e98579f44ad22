"""HL7 v2 orders read, and taken over MLLP into the worklist of the embedded PACS, beside hl7apy.

    python benchmarks/hl7.py [--messages 3000]

Reading is an ORM^O01 of ten segments to an order with every attribute the mapping table has, in seconds of
processor; hl7apy only divides the same message. Over MLLP it is one connection to a receiver in a process of its own, each
message acknowledged once its worklist item outlives that process; first one at a time, then as a sender does that does not
wait for each; and both once more for a power cut (``hl7_synced``). Then the receiver is killed, and what it had acknowledged is counted on the worklist of the next one. Beside
it a loop that divides each message with hl7apy, writes a file and answers.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenario_runner.deadline import Deadline
from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.mllp.acknowledging import acknowledgement
from scenario_runner.orders.mllp.client import Mllp
from scenario_runner.orders.mllp.framing import Blocks, framed
from scenario_runner.orders.mllp.listener import Answer, MllpListener
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.peer import Peer


def order(number: int) -> bytes:
    """Ten segments, about a kilobyte, as a RIS sends them: each of another patient, for one of 50 physicians."""
    start = f"202601{number % 28 + 1:02}{number % 10 + 8:02}{number * 7 % 60:02}00"
    family = "".join(chr(65 + number // 26**place % 26) for place in range(4))
    house, physician = number * 31 % 997, f"{number % 50}^HOUSE{number % 50}^GREG"
    lines = (
        f"MSH|^~\\&|RIS|NORTH|FAB|NORTH|20260131120000||ORM^O01|C{number}|P|2.5.1||||||8859/1",
        f"PID|1||P{number}^^^HOSP^MR||TESTER{family}^EVA^M||{1930 + number % 80}0131|F|||{house} STREET^^TOWN^^1000||+1 555 {house:04}",
        f"PV1|1|O|RAD^1^2|||||{physician}|||||||||||V{number}",
        f"ORC|NW|P{number}|F{number}||||^^^{start}^^R||20260131120000|||{physician}",
        (
            f"OBR|1|P{number}|F{number}|CT{number % 90}^CT chest^L^CT{number % 90}^CT chest^L{'|' * 12}{physician}||A{number}"
            f"|R{number}|S{number}||||CT|||^^^{start}^^R||||REASON^Cough"
        ),
        "OBX|1|NM|29463-7^Weight^LN||70|kg",
        "OBX|2|NM|8302-2^Height^LN||170|cm",
        "NTE|1||Please call before",
        "DG1|1||R05^Cough^I10",
        f"ZDS|1.2.826.0.1.3680043.8.498.{number + 1}^FAB^Application^DICOM",
    )
    return "\r".join((*lines, "")).encode("iso8859-1")


def per_second(work: Callable[[bytes], object], messages: list[bytes]) -> float:
    """Messages a second of processor."""
    began = time.process_time()
    for message in messages:
        work(message)
    return len(messages) / (time.process_time() - began)


def one_by_one(port: int, messages: list[bytes]) -> None:
    """Each acknowledged before the next is sent."""
    peer = Peer(host="127.0.0.1", port=port, ae_title="HL7")
    with Mllp.open(peer, Deadline(600)) as client:
        for message in messages:
            answer = client.send(message, Deadline(60))
            assert answer.code == "AA", answer.text


def together(port: int, messages: list[bytes]) -> None:
    """All sent, while the acknowledgements come."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sending = threading.Thread(target=sock.sendall, args=(b"".join(map(framed, messages)),))
        sending.start()
        blocks, left = Blocks(1 << 24), len(messages)
        while left:
            came = blocks.feed(sock.recv(1 << 16))
            assert all(b"MSA|AA" in one for one in came)
            left -= len(came)
        sending.join()


def serve(folder: Path, ports: Connection, synced: bool) -> None:
    """The embedded PACS, until it is killed or told to stop."""
    pacs = EmbeddedPacs(folder / "pacs", options=PacsOptions(station="CT1", hl7_synced=synced))
    pacs.start()
    ports.send(pacs.open_hl7())
    ports.recv()
    ports.send(time.process_time())
    ports.recv()


def _embedded(
    folder: Path,
    messages: list[bytes],
    send: Callable[[int, list[bytes]], None],
    *,
    synced: bool = False,
) -> str:
    """What is said of a receiver: messages a second on the clock, and of its processor's."""
    here, there = Pipe()
    process = Process(target=serve, args=(folder, there, synced))
    process.start()
    port = here.recv()
    began = time.monotonic()
    send(port, messages)
    clock = time.monotonic() - began
    here.send("time")
    busy = here.recv()
    process.kill()
    process.join()
    with EmbeddedPacs(folder / "pacs") as pacs:
        kept = len(list(pacs.worklist.glob("*.wl")))
    assert kept == len(messages), kept
    return f"{len(messages) / clock:9,.0f} a second   {len(messages) / busy:9,.0f} a second of its processor"


def _loop(folder: Path, messages: list[bytes]) -> float:
    from hl7apy.parser import parse_message

    def take(data: bytes, _: str) -> Answer:
        message = parse_message(data.decode("iso8859-1"), find_groups=False)
        (folder / f"{message.msh.msh_10.value}.hl7").write_bytes(data)
        return Answer([acknowledgement(Message.read(data), "AA")])

    with MllpListener(take) as listener:
        began = time.monotonic()
        one_by_one(listener.port, messages)
        return len(messages) / (time.monotonic() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=3000)
    given = parser.parse_args()
    from hl7apy.parser import parse_message

    messages = [order(number) for number in range(given.messages)]
    some = messages[: max(20, given.messages // 50)]
    ours = per_second(lambda one: orders(Message.read(one)), messages)
    divided = per_second(lambda one: Message.read(one).segments, messages)
    theirs = per_second(lambda one: parse_message(one.decode("iso8859-1"), find_groups=False), some)
    print(
        f"read into an order   {ours:9,.0f} a second   {ours / theirs:6.0f} times hl7apy's division"
    )
    print(f"divided              {divided:9,.0f} a second   {divided / theirs:6.0f} times")
    print(f"hl7apy, divided      {theirs:9,.0f} a second")
    for said, send in (("one by one", one_by_one), ("together", together)):
        with tempfile.TemporaryDirectory() as name:
            print(f"MLLP, {said:<15}{_embedded(Path(name), messages, send)}")
    for said, send, some_of in (("one by one", one_by_one, some), ("together", together, messages)):
        with tempfile.TemporaryDirectory() as name:
            print(f"on disk, {said:<12}{_embedded(Path(name), some_of, send, synced=True)}")
    with tempfile.TemporaryDirectory() as name:
        print(f"MLLP, hl7apy's loop  {_loop(Path(name), some):9,.0f} a second")


if __name__ == "__main__":
    main()
