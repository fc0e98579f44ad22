"""The process that decodes: asked over its standard input, one request at a time, until that ends.

A message is a line of JSON and as many bytes as its ``size`` says. Decoders of other makers may end
this process, hang in it or fill its memory; whoever asked is another process and goes on.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from scenario_runner.decoding import here

Answer = Callable[[dict[str, Any], bytes], tuple[dict[str, Any], bytes | memoryview]]
"""From what is asked and its bytes to what is said and its bytes."""

MEMORY = 512 << 20
"""Bytes that a decode may take beside those of its request and ``TIMES`` those that it gives."""
TIMES = 16
"""Colours are converted in floats of 32 bits, all frames at once, in several copies."""
MOST = 2 << 30
"""Bytes of one message; no more pixels are decoded at once."""
_LONGEST_HEAD = 1 << 16
_LONGEST_WHY = 300
_PIECE = 1 << 20


def send(stream: BinaryIO, head: dict[str, Any], data: bytes | memoryview) -> None:
    """Write one message."""
    stream.write(json.dumps({**head, "size": len(data)}).encode() + b"\n")
    stream.write(data)
    stream.flush()


def receive(stream: BinaryIO, into: BinaryIO | None = None) -> tuple[dict[str, Any], bytes] | None:
    """Read one message; None where there is no further one. Raises ValueError, LookupError, TypeError.

    into: where its bytes are written instead of being given back.
    """
    line = stream.readline(_LONGEST_HEAD)
    if not line.endswith(b"\n"):
        return None
    head = json.loads(line)
    if not 0 <= int(head["size"]) <= MOST:
        raise ValueError(f"a message of {head['size']} bytes")
    if into is not None:
        left = int(head["size"])
        while left and (piece := stream.read(min(left, _PIECE))):
            into.write(piece)
            left -= len(piece)
        return None if left else (head, b"")
    data = stream.read(int(head["size"]))
    return (head, data) if len(data) == head["size"] else None


def serve(requests: BinaryIO, answers: BinaryIO, answer: Answer) -> None:
    """Answer each request until there is none; what an answer throws is said, whatever it is."""
    while (asked := receive(requests)) is not None:
        head, data = asked
        try:
            _bound_memory(len(data) + TIMES * int(head.get("expected", 0)) + MEMORY)
            said, given = answer(head, data)
        except BaseException as error:  # noqa: BLE001 - the panic of a compiled decoder is no Exception
            kind = type(error).__name__
            why = "it takes too much memory" if isinstance(error, MemoryError) else str(error)
            said, given = {"error": f"{kind}: {why}"[:_LONGEST_WHY] if why else kind}, b""
        send(answers, said, given)


def _bound_memory(most: int) -> None:
    """Bound what this process may have from now on, where the system can (Linux)."""
    if sys.platform != "linux":
        return
    import resource

    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = now + most
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))


def decode(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes | memoryview]:
    """What one request asks for: a frame of a file, the frames of an object, or the object plain.

    Of a name with a colon it is what that function of that module answers.
    """
    if ":" in head["what"]:
        module, _, name = head["what"].partition(":")
        given: tuple[dict[str, Any], bytes] = getattr(import_module(module), name)(head, data)
        return given
    if head["what"] == "decompress":
        return {}, here.decompress(data)
    if head["what"] == "frame":
        pixels = here.frame_of(head["file"], head["number"], raw=head["raw"])
    else:
        pixels = here.pixels_of(data)
    # Read as bytes by whoever is told no type, which then are Little Endian.
    pixels = pixels.astype(pixels.dtype.newbyteorder("<"), order="C", copy=False)
    return {"dtype": pixels.dtype.str, "shape": pixels.shape}, pixels.reshape(-1).view("u1").data


def main(answer: Answer = decode) -> None:
    """Serve on standard input and output; what else is printed goes nowhere."""
    # Threads for multiplying matrices would take memory that nobody uses here; NumPy is not loaded yet.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    serve(requests, answers, answer)
