"""What the reference says of a diagnostic, a step, a check or a key of the scenario file, without a network."""

from __future__ import annotations

import re

from scenario_runner.errors import UsageError
from scenario_runner.language.diagnostic_words import did_you_mean, some_of
from scenario_runner.resources import resource

_PAGES = {"step": "steps.md", "check": "checks.md"}
_CODE = re.compile(r"(?i)(?:FAB)?(\d{3})")


def explained(words: tuple[str, ...]) -> str:
    """The section on ``FAB104``, ``step send`` or ``check stored``; of a name alone those it has. Raises UsageError."""
    if len(words) == 1 and (match := _CODE.fullmatch(words[0])):
        sections = _sections("diagnostics.md", "### ")
        code = f"FAB{match[1]}"
        found = next((title for title in sections if title.startswith(f"{code}:")), None)
        if found is None:
            raise UsageError(f"there is no diagnostic {code}", hint="docs/reference/diagnostics.md")
        return sections[found]
    if len(words) == 1 and words[0] not in _PAGES:
        pages = [_sections(page, "## ") for page in _PAGES.values()]
        told = [sections[words[0]] for sections in pages if words[0] in sections]
        if told := [*told, *_of_key(words[0])]:
            return "\n".join(told)
        names = [title for sections in pages for title in sections if " " not in title]
        raise UsageError(
            f"there is no step and no check '{words[0]}'{did_you_mean(words[0], names)}",
            hint="write FAB104, step send or check stored",
        )
    if words[0] in _PAGES and len(words) == 1:
        titles = [title for title in _sections(_PAGES[words[0]], "## ") if " " not in title]
        raise UsageError(f"which {words[0]}?", hint=f"{words[0]}s: {some_of(titles, 40)}")
    if len(words) == 2 and words[0] in _PAGES:
        sections = _sections(_PAGES[words[0]], "## ")
        if words[1] not in sections:
            known = [title for title in sections if " " not in title]
            raise UsageError(
                f"there is no {words[0]} '{words[1]}'{did_you_mean(words[1], known)}",
                hint=f"{words[0]}s: {some_of(known, 40)}",
            )
        return sections[words[1]]
    raise UsageError(
        f"'{' '.join(words)}' cannot be explained", hint="write FAB104, step send or check stored"
    )


def _of_key(name: str) -> list[str]:
    """What the tables of the scenario file say of a key and what is below it, under the heading of each."""
    told: list[str] = []
    for title, text in _sections("scenario.md", "## ").items():
        lines = text.splitlines()
        rows = [one for one in lines if re.match(rf"\| `{re.escape(name)}[`.\[]", one)]
        if rows and (heads := [place for place, one in enumerate(lines) if one[:6] == "| key "]):
            head = lines[heads[0] : heads[0] + 2]
            told.append("\n".join([f"## {title}: {name}", "", *head, *rows, ""]))
    return told


def _sections(page: str, mark: str) -> dict[str, str]:
    """The sections of a page by their titles."""
    text = resource("docs", f"reference/{page}").read_text("utf-8")
    parts = re.split(rf"(?m)^{mark}", text)[1:]
    # What a heading of a higher level begins belongs to nobody here.
    cut = [re.split(r"(?m)^#{1,2} ", part)[0] if mark == "### " else part for part in parts]
    return {part.partition("\n")[0].strip(): f"{mark}{part.rstrip()}\n" for part in cut}
