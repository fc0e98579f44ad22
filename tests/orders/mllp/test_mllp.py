"""Messages travel by MLLP, whole or not at all, and each is held to its acknowledgement."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    ConnectionFailed,
    PeerTimeout,
    ProtocolViolation,
)
from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.mllp.acknowledging import acknowledgement, unreadable
from scenario_runner.orders.mllp.client import Mllp
from scenario_runner.orders.mllp.framing import Blocks, TooLargeError, framed
from scenario_runner.orders.mllp.listener import Answer, ListenerOptions, MllpListener
from scenario_runner.ul.peer import Peer
from scenario_runner.ul.tls import Tls
from tests.orders.hl7.feeds import order


def _accepting(data: bytes, _: str) -> Answer:
    return Answer([acknowledgement(Message.read(data), "AA")])


def _until(there: Callable[[], object]) -> None:
    """Wait for what another thread does, within bounds."""
    end = time.monotonic() + 60
    while not there() and time.monotonic() < end:
        time.sleep(0.01)


def _peer(listener: MllpListener, patience: float = 5.0) -> Peer:
    return Peer(host="127.0.0.1", port=listener.port, ae_title="HL7", response_timeout=patience)


@given(st.lists(st.binary(max_size=40).map(lambda one: one.replace(b"\x0b", b"").replace(b"\x1c", b""))),
       st.integers(1, 7))  # fmt: skip
def test_messages_in_pieces_of_any_size_come_out_whole(messages: list[bytes], size: int) -> None:
    wire = b"".join(map(framed, messages))
    blocks = Blocks(1000)
    found = [one for at in range(0, len(wire), size) for one in blocks.feed(wire[at : at + size])]
    assert found == messages
    assert not blocks.midway
    assert blocks.stray == 0


def test_bytes_outside_of_a_block_are_counted_and_dropped() -> None:
    blocks = Blocks(100)
    assert blocks.feed(b"junk\r\n" + framed(b"A") + b"\n" + framed(b"B")) == [b"A", b"B"]
    assert blocks.stray == 4


def test_a_block_beyond_the_bound_is_refused() -> None:
    with pytest.raises(TooLargeError):
        Blocks(10).feed(b"\x0b" + b"x" * 11)


def test_many_messages_go_over_one_connection() -> None:
    taken: list[str] = []

    def take(data: bytes, _: str) -> Answer:
        taken.append(Message.read(data).control_id)
        return _accepting(data, _)

    with MllpListener(take) as listener, Mllp.open(_peer(listener), Deadline(10)) as client:
        for number in range(200):
            answer = client.send(order(control=str(number)), Deadline(10))
            assert (answer.code, answer.control_id) == ("AA", str(number))
    assert taken == [str(number) for number in range(200)]


def test_an_order_is_answered_with_its_response_and_the_error_with_its_place() -> None:
    message = Message.read(order())
    accepted = Message.read(acknowledgement(message, "AA"))
    assert accepted.kind == "ORR^O02"
    assert (accepted.text("MSH-3"), accepted.text("MSH-5")) == ("FAB", "RIS")
    refused = Message.read(acknowledgement(message, "AE", "no such|patient", path="PID-3.1"))
    assert refused.text("MSA-3") == "no such|patient"
    assert refused.text("ERR-2") == "PID^1^3^1^1"
    assert Message.read(unreadable("no MSH")).text("MSA-1") == "AR"


@pytest.mark.parametrize("code", ["AE", "AR", "CE", "CR"])
def test_a_refusal_comes_with_its_words(code: str) -> None:
    def refuse(data: bytes, _: str) -> Answer:
        return Answer([acknowledgement(Message.read(data), code, "duplicate order")])

    with MllpListener(refuse) as listener, Mllp.open(_peer(listener), Deadline(10)) as client:
        answer = client.send(order(), Deadline(10))
    assert (answer.code, answer.text) == (code, "duplicate order")


def test_in_enhanced_mode_the_commit_comes_before_the_application() -> None:
    def both(data: bytes, _: str) -> Answer:
        message = Message.read(data)
        return Answer([acknowledgement(message, "CA"), acknowledgement(message, "AA")])

    enhanced = order().replace(b"|2.5.1||||||", b"|2.5.1|||AL|AL||")
    commit_only = order().replace(b"|2.5.1||||||", b"|2.5.1|||AL|NE||")
    with MllpListener(both) as listener, Mllp.open(_peer(listener), Deadline(10)) as client:
        answer = client.send(enhanced, Deadline(10))
        assert (answer.commit, answer.code) == ("CA", "AA")
    with MllpListener(both) as listener, Mllp.open(_peer(listener), Deadline(10)) as client:
        assert client.send(commit_only, Deadline(10)).code == "CA"


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (lambda _: Answer(), PeerTimeout, "no acknowledgement"),
        (lambda _: Answer(hang_up=True), AssociationAborted, "closed the connection"),
        (lambda _: Answer(raw=b"\x0bMSH|^~", hang_up=True), AssociationAborted, "half an answer"),
        (lambda _: Answer(raw=framed(b"<html></html>")), ProtocolViolation, "HTML"),
        (lambda data: Answer([data]), ProtocolViolation, "no MSA"),
        (
            lambda data: Answer([acknowledgement(Message.read(data), "AA", control_id="9")]),
            PeerTimeout,
            "message '9'",
        ),
    ],
)
def test_what_is_no_acknowledgement_is_told(
    answer: Callable[[bytes], Answer], error: type[Exception], words: str
) -> None:
    with (
        MllpListener(lambda data, _: answer(data)) as listener,
        Mllp.open(_peer(listener, 0.5), Deadline(10)) as client,
        pytest.raises(error) as caught,
    ):
        client.send(order(), Deadline(10))
    assert words in str(caught.value)


def test_an_acknowledgement_of_another_message_is_noted_and_the_right_one_taken() -> None:
    def confused(data: bytes, _: str) -> Answer:
        message = Message.read(data)
        wrong = acknowledgement(message, "AA", control_id="9")
        return Answer([wrong, acknowledgement(message, "AE", "no")])

    with MllpListener(confused) as listener, Mllp.open(_peer(listener), Deadline(10)) as client:
        answer = client.send(order(), Deadline(10))
    assert answer.code == "AE"
    assert "message '9'" in answer.remarks[0]


def test_nobody_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    peer = Peer(host="127.0.0.1", port=port, ae_title="HL7")
    with pytest.raises(ConnectionFailed, match="refused"):
        Mllp.open(peer, Deadline(5))


def test_a_message_cut_by_the_network_is_not_taken() -> None:
    taken: list[bytes] = []

    def take(data: bytes, _: str) -> Answer:
        taken.append(data)
        return _accepting(data, _)

    with MllpListener(take) as listener:
        with socket.create_connection(("127.0.0.1", listener.port)) as sock:
            sock.sendall(framed(order())[:-2])
        with Mllp.open(_peer(listener), Deadline(10)) as client:
            client.send(order(control="2"), Deadline(10))
    assert [Message.read(one).control_id for one in taken] == ["2"]


def test_a_silent_sender_does_not_keep_others_out_and_stop_does_not_wait_for_it() -> None:
    options = ListenerOptions(connections=2)
    listener = MllpListener(_accepting, options=options)
    listener.start()
    silent = socket.create_connection(("127.0.0.1", listener.port))
    try:
        with Mllp.open(_peer(listener), Deadline(10)) as client:
            assert client.send(order(), Deadline(10)).code == "AA"
        began = time.monotonic()
        listener.stop()
        assert time.monotonic() - began < 20
    finally:
        silent.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("mllp")]


def test_a_message_of_50_mb_is_refused_in_words_on_both_sides() -> None:
    told: list[str] = []
    large = order("OBX|1|ED|PDF||" + "x" * 50_000_000)
    with (
        MllpListener(_accepting, options=ListenerOptions(noticed=told.append)) as listener,
        socket.create_connection(("127.0.0.1", listener.port), 30) as sock,
    ):
        sock.sendall(framed(large))
        answer = sock.recv(1 << 16)
    assert "a message has 16 MiB at most" in Message.read(answer.strip(b"\x0b\x1c\r")).text("MSA-3")
    assert told == ["127.0.0.1 sent a message of more than 16 MiB, which is not taken"]
    with pytest.raises(Hl7Error, match="16 MiB at most"):
        Message.read(large)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    program = shutil.which("openssl")
    assert program is not None, "openssl is not installed"
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "a.pem", folder / "a.key"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return Tls(ca=certificate, certificate=certificate, key=key, verify=False)


def test_tls_on_a_plain_port_is_told_by_both(tls: Tls) -> None:
    told: list[str] = []
    with MllpListener(_accepting, options=ListenerOptions(noticed=told.append)) as listener:
        peer = dataclasses.replace(_peer(listener), tls=tls)
        with pytest.raises(ConnectionFailed, match="TLS"):
            Mllp.open(peer, Deadline(10))
        _until(lambda: told)
    assert told == ["127.0.0.1 speaks TLS, and this port is not protected"]


def test_a_tls_handshake_in_which_a_block_seems_to_stand_is_no_message() -> None:
    told: list[str] = []
    with MllpListener(_accepting, options=ListenerOptions(noticed=told.append)) as listener:
        with socket.create_connection(("127.0.0.1", listener.port)) as sock:
            sock.sendall(b"\x16\x03\x01\x02\x00\x01" + b"\x0bMSH|^~\\&|\x1c\r" * 3)
            assert sock.recv(100) == b""
        _until(lambda: told)
    assert told == ["127.0.0.1 speaks TLS, and this port is not protected"]


def test_plain_text_on_a_tls_port_is_told_by_both(tls: Tls) -> None:
    told: list[str] = []
    options = ListenerOptions(noticed=told.append, tls=tls)
    with MllpListener(_accepting, options=options) as listener:
        with (
            Mllp.open(_peer(listener), Deadline(10)) as client,
            pytest.raises(AssociationAborted, match="protected"),
        ):
            client.send(order(), Deadline(10))
        _until(lambda: told)
    assert "TLS" in told[0]


def test_over_tls_messages_go_as_they_do_without(tls: Tls) -> None:
    with MllpListener(_accepting, options=ListenerOptions(tls=tls)) as listener:
        peer = dataclasses.replace(_peer(listener), tls=tls)
        with Mllp.open(peer, Deadline(10)) as client:
            assert [client.send(order(), Deadline(10)).code for _ in range(3)] == ["AA"] * 3


def test_a_web_browser_at_the_port_is_told() -> None:
    told: list[str] = []
    with MllpListener(_accepting, options=ListenerOptions(noticed=told.append)) as listener:
        with socket.create_connection(("127.0.0.1", listener.port)) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        _until(lambda: told)
    assert "they begin with 'GET / HTTP/1.1" in told[0]


def test_what_is_taken_is_acknowledged_though_the_listener_stops() -> None:
    came = threading.Event()

    def slowly(data: bytes, _: str) -> Answer:
        came.set()
        time.sleep(0.3)
        return _accepting(data, _)

    listener = MllpListener(slowly)

    def stop() -> None:
        came.wait()
        listener.stop()

    listener.start()
    try:
        with Mllp.open(_peer(listener), Deadline(10)) as client:
            threading.Thread(target=stop).start()
            assert client.send(order(), Deadline(10)).code == "AA"
    finally:
        listener.stop()
