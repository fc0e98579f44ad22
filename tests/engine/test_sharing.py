"""Work that is shared out is done once, all of it, in parts of one size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.api.sharing import Piece, pieces_of, split

IMAGES = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40)), unique=True, max_size=60)


def images_in(pieces: list[Piece]) -> list[tuple[str, int]]:
    return [(series, index) for series, start, stop in pieces for index in range(start, stop)]


@given(IMAGES, st.integers(1, 9))
def test_parts_are_the_whole_in_order_and_alike_in_size(
    images: list[tuple[str, int]], number: int
) -> None:
    pieces = pieces_of(iter(images))
    assert images_in(pieces) == images
    parts = [images_in(part) for part in split(pieces, number)]
    assert [image for part in parts for image in part] == images
    sizes = [len(part) for part in parts]
    assert len(sizes) == number
    assert max(sizes) - min(sizes) <= 1
