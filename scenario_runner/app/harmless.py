"""What a scenario of just anybody may not do on the server's machine: read its files, run the code of plugins."""

from __future__ import annotations

from typing import Final

from scenario_runner.app.scenario_texts import Draft, files_outside, uses_plugins
from scenario_runner.errors import InvalidInput
from scenario_runner.language.templates import is_template
from scenario_runner.service.errors import NotAllowed
from scenario_runner.service.permissions import Caller, Permission, require

_OUTSIDE: Final = "files-outside"


def require_files_inside(caller: Caller, draft: Draft) -> None:
    """Raises NotAllowed for a text that names files which may lie elsewhere than beside it.

    Planning reads them as a run does, and what is wrong with one is told with what stands in it.
    """
    if outside := _outside(caller, draft):
        raise NotAllowed(
            _OUTSIDE,
            f"the scenario names '{outside[0][:80]}', which may lie anywhere on the server",
            hint="name files beside the scenario, or ask an administrator to save it",
        )


def require_files_named(caller: Caller, draft: Draft) -> None:
    """Raises NotAllowed where variables that are set for a scenario that is kept here could name a file."""
    made = [name for name in _outside(caller, draft) if is_template(name)]
    if made:
        raise NotAllowed(
            _OUTSIDE,
            f"the scenario makes the name of a file, '{made[0][:80]}', and a variable that is set may lead "
            "anywhere on the server",
            hint="run it without setting variables, or ask an administrator to",
        )


def require_no_plugins(caller: Caller, draft: Draft) -> None:
    """Raises NotAllowed for a text that needs what a plugin from outside brings."""
    if Permission.USE_PLUGINS not in caller.permissions and uses_plugins(draft):
        require(caller, Permission.USE_PLUGINS)


def _outside(caller: Caller, draft: Draft) -> list[str]:
    if Permission.USE_PLUGINS in caller.permissions:
        return []
    try:
        return files_outside(draft)
    except InvalidInput:
        return []  # which is no scenario and does nothing
