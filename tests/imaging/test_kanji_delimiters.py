"""A Japanese name must not fall apart in a reader that splits values before it decodes them."""

from __future__ import annotations

from scenario_runner.dicom.characters import choose


def test_a_kanji_with_a_backslash_byte_is_written_as_utf_8() -> None:
    assert "本".encode("iso2022_jp")[3:-3].count(b"\\") == 1
    assert choose(["山本^花子"]) == ("ISO_IR 192",)


def test_other_kanji_keep_the_customary_set() -> None:
    assert choose(["山田^太郎"]) == ("", "ISO 2022 IR 87")


def test_korean_never_needs_it() -> None:
    assert choose(["김^민준"]) == ("", "ISO 2022 IR 149")


def test_a_name_that_escape_sequences_make_too_long_is_written_as_utf_8() -> None:
    name = "SUZUKI^KYOSUKE=鈴木^京助=すずき^きょうすけ"
    assert len(name.encode("iso2022_jp")) > 64
    assert choose([name]) == ("ISO_IR 192",)


def test_a_name_that_needs_escape_sequences_in_its_alphabetic_group_is_written_as_utf_8() -> None:
    """JIS X 0208 has Greek and Cyrillic letters, which UTF-8 may have there (PS3.5 6.2.1.2), and kanji."""
    described = "胸部"
    assert choose([described]) == ("", "ISO 2022 IR 87")
    assert choose(["Иванов^Иван", described]) == ("ISO_IR 192",)
    assert choose(["IVANOV^IVAN=Иванов^Иван", described]) == ("", "ISO 2022 IR 87")
