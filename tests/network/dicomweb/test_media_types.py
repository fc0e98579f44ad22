"""What a header says about content is understood as RFC 9110 has it, and never trips us up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.network.dicomweb import media_types
from scenario_runner.network.dicomweb.media_types import MediaType, multipart_related


def test_a_quoted_root_type_survives_both_ways() -> None:
    written = str(multipart_related("application/dicom", transfer_syntax="*"))
    assert written == 'multipart/related; type="application/dicom"; transfer-syntax=*'
    assert media_types.parse(written) == multipart_related("application/dicom", transfer_syntax="*")


def test_a_root_type_without_its_quotes_is_read_all_the_same() -> None:
    found = media_types.parse("Multipart/Related;type=application/dicom+json;Boundary=a=b;")
    assert found is not None
    assert (found.essence, found.root) == ("multipart/related", "application/dicom+json")
    assert found.get("boundary") == "a=b"


def test_a_comma_between_quotes_ends_nothing() -> None:
    text = 'multipart/related; type="a/b"; boundary="x,y\\"z", image/*;q=0.5'
    [first, second] = media_types.parse_list(text)
    assert first.get("boundary") == 'x,y"z'
    assert second.covers("IMAGE/jpeg")
    assert not second.covers("video/mpeg")


def test_accept_is_ordered_by_weight_and_zero_means_never() -> None:
    asked = media_types.by_preference("image/png;q=0.2, image/gif;q=0, */*;q=0.1, image/jpeg")
    assert [one.essence for one in asked] == ["image/jpeg", "image/png", "*/*"]
    assert [one.essence for one in media_types.by_preference(None)] == ["*/*"]


def test_what_is_no_media_type_is_left_out() -> None:
    found = media_types.parse_list("rubbish, image/png, a/b c, image/jpeg; q=nonsense")
    assert [one.essence for one in found] == ["image/png", "image/jpeg"]
    assert found[1].quality == 1
    assert media_types.parse("") is None


@given(st.text(max_size=200))
def test_no_header_of_a_peer_is_too_strange_to_read(text: str) -> None:
    for found in media_types.parse_list(text):
        assert 0 <= found.quality <= 1


_NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8)


@given(
    _NAMES,
    _NAMES,
    st.dictionaries(
        _NAMES,
        st.text(
            st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=20
        ),
        max_size=3,
    ),
)
def test_what_is_written_is_read_back(kind: str, subtype: str, parameters: dict[str, str]) -> None:
    written = MediaType(f"{kind}/{subtype}", parameters)
    assert media_types.parse_list(f"{written}, a/b") == [written, MediaType("a/b")]
