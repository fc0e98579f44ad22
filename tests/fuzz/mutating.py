"""Inputs near to valid ones, drawn by hypothesis, so that what fails is made small before it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

_TELLING = [b"\0", b"\xff" * 4, b"\x7f\xff\xff\xff", b"\r\n", b"%00", b'"', b"{{", b"}}", b"-1", b"9" * 30,
            "\u202e\ud7ff".encode(), b": ", b"[", b"&", b"<", b"\\", b"\x1b$B", b"\xfe\xff\x00\xe0"]  # fmt: skip
Edit = tuple[str, float, int, bytes]


def inputs(seeds: Sequence[bytes], *, most: int = 1 << 16) -> st.SearchStrategy[bytes]:
    """Seeds with a few places put over, taken out, doubled, or filled from another seed."""
    edit = st.tuples(
        st.sampled_from(["put", "over", "take", "double", "splice"]),
        st.floats(0, 1),
        st.integers(1, 64),
        st.one_of(st.sampled_from(_TELLING), st.binary(min_size=1, max_size=8), st.sampled_from(seeds)),
    )  # fmt: skip
    edits = st.lists(edit, max_size=6)
    return st.builds(_edited, st.sampled_from(seeds), edits).map(lambda data: data[:most])


def _edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    for kind, where, size, other in edits:
        at = int(where * len(data))
        match kind:
            case "put":
                data = data[:at] + other[:64] + data[at:]
            case "over":
                data = data[:at] + other[:64] + data[at + len(other[:64]) :]
            case "take":
                data = data[:at] + data[at + size :]
            case "double":
                data = data[: at + size] + data[at:]
            case _:
                data = data[:at] + other[int(where * len(other)) :]
    return data
