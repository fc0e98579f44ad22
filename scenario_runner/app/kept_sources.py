"""The sources of a run, its plan and what was asked, written into its ``inputs/``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from scenario_runner.app.folder import keep_inputs, write_with
from scenario_runner.app.kept_inputs import Kept, keep_read, keep_request
from scenario_runner.app.kept_libraries import keep_libraries
from scenario_runner.redaction.json_texts import within_texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scenario_runner.app.load import Loaded
    from scenario_runner.app.plans import Plans
    from scenario_runner.language.scenario import Scenario
    from scenario_runner.redaction import Redactor


def keep_sources(
    folder: Path,
    loaded: Loaded,
    scenarios: Sequence[Scenario],
    plans: Plans,
    asked: Kept,
    redactor: Redactor,
) -> list[str]:
    """Write the sources, the plan and what was asked; returns the names of the sources.

    asked: moment, overrides and first step. Raises MachineError.
    """
    documents = [scenario.document for scenario in scenarios]
    locks = loaded.libraries.locks.read.values() if loaded.libraries else ()
    site = loaded.site.document
    if site is not None:
        documents.append(site)
    own, with_site = len(documents) - (site is not None), len(documents)
    overlay = loaded.overlay
    if overlay is not None:
        documents.append(overlay.document)
    documents += [lock.document for lock in locks if lock is not None]
    digests: dict[str, str] = {}

    def write_plan(stream: TextIO) -> None:
        # The redactor knows the site's secrets, too; looked for once they cost half.
        known = replace(plans, secrets=frozenset())
        digests.update(known.write_json(stream, within_texts(redactor.text)))

    write_with(folder / "inputs" / "plan.json", write_plan)
    kept = keep_inputs(folder, documents)
    used = loaded.libraries.used.values() if loaded.libraries else ()
    libraries = keep_libraries(folder, used)
    request = replace(
        asked,
        overrides=redactor.tree(asked.overrides),
        scenarios=kept[:own],
        site=None if site is None else kept[with_site - 1],
        plan=digests,
        read=keep_read(folder, asked.moment.inputs.read),
        libraries=libraries,
        overlay=None if overlay is None else kept[with_site],
    )
    keep_request(folder, request)
    return [*(name for name, _ in kept), *(one.told for one in libraries)]
