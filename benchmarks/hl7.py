"""HL7 v2 orders read, and taken over MLLP into the worklist of the embedded PACS, beside hl7apy.

    python benchmarks/hl7.py [--messages 3000]

Reading is an ORM^O01 of ten segments to an order with every attribute the mapping table has, in seconds of
processor; hl7apy only divides the same message. Over MLLP it is one connection, each message acknowledged
once its worklist item is on the disk before the next is sent; beside it a loop that divides each message with
hl7apy, writes a file and answers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenario_runner.deadline import Deadline
from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.mllp.acknowledging import acknowledgement
from scenario_runner.orders.mllp.client import Mllp
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


def over_mllp(port: int, messages: list[bytes]) -> float:
    """Messages a second on the clock, each acknowledged before the next."""
    peer = Peer(host="127.0.0.1", port=port, ae_title="HL7")
    with Mllp.open(peer, Deadline(600)) as client:
        began = time.monotonic()
        for message in messages:
            answer = client.send(message, Deadline(60))
            assert answer.code == "AA", answer.text
        return len(messages) / (time.monotonic() - began)


def _embedded(folder: Path, messages: list[bytes]) -> float:
    pacs = EmbeddedPacs(folder / "pacs", options=PacsOptions(station="CT1"))
    pacs.start()
    try:
        rate = over_mllp(pacs.open_hl7(), messages)
        kept = len(list(pacs.worklist.glob("*.wl")))
        assert kept == len(messages), kept
        return rate
    finally:
        pacs.stop()


def _loop(folder: Path, messages: list[bytes]) -> float:
    from hl7apy.parser import parse_message

    def take(data: bytes, _: str) -> Answer:
        message = parse_message(data.decode("iso8859-1"), find_groups=False)
        (folder / f"{message.msh.msh_10.value}.hl7").write_bytes(data)
        return Answer([acknowledgement(Message.read(data), "AA")])

    with MllpListener(take) as listener:
        return over_mllp(listener.port, messages)


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
    with tempfile.TemporaryDirectory() as name:
        taken = _embedded(Path(name), messages)
        loop = _loop(Path(name), some)
    print(f"MLLP into worklist   {taken:9,.0f} a second   {taken / loop:6.0f} times the loop")
    print(f"MLLP, hl7apy's loop  {loop:9,.0f} a second")


if __name__ == "__main__":
    main()
