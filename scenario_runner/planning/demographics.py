"""Synthetic people by locale, from Faker's lists, in the form DICOM wants them.

The alphabetic group is in Latin capitals where the locale has Latin names, and romanised for
Japanese, Korean and Chinese, which get an ideographic and a phonetic group (PS3.5 6.2.1.1 and its
annexes H, I and J). Names in Cyrillic, Greek, Arabic, Hebrew, Thai and other scripts stand in the
alphabetic group as they are: PS3.5 6.2.1.2 lets it use whatever the first character set of the
object has, and each of these scripts has one.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from difflib import get_close_matches
from functools import cache, partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from scenario_runner.planning import addresses, east_asian_names
from scenario_runner.planning.api import Person
from scenario_runner.planning.identity import Dice
from scenario_runner.planning.usual_people import LOCALE, usual_people

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faker import Generator

    from scenario_runner.planning.api import Demographics

DEFAULT_LOCALE = LOCALE


class NamelessLocaleError(ValueError):
    """A locale that Faker knows and has no names for; the message lists those near that have."""


POOL_BITS = {"given": 10, "family": 10, "middle": 9, "home": 12}
"""Different values of each kind a locale has, as powers of two; each is made when first drawn."""
_PROVIDERS = [f"faker.providers.{name}" for name in ("person", "address", "phone_number", "misc")]
_RENAMED = {"fr_QC": "fr_CA", "dk_DK": "da_DK"}
"""Locales that Faker keeps only for old callers, with a warning."""
_PREFERRED = {
    "ar": "ar_SA", "ja": "ja_JP", "ko": "ko_KR", "pt": "pt_BR", "zh": "zh_CN",
}  # fmt: skip
_ENGLISH = "en"
"""Names that Faker has for no country in particular are English, and right where English is spoken."""
KINDS = {sex: (f"given {sex}", f"family {sex}", f"middle {sex}", "home") for sex in "MF"}
"""What a person of each sex is drawn from, in the order of the bits."""
_Pool = tuple[str, dict[int, Any], int, int]
"""Kind, its values so far by number, and which bits of what is drawn are the number: how far to
shift, and the mask."""
_TRIES = 20
"""How often a name is drawn again that nobody could be called."""
_ADDRESS_LENGTH = 64
_PHONE_LENGTH = 16


class FakerDemographics:
    """The built-in source of people. Safe between threads; touches no global state of Faker."""

    name = "faker"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generators: dict[str, Generator] = {}
        self._pools: dict[tuple[str, str], dict[int, Any]] = {}
        self._by_sex: dict[tuple[str, str], list[_Pool]] = {}
        self._locales: dict[str, str] = {}

    def person(self, locale: str, sex: str, seed: int) -> Person:
        """A person of the locale; ``sex`` M or F decides the given name, O leaves it open.

        locale: as ``en_AU``, ``en-AU`` or ``ja``. Address and telephone are of one town where its
        towns are known; of another locale they are Faker's, and empty where it has none. Raises ValueError for a locale Faker does not have, and
        NamelessLocaleError for one whose people would have American names.
        """
        locale = self._locales.get(locale) or self.locale(locale)
        drawn = Dice(seed).bits()
        if sex not in KINDS:
            sex = "MF"[drawn >> 63]
        given, family, middle, home = [
            pool.get(drawn >> shift & mask) or self._made(locale, kind, drawn >> shift & mask)
            for kind, pool, shift, mask in self._by_sex.get((locale, sex))
            or self._pools_of(locale, sex)
        ]
        return Person(
            family=family[0],
            given=given[0],
            middle=middle[0],
            ideographic=f"{family[1]}^{given[1]}" if family[1] else "",
            phonetic=f"{family[2]}^{given[2]}" if family[2] else "",
            address=home[0],
            phone=home[1],
        )

    def _pools_of(self, locale: str, sex: str) -> list[_Pool]:
        pools: list[_Pool] = []
        shift = 0
        for kind in KINDS[sex]:
            bits = POOL_BITS[kind.split()[0]]
            made = self._pools.setdefault((locale, kind), {})
            pools.append((kind, made, shift, (1 << bits) - 1))
            shift += bits
        self._by_sex[locale, sex] = pools
        return pools

    def locale(self, asked: str) -> str:
        """The locale that is meant, as Faker names it. Raises as ``person``."""
        known = DEFAULT_LOCALE if asked == DEFAULT_LOCALE else self._locales.get(asked)
        if known is None:
            known = asked if _is_locale(asked) else _find_locale(asked)
            self._locales[asked] = known
        return known

    def _made(self, locale: str, kind: str, number: int) -> Any:
        value: Any
        if kind == "home" and addresses.has_towns(locale):
            value = addresses.home(locale, number)
        elif locale == DEFAULT_LOCALE:
            value = (usual_people()[kind][number], "", "")
        else:
            value = self.draw(locale, kind, number)
        self._pools[locale, kind][number] = value
        return value

    def draw(self, locale: str, kind: str, number: int) -> Any:
        """Faker's value of a kind that has this number.

        Of a name its three component groups, of a home the address and the telephone.
        """
        # A generator's random source is its state: one caller at a time.
        with self._lock:
            seed = sha256(f"{locale} {kind} {number}".encode()).digest()
            generator = self._generator(locale)
            generator.random = Random(int.from_bytes(seed[:8]))  # noqa: S311 - reproducible
            return _maker(generator, locale, kind)()

    def _generator(self, locale: str) -> Generator:
        if locale not in self._generators:
            from faker import Factory

            self._generators[locale] = Factory.create(locale, providers=_PROVIDERS)
        return self._generators[locale]


def demographics_for(locale: str, known: Mapping[str, Demographics]) -> tuple[Demographics, str]:
    """The source of people for a locale: ``SOURCE:locale`` for a plugin's, else Faker.

    Raises ValueError for an unknown source; its message lists the known ones.
    """
    source, colon, rest = locale.partition(":")
    if not colon:
        return known["faker"], locale
    if source not in known:
        raise ValueError(", ".join(f"{name}:…" for name in known))
    return known[source], rest


def require_locale(locale: str, known: Mapping[str, Demographics]) -> None:
    """Raises ValueError as ``Demographics.person`` for a locale that no people can be of."""
    source, rest = demographics_for(locale, known)
    if isinstance(source, FakerDemographics):
        source.locale(rest)
    else:
        source.person(rest, "O", 0)  # only to hear whether it is known


def locales() -> list[str]:
    """The locales that people can be of, in order."""
    from faker.config import AVAILABLE_LOCALES

    return sorted(one for one in set(AVAILABLE_LOCALES) - set(_RENAMED) if _has_names(one))


def _is_locale(name: str) -> bool:
    """Whether this is a locale with names of its own, told without loading Faker."""
    if not name.replace("_", "").isalpha() or name in _RENAMED:
        return False
    own = ("person", "address", "phone_number") if name.startswith(f"{_ENGLISH}_") else ("person",)
    return any(_provides(what, name) for what in own)


def _has_names(locale: str) -> bool:
    return locale.split("_", maxsplit=1)[0] == _ENGLISH or _provides("person", locale)


@cache
def _provides(what: str, locale: str) -> bool:
    """Whether Faker has a provider of its own for a locale; without one it falls back to en_US."""
    spec = find_spec("faker")
    places = (spec and spec.submodule_search_locations) or ()
    return any(Path(place, "providers", what, locale, "__init__.py").is_file() for place in places)


def _find_locale(asked: str) -> str:
    """The locale that is meant. Raises ValueError with those that may be."""
    from faker.config import AVAILABLE_LOCALES

    named = locales()
    wanted = asked.strip().replace("-", "_").lower()
    by_lower = {locale.lower(): locale for locale in sorted(named)}
    by_lower.update({old.lower(): new for old, new in _RENAMED.items() if new in by_lower.values()})
    if wanted in _PREFERRED:
        return _PREFERRED[wanted]
    if wanted in by_lower:
        return by_lower[wanted]
    of_language = [locale for lower, locale in by_lower.items() if lower.startswith(wanted + "_")]
    if of_language and "_" not in wanted:
        home = f"{wanted}_{wanted.upper()}"
        return home if home in of_language else of_language[0]
    near = get_close_matches(wanted, by_lower, 3, 0.5)
    same_language = [lower for lower in by_lower if lower.split("_")[0] == wanted.split("_")[0]]
    # For a locale without names its language says more than its letters do.
    nameless = wanted in {locale.lower() for locale in AVAILABLE_LOCALES}
    order = [*same_language, *near] if nameless else [*near, *same_language]
    names = list(dict.fromkeys(by_lower[lower] for lower in order))[:5]
    told = ", ".join(names) or "en_US, de_DE, ja_JP"
    raise NamelessLocaleError(told) if nameless else ValueError(told)


def _maker(generator: Generator, locale: str, kind: str) -> Callable[[], Any]:
    match kind.split():
        case ["home"]:
            return partial(_home, generator, locale)
        case [part, sex]:
            return partial(_name, generator, locale, part, sex)
    raise AssertionError(kind)


def _home(generator: Generator, locale: str) -> tuple[str, str]:
    """Address and telephone as Faker has them; empty where it has none of this locale."""
    called = _provides("phone_number", locale) or locale == _ENGLISH
    return (
        _address(generator) if _provides("address", locale) else "",
        _phone(generator) if called else "",
    )


def _name(generator: Generator, locale: str, part: str, sex: str) -> tuple[str, str, str]:
    """(alphabetic, ideographic, phonetic) of one component; the last two may be empty."""
    word = "male" if sex == "M" else "female"
    if part == "middle":
        method = getattr(generator, f"middle_name_{word}", None)
        return (_component(method()) if method else "", "", "")
    if locale == "ja_JP":
        method = "last_name_pair" if part == "family" else f"first_name_{word}_pair"
        kanji, kana, roman = getattr(generator, method)()
        return _latin(roman), kanji, hiragana(kana)
    if locale in east_asian_names.TABLES:
        return east_asian_names.draw(locale, part, sex, generator.random)
    draw = getattr(generator, f"{'last' if part == 'family' else 'first'}_name_{word}")
    name = _component(draw())
    for _ in range(_TRIES):
        # Two of Faker's Hindi names begin with a vowel sign, which belongs to a letter before it.
        if not unicodedata.category(name[0]).startswith("M"):
            break
        name = _component(draw())
    return (name, "", "")


def hiragana(katakana: str) -> str:
    """The same sounds in hiragana; the long-vowel mark and anything else stays."""
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in katakana)


def _component(text: str) -> str:
    """A name as one component: no delimiters, Latin in capitals, other scripts as they are."""
    text = " ".join(re.sub(r"[\^=\\]", " ", unicodedata.normalize("NFC", text)).split())
    text = _of_one_script(text)
    return _latin(text) if _is_latin(text) else text


_CYRILLIC = str.maketrans("aceiopxyABCEHIKMOPTX", "асеіорхуАВСЕНІКМОРТХ")
_GREEK = str.maketrans("εΕ", "ɛƐ")


def _of_one_script(text: str) -> str:
    """Without letters of another script that look the same, as a few of Faker's names have them."""
    scripts = {unicodedata.name(c, "").split()[0] for c in text if c.isalpha()}
    if scripts == {"CYRILLIC", "LATIN"}:
        return text.translate(_CYRILLIC)
    return text.translate(_GREEK) if scripts == {"GREEK", "LATIN"} else text


def _latin(text: str) -> str:
    return text.upper().replace("’", "'")


def _is_latin(text: str) -> bool:
    return all("LATIN" in unicodedata.name(c, "") for c in text if c.isalpha())


def _address(generator: Any) -> str:
    """One line that fits Patient's Address, a LO of 64 characters.

    Also in bytes of UTF-8: validators and PACS are around that count those. What does not fit loses
    its last words, the building before the street.
    """
    for text in (generator.address(), generator.street_address()):
        line = ", ".join(part.strip(" ,") for part in text.replace("\\", "").splitlines())
        if len(line.encode()) <= _ADDRESS_LENGTH:
            return line
    while len(line.encode()) > _ADDRESS_LENGTH:
        shorter = line.rpartition(" ")[0].rstrip(" ,")
        line = shorter or line[:-1]
    return line


def _phone(generator: Any) -> str:
    """A number that fits Patient's Telephone Numbers, a SH of 16 characters, in ASCII digits."""
    made = getattr(generator, "phone_number", None)
    text = str(made() if made else generator.numerify("###-###-####")).split("x")[0]
    text = "".join(str(unicodedata.digit(c, c)) if c.isdigit() else c for c in text).strip()
    if len(text) <= _PHONE_LENGTH and text.isascii():
        return text
    return re.sub(r"[^+0-9]", "", text)[:_PHONE_LENGTH]
