"""``report.html``: one file for the person who signs, with nothing to load and nothing that runs.

The size is bounded whatever the run was: every list shows its first members and says how many more
there are, cases that did not pass are given room before the others, and what finds no room is one
line in the table of cases. The templates lie in ``reports/``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, ClassVar

from markupsafe import Markup

from scenario_runner.evidence.files import write_atomically
from scenario_runner.evidence.html_case import CaseView
from scenario_runner.evidence.html_first import never_began
from scenario_runner.evidence.html_pictures import PreviewBudget
from scenario_runner.evidence.html_summary import summary
from scenario_runner.evidence.html_templates import templates
from scenario_runner.evidence.html_text import word
from scenario_runner.resources import resource

if TYPE_CHECKING:
    from pathlib import Path

    import jinja2

    from scenario_runner.evidence.record import RunRecord

ROOM_FOR_CASES = 3_000_000
"""Characters of HTML that the details of all cases may take."""

_PREVIEW_BYTES = 900_000
_OPEN_CASES = 3


class HtmlReporter:
    """Writes ``report.html``."""

    name: ClassVar[str] = "html"
    file: ClassVar[str] = "report.html"
    every_detail: ClassVar[bool] = False
    """Whether cases that passed are printed with all their steps, too; on the screen they always are."""

    def write(self, record: RunRecord, folder: Path) -> None:
        """Write the file; previews come from the folder's ``evidence/``. Raises MachineError."""
        environment = templates()
        every = self.every_detail or len(record.cases) <= _OPEN_CASES
        previews = PreviewBudget(folder, _PREVIEW_BYTES)
        details = _details(record, environment, previews)
        anchors = {record.cases[number].id: f"c{number + 1}" for number in details}
        css, digest = style("tokens.css", "report.css", more=_margins(record))
        page = environment.get_template("report.html.j2").stream(
            run=record,
            style=css,
            style_hash=digest,
            icons=Markup(resource("reports", "icons.svg").read_text("utf-8")),  # noqa: S704 - so does this
            cases=list(details.values()),
            cases_left_out=sum(not never_began(case) for case in record.cases) - len(details),
            printed="all" if every else "failures",
            **summary(record, anchors),
        )
        page.enable_buffering(200)
        write_atomically(folder / self.file, (chunk.encode("utf-8") for chunk in page))


def _details(
    record: RunRecord, environment: jinja2.Environment, previews: PreviewBudget
) -> dict[int, Markup]:
    """The cases' own pages by position, those that did not pass first, as far as there is room."""
    order = sorted(
        (number for number, case in enumerate(record.cases) if not never_began(case)),
        key=lambda number: record.cases[number].outcome == "passed",
    )
    template, step_template = (
        environment.get_template(name) for name in ("case.html.j2", "step.html.j2")
    )
    details: dict[int, Markup] = {}
    room = ROOM_FOR_CASES
    for number in order:
        case = record.cases[number]
        view = CaseView(case, f"c{number + 1}", step_template, previews)
        is_open = case.outcome in ("failed", "error", "interrupted") or (
            len(record.cases) <= _OPEN_CASES
        )
        page = template.render(open=is_open, **view.values())
        if len(page) > room:
            break
        room -= len(page)
        details[number] = Markup(page)  # noqa: S704 - rendered with autoescape just above
    return details


def _margins(record: RunRecord) -> str:
    """What stands on every printed page: the run, its outcome, when; of a run's name what is safe in CSS."""
    name = re.sub(r"[^\w.-]", "", record.id, flags=re.ASCII)[:60]
    started = re.sub(r"[^0-9T:-]", "", record.started or "")[:16].replace("T", " ")
    text = " · ".join(part for part in (f"Run {name}", word(record.outcome), started) if part)
    return f'@page {{ @top-left {{ content: "{text}"; font: 8pt sans-serif; color: #55606a; }} }}'


def style(*names: str, more: str = "") -> tuple[Markup, str]:
    """Style sheets of ``reports/`` as one, and the hash by which the page's policy allows it.

    more: CSS that is made for the page, of nothing that was not made safe for CSS.
    """
    # Comments and line ends cost room in every report and say nothing to its reader.
    css = "\n".join(_squeeze(resource("reports", name).read_text("utf-8")) for name in names)
    css = f"{css}\n{more}" if more else css
    digest = base64.b64encode(hashlib.sha256(css.encode("utf-8")).digest()).decode("ascii")
    return Markup(css), f"sha256-{digest}"  # noqa: S704 - ships with the program


def _squeeze(css: str) -> str:
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)).strip()
