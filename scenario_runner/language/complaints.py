"""What libyaml and PyYAML say of text that is not YAML, in words and at the place to look at."""

from __future__ import annotations

import re

import yaml

from scenario_runner.language.composing import Fault, surrogate

Span = tuple[int, int]

_A_LINE_TOO_LATE = (
    "mapping values are not allowed", "expected key", "<block end>", "<document start>",
)  # fmt: skip
"""What is said of a line when the one before it is at fault."""

_ADVICE = (
    ("mapping values are not allowed", "a ':' with a space after it starts a value; here none can start",
     "check the indentation, or quote text that holds ': '"),
    ("expected ',' or ']'", "this list in [ ] is not closed, or a comma is missing",
     "close it with ], and quote text that holds , [ ] { }"),
    ("expected ',' or '}'", "this mapping in { } is not closed, or a comma is missing",
     "close it with }, and quote text that holds , [ ] { }"),
    ("found unexpected end of stream", "these quotes are not closed", "close them, and double a ' inside '…'"),
    ("found unknown escape character", "there is no such escape in double quotes",
     r"write \\ for a backslash, or use single quotes"),
    ("invalid Unicode character escape code", "there is no such character", "write the character itself"),
    ("expected '-' indicator", "a list item is expected here, or the indentation is off",
     "start the line with '- ', or indent it like its neighbours"),
    ("expected <block end>", "this line does not fit the lines before it", "check the indentation"),
    ("did not find expected key", "a key is expected here", "check the indentation and the quotes above"),
    ("cannot start any token", "text cannot start with this character", "quote the text"),
    ("block sequence entries are not allowed", "a list cannot start here",
     "put the first '- ' on a line of its own"),
)  # fmt: skip
"""Their words, and what a person can do about it."""

_NO_SPACE = re.compile(r"""(?:"[^"\n]*"|'[^'\n]*'|[A-Za-z_][\w.-]*):(?=[^\s:])""")
"""A key whose colon has no space after it, so that it is none."""
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2})")


def syntax_fault(error: yaml.MarkedYAMLError, text: str, quoted: Span | None) -> Fault:
    """A parser's or scanner's complaint in the user's words, at the place to look at.

    quoted: where the last quoted text before it stands, when there is one.
    """
    problem = error.problem or "unknown problem"
    at = min(error.problem_mark.index if error.problem_mark else 0, len(text))
    opened = error.context_mark.index if error.context_mark else at
    for look in (_tab, _template, _colon, _escape, _quotes, _bracket):
        if fault := look(text, problem, opened, at, quoted):
            return fault
    unclosed = "unexpected end of stream" in problem or (
        "',' or" in problem
        and (_line_of(text, opened) != _line_of(text, at) or not text[at:].strip())
    )
    span = (opened, opened + 1) if unclosed else (at, min(at + 1, len(text)))
    for known, message, hint in _ADVICE:
        if known in problem:
            return Fault("FAB015", span, message, hint)
    return Fault("FAB015", span, f"this is not YAML: {problem}")


def _tab(text: str, problem: str, _: int, at: int, __: Span | None) -> Fault | None:
    if text[at : at + 1] != "\t" and "tab character" not in problem:
        return None
    start = _start_of_line(text, at)
    tab = text.find("\t", start if not text[start:at].strip() else at)
    tab = at if tab < 0 else tab
    return Fault("FAB011", (tab, tab + 1), "a tab cannot indent YAML", "use spaces")


def _template(text: str, _: str, opened: int, __: int, ___: Span | None) -> Fault | None:
    if "{{" not in (text[opened : opened + 2], text[max(0, opened - 1) : opened + 1]):
        return None
    close = text.find("}}", opened)
    start = opened if text[opened : opened + 2] == "{{" else opened - 1
    return Fault(
        "FAB017",
        (start, close + 2 if close >= 0 else start + 2),
        "a template must stand in quotes: YAML reads '{' as the start of a mapping",
        'write "{{ … }}"',
    )


def _colon(text: str, problem: str, opened: int, at: int, _: Span | None) -> Fault | None:
    """A key without a colon, or without the space after it; it is noticed a line or more later."""
    if "could not find expected ':'" in problem:
        start, end = opened, _end_of_line(text, opened)
        if fault := _no_space(text, start):
            return fault
        end = start + len(text[start:end].split(" #", maxsplit=1)[0].rstrip())
        return Fault("FAB015", (start, end), "a ':' is missing after this key", "write key: value")
    if not any(words in problem for words in _A_LINE_TOO_LATE):
        return None
    start = _start_of_line(text, at)
    here = start + _indent(text, start)
    if text[at : at + 1] == ":" and text[here : here + 1] in ('"', "'"):
        return _no_space(text, here)  # after quotes it is noticed at once
    above = _start_of_line(text, max(0, start - 1))
    while above < start and not _content(text, above):
        if above == 0:
            return None
        above = _start_of_line(text, above - 1)
    if above == start:
        return None
    lead = above + _indent(text, above)
    lead += len(re.match(r"(?:- +)*", text[lead:])[0])  # type: ignore[index]
    if fault := _no_space(text, lead):
        return fault
    if here - start > lead - above and text[here:at].strip():  # at the colon, as the first says
        message = "this line is indented deeper than the one before it, which has its value already"
        return Fault("FAB015", (here, at), message, "check the indentation")
    return None


def _no_space(text: str, start: int) -> Fault | None:
    found = _NO_SPACE.match(text, start)
    if found is None:
        return None
    key = found[0]
    rest = text[found.end() : _end_of_line(text, start)].split(" #", maxsplit=1)[0].rstrip()
    return Fault(
        "FAB015",
        (start, found.end() + len(rest)),
        "a space is missing after the ':'",
        f"write {key} {rest}" if len(key) + len(rest) < 60 else f"write {key} and a space",
    )


def _escape(text: str, problem: str, _: int, at: int, __: Span | None) -> Fault | None:
    if "invalid Unicode character escape code" not in problem:
        return None
    found = _ESCAPE.match(text, max(0, at - 2))
    if found is None:
        return None
    number = int(found[0].lstrip("\\uUx"), 16)
    if 0xD800 <= number <= 0xDFFF:
        return surrogate(found.span())
    hint = "write the character itself"
    return Fault("FAB004", found.span(), f"there is no character U+{number:X}", hint)


def _quotes(text: str, problem: str, _: int, at: int, quoted: Span | None) -> Fault | None:
    """Quotes that were closed by the next ones, lines below."""
    unexpected = "expected key" in problem or "<block end>" in problem or "',' or" in problem
    if quoted is None or not unexpected or "\n" not in text[slice(*quoted)]:
        return None
    if _line_of(text, quoted[1]) != _line_of(text, at):
        return None
    line = _line_of(text, quoted[1] - 1)
    message = f"these quotes are closed by the ones of line {line}"
    hint = "close them, and double a ' inside '…'"
    return Fault("FAB015", (quoted[0], quoted[0] + 1), message, hint)


def _bracket(text: str, problem: str, _: int, at: int, __: Span | None) -> Fault | None:
    if text[at : at + 1] not in ("]", "}") or "expected" not in problem or "',' or" in problem:
        return None
    return Fault("FAB015", (at, at + 1), f"this {text[at]} closes nothing", "remove it")


def _start_of_line(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _end_of_line(text: str, at: int) -> int:
    ends = [end for end in (text.find("\n", at), text.find("\r", at)) if end >= 0]
    return min(ends, default=len(text))


def _line_of(text: str, at: int) -> int:
    before = text[:at]
    return before.count("\n") + before.count("\r") - before.count("\r\n") + 1


def _indent(text: str, start: int) -> int:
    line = text[start : _end_of_line(text, start)]
    return len(line) - len(line.lstrip(" "))


def _content(text: str, start: int) -> str:
    """A line without what says nothing: blank, or a comment."""
    line = text[start : _end_of_line(text, start)].strip()
    return "" if line.startswith("#") else line
