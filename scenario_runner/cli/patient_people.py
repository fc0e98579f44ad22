"""``fabricate patient list``, ``generate``, ``show``, ``search``, ``stats``, ``merge``, ``delete``."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.amounts import amount
from scenario_runner.app.row_texts import cell
from scenario_runner.cli import shell_completion
from scenario_runner.cli.options import WholeNumber, counters_site_option, examples, registry_option
from scenario_runner.cli.patient_options import at_desk, issuer_option, print_patients, yes_option
from scenario_runner.cli.questions import confirmed
from scenario_runner.cli.rows import Style, print_rows, print_table, style_option
from scenario_runner.cli.verbosity import remark
from scenario_runner.cli.wrapping import cells, json_text, padded
from scenario_runner.language.diagnostic_words import quoted

if TYPE_CHECKING:
    from scenario_runner.registry.patient import MadeStudy, Patient
    from scenario_runner.registry.statistics import Statistics

_LIMIT = click.IntRange(1, 10_000_000)
_BAR = 30


class BirthDate(click.ParamType[dt.date]):
    """A day that was."""

    name = "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """From ``1970-01-31`` or ``19700131``."""
        from pydantic_core import PydanticCustomError

        from scenario_runner.fields.types import parse_date

        try:
            day: dt.date = parse_date(value) if isinstance(value, str) else value
        except PydanticCustomError as error:
            self.fail(error.message(), param, ctx)
        if day > dt.datetime.now().astimezone().date():
            self.fail(f"'{value}' is yet to come", param, ctx)
        return day


@click.command(
    "list", epilog=examples("fabricate patient list", "fabricate patient list --format csv")
)
@click.option("--limit", type=_LIMIT, metavar="N", help="No more than so many.")
@style_option
@registry_option
def list_(limit: int | None, style: Style, registry: str | None) -> None:
    """Show all patients, in the order they were added."""
    with at_desk(registry) as desk:
        found = desk.people.each()
        first = list(itertools.islice(found, 1))
        print_patients(itertools.islice(itertools.chain(first, found), limit), style)
        if not first:
            remark("the registry has no patients; fabricate patient generate makes some")


@click.command(
    epilog=examples(
        "fabricate patient generate --count 20 --locale de_DE",
        "fabricate patient generate --name CITIZEN^JANE --birth-date 1970-01-31",
    )
)
@click.option(
    "--count", type=click.IntRange(1, 10_000_000), metavar="N", default=1, help="How many."
)
@click.option("--name", metavar="FAMILY^GIVEN", help="Name of the patient.")
@click.option("--sex", type=click.Choice(["F", "M", "O"], case_sensitive=False), help="PatientSex.")
@click.option("--birth-date", type=BirthDate(), metavar="DAY", help="1970-01-31.")
@click.option(
    "--locale", metavar="L", help="Where names, addresses and telephones are from: de_DE."
)
@click.option(
    "--id", "patient_id", metavar="ID", help="PatientID; by default the next of the pattern."
)
@click.option("--address", metavar="TEXT", help="PatientAddress.")
@click.option("--phone", metavar="TEXT", help="PatientTelephoneNumbers.")
@click.option("--seed", type=WholeNumber(), help="Seed of everything drawn.")
@counters_site_option
@style_option
@registry_option
def generate(
    patient_id: str | None,
    seed: int | None,
    site: Any,
    style: Style,
    registry: str | None,
    **said: Any,
) -> None:
    """Make synthetic patients and keep them.

    IDs are numbered by the counters that number the patients of scenarios, too; one that is taken is
    stepped over. fabricate patient config says by which pattern.
    """
    from scenario_runner.registry.generate import Wanted

    with at_desk(registry) as desk:
        made = desk.generate(Wanted(id=patient_id, **said), site, seed)
        print_patients(made, style)


@click.command(epilog=examples("fabricate patient show PID000001"))
@click.argument("patient_id", metavar="ID", shell_complete=shell_completion.patients)
@issuer_option
@style_option
@registry_option
def show(patient_id: str, issuer: str | None, style: Style, registry: str | None) -> None:
    """Show a patient and the studies that were made for it.

    ID is the patient's own, or one that was merged into it.
    """
    with at_desk(registry) as desk:
        one = desk.people.get(patient_id, issuer)
        made = desk.made_for(one)
    if style == "csv":
        print_patients([one], style)
    elif style == "json":
        others = [{"id": id_, "issuer": issuer or None} for id_, issuer in one.other_ids]
        history = [study.as_json() for study in made]
        tree = {**one.as_json(), "other_ids": others, "history": history}
        click.echo(json_text(tree))
    else:
        _show(one, made)


def _show(one: Patient, made: list[MadeStudy]) -> None:
    facts = one.as_json()
    facts["other_ids"] = ", ".join(id_ for id_, _ in one.other_ids) or None
    width = max(map(len, facts))
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name:{width}}  {cell(value)}")
    if made:
        click.echo()
    rows = [
        [
            study.date.isoformat(),
            study.accession,
            "/".join(study.modalities),
            study.description,
            ", ".join(
                f"{name}: {amount(count, 'instance')}{' (deleted)' if gone else ''}"
                for name, count, gone in study.targets
            ),
            study.run,
        ]
        for study in made
    ]
    print_table(rows, ("date", "accession", "modality", "description", "stored", "run"))


@click.command(
    short_help="Find patients by any part of what is kept of them.",
    epilog=examples("fabricate patient search citizen", "fabricate patient search '山田'"),
)
@click.argument("text")
@click.option(
    "--limit", type=_LIMIT, metavar="N", default=50, show_default=True, help="No more than so many."
)
@style_option
@registry_option
def search(text: str, limit: int, style: Style, registry: str | None) -> None:
    """Find patients by any part of ID, name, birth date, telephone or address.

    Every word of TEXT has to be somewhere in the patient; case and accents do not count, and names are
    looked through in all scripts they are written in.
    """
    with at_desk(registry) as desk:
        found = desk.people.search(text, limit=limit + 1)
    print_patients(found[:limit], style)
    if len(found) > limit:
        remark(f"there are more than {limit}; say --limit, or more of the name")
    elif not found:
        remark(f"nobody has {quoted(text)}")


@click.command(
    short_help="Count patients and their studies.",
    epilog=examples("fabricate patient stats", "fabricate patient stats --format json"),
)
@style_option
@registry_option
def stats(style: Style, registry: str | None) -> None:
    """Count patients by sex and age, studies by modality, and name the most used."""
    with at_desk(registry) as desk:
        found = desk.statistics()
    if style == "json":
        click.echo(json_text(found.as_json()))
    elif style == "csv":
        print_rows(_counts(found), ("what", "value", "count"), style)
    else:
        _show_stats(found)


def _counts(found: Statistics) -> list[dict[str, Any]]:
    rows = [
        ("patients", "", found.patients),
        ("used", "", found.used),
        ("studies", "", found.studies),
    ]
    rows += [("sex", sex, count) for sex, count in found.by_sex.items()]
    rows += [("age", band, count) for band, count in found.by_age.items()]
    rows += [("modality", modality, count) for modality, count in found.by_modality.items()]
    rows += [("most used", one.id, one.studies) for one in found.most_used]
    return [{"what": what, "value": value, "count": count} for what, value, count in rows]


def _show_stats(found: Statistics) -> None:
    used = f", {found.used} of them used in {amount(found.studies, 'study')}" if found.used else ""
    click.echo(f"{amount(found.patients, 'patient')}{used}")
    for title, counts in (
        ("sex", found.by_sex),
        ("age", found.by_age),
        ("studies by modality", found.by_modality),
        ("most used", {f"{one.id}  {one.name}": one.studies for one in found.most_used}),
    ):
        if counts:
            click.echo(f"\n{title}")
            _bars(counts)


def _bars(counts: dict[str, int] | Any) -> None:
    """A line for each, with a bar as long as its part of the greatest."""
    most = max(counts.values()) or 1
    width = max(map(cells, counts))
    digits = len(str(most))
    room = shutil.get_terminal_size().columns - width - digits - 6
    longest = max(1, min(_BAR, room))
    for name, count in counts.items():
        eighths = round(count / most * longest * 8)
        bar = "█" * (eighths // 8) + ("", *"▏▎▍▌▋▊▉")[eighths % 8]
        click.echo(f"  {padded(name, width)}  {count:>{digits}}  {bar}".rstrip())


@click.command(epilog=examples("fabricate patient merge PID000002 PID000001"))
@click.argument("gone", metavar="FROM", shell_complete=shell_completion.patients)
@click.argument("stays", metavar="INTO", shell_complete=shell_completion.patients)
@style_option
@registry_option
def merge(gone: str, stays: str, style: Style, registry: str | None) -> None:
    """Make two patients one, as a merge message (A40) does.

    The studies of FROM become those of INTO, whose name, sex and birth date stay; the ID of FROM is kept as
    another ID of INTO, by which it is still found.
    """
    with at_desk(registry) as desk:
        merged = desk.people.merge(desk.people.get(gone), desk.people.get(stays))
    if style == "text":
        click.echo(
            f"{gone} is now {merged.id}, {merged.name}, with {amount(merged.studies, 'study')}"
        )
    else:
        print_patients([merged], style)


@click.command(epilog=examples("fabricate patient delete PID000001"))
@click.argument("patient_id", metavar="ID", shell_complete=shell_completion.patients)
@issuer_option
@yes_option
@style_option
@registry_option
def delete(
    patient_id: str, issuer: str | None, yes: bool, style: Style, registry: str | None
) -> int:
    """Forget a patient and what was made for it; no PACS is touched.

    Asks first; its number does not come again.
    """
    with at_desk(registry) as desk:
        one = desk.people.get(patient_id, issuer)
        known = f"{one.id}, {one.name}, with {amount(one.studies, 'study')}"
        if not yes and not confirmed(f"Forget {known}?", default=False):
            remark("nothing was deleted")
            return 130
        desk.people.delete(one)
    if style == "text":
        click.echo(f"forgot {known}")
    else:
        print_patients([one], style)
    return 0


COMMANDS = (list_, generate, show, search, stats, merge, delete)
