"""A contact sheet as one HTML file, with nothing to load and nothing that runs."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import UsageError
from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.html import style
from scenario_runner.evidence.html_templates import templates
from scenario_runner.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment

    from scenario_runner.app.contact_sheet import ContactSheet

_MARK = b'<meta name="generator" content="DICOM Fabricator contact sheet">'
_DIFFERENCES = 60
"""Of one study; more are counted."""
_LINES = 400
"""Attributes of one series."""


def write_page(sheet: ContactSheet, path: Path) -> None:
    """Write the page; an older contact sheet is replaced. Raises UsageError for any other file, MachineError."""
    if path.exists() and (not path.is_file() or _MARK not in path.read_bytes()[:4096]):
        raise UsageError(f"'{path}' is there and no contact sheet", hint="choose another --sheet")
    css, digest = style("tokens.css", "report.css", "contact_sheet.css")
    environment = templates()
    _be_discreet(environment, Redactor(sheet.secrets))
    page = environment.get_template("contact_sheet.html.j2").stream(
        sheet=sheet, style=css, style_hash=digest,
        data_url=_data_url, differences=_DIFFERENCES, lines=_LINES,
    )  # fmt: skip
    page.enable_buffering(200)
    write_atomically(path, (chunk.encode("utf-8") for chunk in page))


def _be_discreet(environment: Environment, redactor: Redactor) -> None:
    """Have the filters that every text of a plan goes through take the site's secrets out first."""

    def quiet(shown: Callable[..., Any]) -> Callable[..., Any]:
        return lambda value, *how: shown(redactor.tree(value), *how)

    for name in ("t", "visible"):
        environment.filters[name] = quiet(environment.filters[name])


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
