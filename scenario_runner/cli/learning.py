"""``fabricate pacs learn``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import examples, surroundings
from scenario_runner.cli.peer_options import peer_options
from scenario_runner.cli.verbosity import remark
from scenario_runner.cli.wrapping import json_text
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from scenario_runner.api import Deadline
    from scenario_runner.app.learning.learn import Learned
    from scenario_runner.app.peers import Peer


@click.command(
    short_help="Find out what a PACS does, as expects of a site file.",
    epilog=examples(
        "fabricate pacs learn pacs --site north.yaml",
        "fabricate pacs learn pacs --site north.yaml --write",
        "fabricate pacs learn ORTHANC@127.0.0.1:4242 --format json",
    ),
)
@peer_options(600.0)
@click.option("--write", is_flag=True, help="Write what was found into the site file.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A piece of a site file, or an object a line with the evidence.",
)
def learn(peer: Peer, deadline: Deadline, write: bool, style: Literal["text", "json"]) -> int:
    """Find out what a PACS does, and print it as 'expects' of its site file.

    Five small synthetic studies are sent, marked as test data and with names that nobody else has; the PACS is asked
    what it matches on, answers with and takes; then the studies are deleted where the target has a way to, and
    otherwise the command says which stay. Each value stands below what was asked and what came back. What is as
    expected of any PACS is not declared, and what could not be found out is said to be so.

    With --write the values go into the site file, whose comments and order stay.
    """
    from scenario_runner.app.learning.learn import Learned
    from scenario_runner.app.learning.learn import learn as learn_of
    from scenario_runner.app.learning.written import snippet
    from scenario_runner.app.learning.written import write as write_into

    site = peer.site
    if write and site is None:
        raise UsageError(
            "--write needs a site file that has this target",
            hint="give --site FILE and the name of its target",
        )
    learned = Learned()
    try:
        learn_of(peer.target, deadline, learned, remark)
        findings = [one.cleaned(peer.clean) for one in learned.findings]
        if style == "json":
            for one in findings:
                click.echo(json_text(one.plain()))
        elif not write:
            click.echo(snippet(peer.name if site is not None else "pacs", findings), nl=False)
        if write and site is not None:
            changed = write_into(site, peer.name, findings, surroundings())
            told = f"{', '.join(changed)} written to" if changed else "nothing to change in"
            remark(f"{told} {site}")
    finally:
        _say_what_stays(peer, learned)
    return 0


def _say_what_stays(peer: Peer, learned: Learned) -> None:
    if learned.deleted:
        remark(f"{amount(len(learned.deleted), 'study')} deleted from {peer}")
    if learned.left:
        click.echo(
            f"{amount(len(learned.left), 'study')} stay on {peer}, which has no way to delete or did not: "
            + ", ".join(learned.left),
            err=True,
        )
