"""``fabricate patient``: synthetic patients that outlive a run."""

from __future__ import annotations

import click

from scenario_runner.cli import patient_files, patient_people


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """As they were added: patients, then what they are made by, then files."""
        return list(self.commands)


@click.group(cls=_InOrder)
def patient() -> None:
    """Synthetic patients that outlive a run: made, found, merged, exchanged.

    They live in the registry, and a scenario meets them again: patients: [{from: {registry: {search: CITIZEN}}}].
    """


for command in (*patient_people.COMMANDS, *patient_files.COMMANDS):
    patient.add_command(command)
