"""What a run was asked, kept in its folder so that it can be repeated from there alone."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path, PurePath
from typing import Any

from scenario_runner.app.folder import write_text
from scenario_runner.app.kept_libraries import KeptLibrary, kept_libraries, read_kept, where_now
from scenario_runner.app.load import Loaded, Surroundings, declared, load_site
from scenario_runner.app.overlays import is_run, overrides_of
from scenario_runner.app.plans import Moment
from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.fields.scalars import WrittenFloat
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.language.scenario_base import with_base
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.overlay import overlay_of
from scenario_runner.planning.sources import Inputs

REQUEST = "inputs/request.json"
_SCHEMA = "request/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was asked. Sources are pairs: the name they had, and the file in ``inputs/``."""

    moment: Moment
    overrides: Mapping[str, Any] = field(default_factory=dict)
    from_step: str | None = None
    scenarios: Sequence[tuple[str, str]] = ()
    site: tuple[str, str] | None = None
    plan: Mapping[str, str] = field(default_factory=dict)
    """Case id to a digest of its patients; see ``Plans.write_json``."""
    read: Sequence[tuple[str, str]] = ()
    """What sources of patients read, as sources are."""
    libraries: Sequence[KeptLibrary] = ()
    overlay: tuple[str, str] | None = None


def keep_read(folder: Path, read: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Write what sources of patients read into ``inputs/``. Raises MachineError."""
    kept = []
    for number, (name, content) in enumerate(read.items(), start=1):
        # Asked of a system it may have no name that a file can have.
        stem = re.sub(r"[^A-Za-z0-9._-]", "_", PurePath(name).name)[-60:]
        file = f"read-{number}-{stem}"
        try:
            (folder / "inputs" / file).write_bytes(content)
        except OSError as error:
            raise of_the_machine(f"cannot write '{file}'", error) from error
        kept.append((name, file))
    return kept


def keep_request(folder: Path, kept: Kept) -> None:
    """Write it into a run folder. Raises MachineError."""
    moment = kept.moment
    data = {
        "schema": _SCHEMA,
        "run": moment.run_id,
        "now": moment.now.isoformat(),
        "seed": moment.seed,
        "seed_given": moment.forced,
        "from_step": kept.from_step,
        "overrides": {name: _written(value) for name, value in kept.overrides.items()},
        "scenarios": [_source(pair) for pair in kept.scenarios],
        "site": None if kept.site is None else _source(kept.site),
        "plan": dict(kept.plan),
        "read": [_source(pair) for pair in kept.read],
        "overlay": None if kept.overlay is None else _source(kept.overlay),
        "libraries": [one.written() for one in kept.libraries],
    }
    write_text(folder / REQUEST, json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def read_request(folder: Path) -> Kept:
    """Read it back. Raises UsageError for a folder that has none, or none that can be read."""
    try:
        data = json.loads((folder / REQUEST).read_text("utf-8"))
        return Kept(
            moment=Moment(
                run_id=str(data["run"]),
                seed=int(data["seed"]),
                forced=bool(data["seed_given"]),
                now=dt.datetime.fromisoformat(data["now"]),
                inputs=Inputs(kept=_contents(folder, data.get("read", []))),
            ),
            overrides={name: _read(value) for name, value in data["overrides"].items()},
            from_step=data["from_step"],
            scenarios=[_pair(source) for source in data["scenarios"]],
            site=None if data["site"] is None else _pair(data["site"]),
            read=[_pair(source) for source in data.get("read", [])],
            overlay=None if data.get("overlay") is None else _pair(data["overlay"]),
            libraries=read_kept(data.get("libraries", [])),
            plan={str(case): str(digest) for case, digest in data["plan"].items()},
        )
    except FileNotFoundError:
        raise UsageError(
            f"'{folder}' cannot be repeated: it has no {REQUEST}",
            hint="name the folder of a run, for example runs/<run-id>",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"'{folder / REQUEST}' cannot be read: {error!r}") from error


def load_kept(folder: Path, kept: Kept, around: Surroundings) -> Loaded:
    """The scenarios and the site as they were then. Raises InvalidInput, PluginError, UsageError.

    Files that they name are found where they were: the sources keep the names they had.
    """
    name, text = (
        (None, None) if kept.site is None else (Path(kept.site[0]), _text(folder, kept.site))
    )
    plugins, site = load_site(name, around, text)
    scenarios = []
    libraries = kept_libraries(folder, kept.libraries)
    overlay = None
    if kept.overlay is not None:
        overlay = overlay_of(parse_document(_text(folder, kept.overlay), kept.overlay[0]))
    read = kept.moment.inputs.content
    for source in kept.scenarios:
        file = where_now(source[0], folder, kept.libraries)
        document = parse_document(_text(folder, source), file)
        known = with_base(document, libraries)
        overrides = declared(known, kept.overrides)
        overrides = {**overrides_of(overlay, known), **overrides}
        held_against = site if is_run(known, overlay, None) else None
        scenario = check_scenario(
            document, plugins, site=held_against, overrides=overrides, lists=libraries, read=read
        )
        scenarios.append(scenario if overlay is None else overlay.applied(scenario))
    return Loaded(plugins, site, tuple(scenarios), libraries, overlay)


def _contents(folder: Path, read: Sequence[Mapping[str, str]]) -> dict[str, bytes]:
    files = {source["file"]: Path(source["kept"]).name for source in read}
    return {name: (folder / "inputs" / file).read_bytes() for name, file in files.items()}


def _text(folder: Path, source: tuple[str, str]) -> str:
    path = folder / "inputs" / Path(source[1]).name
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"'{path}' cannot be read: {error}") from error


def _source(pair: tuple[str, str]) -> dict[str, str]:
    return {"file": pair[0], "kept": pair[1]}


def _pair(source: Mapping[str, str]) -> tuple[str, str]:
    return source["file"], source["kept"]


def _written(value: Any) -> Any:
    """A decimal keeps the characters it was written with."""
    if isinstance(value, list):
        return [_written(one) for one in value]
    return {"decimal": value.source} if isinstance(value, WrittenFloat) else value


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return [_read(one) for one in value]
    return WrittenFloat(value["decimal"]) if isinstance(value, dict) else value
