"""Arabic letters in their joined forms and right-to-left runs in visual order.

Enough of UAX #9 and of Arabic joining for one line of a name or an identifier. Done here, because
what Pillow does depends on which layout library a machine has, and pixels must not.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_FORMS = ("isolated", "final", "initial", "medial")
_LAM = "\u0644"


@lru_cache(maxsize=1)
def _presentation_forms() -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """(letter, form) to the character that looks so, and lam-alef pairs to their ligature."""
    forms: dict[tuple[str, str], str] = {}
    ligatures: dict[str, str] = {}
    for point in (*range(0xFB50, 0xFBFF), *range(0xFE80, 0xFEFD)):
        form, *letters = unicodedata.decomposition(chr(point)).split() or [""]
        form = form.strip("<>")
        text = "".join(chr(int(letter, 16)) for letter in letters)
        if form in _FORMS and len(text) == 1:
            forms[text, form] = chr(point)
        elif form in ("isolated", "final") and len(text) == 2 and text[0] == _LAM:
            ligatures[text + form] = chr(point)
    return forms, ligatures


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) == "Mn"


def join_arabic(text: str) -> str:
    """Replace Arabic letters by the forms they take beside their neighbours."""
    forms, ligatures = _presentation_forms()
    letters = [character for character in text if not _is_mark(character)]

    def joins_next(index: int) -> bool:
        """Whether the letter connects to the one that follows it."""
        return (
            0 <= index < len(letters) - 1
            and (letters[index], "initial") in forms
            and (letters[index + 1], "final") in forms
        )

    shaped: list[str] = []
    index = 0
    while index < len(letters):
        letter = letters[index]
        before = joins_next(index - 1)
        pair = letter + letters[index + 1] if index + 1 < len(letters) else ""
        ligature = ligatures.get(pair + ("final" if before else "isolated"))
        if ligature:
            shaped.append(ligature)
            index += 2
            continue
        after = joins_next(index)
        form = _FORMS[(1 if before else 0) + (2 if after else 0)]
        shaped.append(forms.get((letter, form), letter))
        index += 1
    return "".join(shaped)


def visual_order(text: str) -> str:
    """The characters of a left-to-right line in the order they are drawn, Arabic joined."""
    if text.isascii():
        return text
    directions = [unicodedata.bidirectional(character) for character in text]
    if not any(direction in ("R", "AL") for direction in directions):
        return unicodedata.normalize("NFC", text)
    pieces: list[str] = []
    start = 0
    while start < len(text):
        right = directions[start] in ("R", "AL")
        end = start
        last = start
        while end < len(text):
            strong = directions[end] in ("R", "AL", "L", "EN")
            if strong and (directions[end] in ("R", "AL")) != right:
                break
            if not right or strong or directions[end] == "NSM":
                last = end
            end += 1
        # Spaces between two runs belong to the line, not to the right-to-left run.
        end = last + 1 if right else end
        run = text[start:end]
        pieces.append(join_arabic(run)[::-1] if right else run)
        start = end
    return "".join(pieces)
