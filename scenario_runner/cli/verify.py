"""``fabricate verify``."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import RunFolder, examples
from scenario_runner.cli.trusting import trust_of, trust_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.evidence.signing.stamps import Stamp
    from scenario_runner.evidence.signing.statement import Meaning
    from scenario_runner.evidence.signing.verify import SignatureVerdict, Verdict

_EARLY: Final = 2.0
"""Seconds from which it is told: the time in a signature is that of a whole second."""


@click.command(
    epilog=examples(
        "fabricate verify runs/20261120T172139Z-3f2a",
        "fabricate verify evidence-1 --trust people.pem --trust root.pem --chain",
        "fabricate verify evidence-1 --expect-signature approved --trust people.pem",
    )
)
@click.argument("run", type=RunFolder())
@trust_option
@click.option(
    "--expect-signature",
    "expected",
    multiple=True,
    type=click.Choice(["executed", "reviewed", "approved"]),
    help="What somebody has to have signed it as; twice for two people.",
)
@click.option("--chain", is_flag=True, help="Look at every run before, too, back to the first.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people, or one JSON object.",
)
def verify(
    run: Path,
    trusted: tuple[Path, ...],
    expected: tuple[Meaning, ...],
    chain: bool,
    style: str,
) -> int:
    """Say whether a run is what it was, and whether its signatures hold.

    RUN is a run folder, or the id of a run under runs/.

    Names each file that changed, is missing, was added or renamed; each signature that was made for another
    manifest or another run, is not that of its key, or whose key is none of those in --trust; each time stamp that is
    of something else or, with certificates in --trust, of an authority to which none of them leads; and the run before,
    when it is not the one that this one was chained to. Whoever changes a run and writes its manifest anew can take the
    signatures away: with --trust a run without a signature is not what it should be; without it that cannot be known.
    Of several signatures one that is gone leaves no trace: --expect-signature says which there have to be.

    \b
    Exit codes:
      0  everything is as it was, and every signature holds
      1  something is not
      2  wrong usage, or no run
    """  # noqa: D301 - click wants a real backspace
    from scenario_runner.evidence.signing.verify import verify as verified

    verdict = verified(
        run,
        trust_of(trusted),
        whole_chain=chain,
        to_be_signed=bool(trusted),
        expected=expected,
    )
    wrong = verdict.everything()
    if style == "json":
        click.echo(json.dumps(_as_json(verdict), indent=1))
    else:
        for line in _lines(verdict, asked=bool(trusted)):
            click.echo(line)
    return 1 if wrong else 0


def _lines(verdict: Verdict, *, asked: bool) -> Iterator[str]:
    from scenario_runner.evidence.html_text import seconds

    for one in verdict.findings:
        what = f"{one.change:9} {_plain(one.path)} {_plain(one.message)}"
        yield click.style(" ".join(what.split()) if not one.path else what, fg="red")
    unsigned = sum(one.change == "unsigned" for one in verdict.findings)
    if len(verdict.findings) == unsigned:
        yield f"run {_plain(verdict.run)}: {verdict.files:,} files are as they were"
    for signature in verdict.signatures:
        yield _signature(signature, asked=asked)
        if signature.stamp is not None:
            yield f"  {_stamp(signature.stamp)}"
        if signature.early_s >= _EARLY:
            early = seconds(signature.early_s)
            yield f"  its time is {early} before the run ended: a clock was wrong, here or there"
        for one in signature.findings:
            yield click.style(f"  {one.change}: {_plain(one.path)} {_plain(one.message)}", fg="red")
    for name in verdict.unread:
        yield f"{_plain(name)} {_unread(name)}"
    if verdict.chain:
        yield f"chained to {amount(len(verdict.chain), 'run')} before, back to {_plain(verdict.chain[-1])}"
    if verdict.open_end:
        yield f"the run before, {_plain(verdict.open_end)}, does not lie beside it"
    if not verdict.signatures and not unsigned:
        who = "nobody signed it with this program" if verdict.unread else "nobody signed it"
        yield f"{who}, or all signatures were taken away; with --trust that is a finding"


def _signature(verdict: SignatureVerdict, *, asked: bool) -> str:
    if verdict.signed is None:
        return f"{_plain(verdict.file)} does not hold"
    signed = verdict.signed
    role = f" ({_plain(signed.role)})" if signed.role else ""
    who = f"{signed.meaning} by {_plain(signed.name)}{role}, {_plain(signed.time)}"
    key = f"key {verdict.key[:16]}"
    if verdict.vouched:
        key += f", {_plain(verdict.vouched)}"
    elif not asked:
        key += "; --trust says whose keys are trusted, and was not given"
    return f"{who}: {'does not hold' if verdict.findings else 'holds'}; {key}"


def _unread(name: str) -> str:
    from scenario_runner.evidence.manifest import is_stamp
    from scenario_runner.evidence.signing.stamps import EXTRA

    if is_stamp(name):
        return f"is a time stamp and was not looked at: {EXTRA}"
    return "is a signature of another program and was not looked at"


def _stamp(stamp: Stamp) -> str:
    by = _plain(stamp.authority) or "an authority that does not say who it is"
    known = "" if stamp.vouched else "; no certificate in --trust vouches for it"
    return f"was there by {stamp.time}, stamped by {by}{known}"


def _plain(text: str) -> str:
    """In one line, without what steers a terminal: names of files and of people come from elsewhere, and none is to look like a verdict."""
    from scenario_runner.evidence.html_text import in_a_line

    return in_a_line(text, 400)


def _as_json(verdict: Verdict) -> dict[str, object]:
    return {
        "schema": "verdict/v1",
        "run": verdict.run,
        "intact": not verdict.everything(),
        "files": verdict.files,
        "findings": [dataclasses.asdict(one) for one in verdict.findings],
        "signatures": [
            {
                "file": one.file,
                "holds": not one.findings,
                "signed": None if one.signed is None else one.signed.model_dump(),
                "key": one.key,
                "vouched": one.vouched,
                "early_s": one.early_s,
                "timestamp": None if one.stamp is None else dataclasses.asdict(one.stamp),
                "findings": [dataclasses.asdict(finding) for finding in one.findings],
            }
            for one in verdict.signatures
        ],
        "unread": verdict.unread,
        "chain": verdict.chain,
        "open_end": verdict.open_end,
    }
