"""``fabricate pacs serve`` and ``rebuild``: the embedded PACS as a server."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import click

from scenario_runner.cli import pacs_member, shell_completion
from scenario_runner.cli.announcing import Announcing, ready_file_option
from scenario_runner.cli.listening_options import host_option, port_option, tls_options
from scenario_runner.cli.long_running import serve_long
from scenario_runner.cli.options import (
    ScenarioPath,
    examples,
    index_option,
    registry_option,
    seed_option,
    site_option,
    surroundings,
)
from scenario_runner.cli.signals import on_signal


class _Pair(click.ParamType[tuple[str, str]]):
    """``NAME=VALUE``, both text."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split at the first equals sign."""
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name:
            self.fail(f"'{value}' is not {self.name}", param, ctx)
        return name, text


@click.command(
    short_help="Serve the embedded PACS until Ctrl-C.",
    epilog=examples(
        "fabricate pacs serve --port 11112 --folder pacs",
        "fabricate pacs serve --dicomweb-port 8080 --worklist-from ct.yaml",
        "fabricate pacs serve --store s3://studies/test --folder index",
        "fabricate pacs serve --store s3://studies --index postgresql://db/pacs",
        "fabricate pacs serve --fault refuse=congestion,share=0.1 --fault lose",
    ),
)
@click.argument("target", required=False, shell_complete=shell_completion.targets)
@site_option
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("pacs"),
    show_default=True,
    help="Where studies are kept; made when it is not there.",
)
@click.option(
    "--store",
    metavar="URL",
    help="Keep the studies in this object store (s3://BUCKET/FOLDER, gs://…, file:///…), their index in --folder.",
)
@index_option("in the folder", "; several machines may have it together, with one --store")
@port_option(11112)
@host_option
@ready_file_option
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    metavar="N",
    default=1,
    show_default=True,
    help="Answer with so many processes, all behind the same ports and with the same studies.",
)
@click.option("--ae-title", "--aet", metavar="AE", help="Its AE title.  [default: EMBEDDED]")
@click.option("--allow", metavar="AE", multiple=True, help="Let in this AE title, and no others.")
@click.option(
    "--destination",
    "destinations",
    type=_Pair("AE=HOST:PORT"),
    multiple=True,
    help="Where C-MOVE and storage commitment find an AE title.",
)
@tls_options("clients")
@click.option(
    "--worklist",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of worklist files; by default 'worklist' in --folder.",
)
@click.option(
    "--worklist-from",
    type=ScenarioPath(),
    help="Put the studies of this scenario's plan on the worklist; no counter moves.",
)
@click.option(
    "--hl7-port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Take HL7 v2 orders and patient updates on this port, too; 0 takes a free one and prints it.",
)
@click.option(
    "--hl7-synced",
    is_flag=True,
    help="Acknowledge an order once its worklist item is on the disk and outlives a power cut, not only this process.",
)
@seed_option
@registry_option
@click.option(
    "--commitment",
    type=click.Choice(["same", "later", "new"]),
    help="On which association storage commitment is reported.  [default: same]",
)
@click.option(
    "--duplicates",
    type=click.Choice(["keep", "overwrite", "refuse"]),
    help="What becomes of a second instance with the same UID.  [default: keep]",
)
@click.option(
    "--coerce",
    type=_Pair("KEYWORD=VALUE"),
    multiple=True,
    help="Give an attribute this value in whatever is stored, told by status B000.",
)
@click.option(
    "--sop-class",
    "sop_classes",
    metavar="UID",
    multiple=True,
    help="Store this SOP class, and no others.",
)
@click.option(
    "--transfer-syntax",
    "transfer_syntaxes",
    metavar="UID",
    multiple=True,
    help="Take instances in this transfer syntax, and no others.",
)
@click.option(
    "--dicomweb-port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Serve DICOMweb too, on this HTTP port; 0 takes a free one and prints it.",
)
@click.option(
    "--dicomweb-token",
    metavar="TOKEN",
    envvar="FABRICATE_DICOMWEB_TOKEN",
    show_envvar=True,
    help="Bearer token that DICOMweb clients have to give.",
)
@click.option(
    "--dicomweb-origin",
    "dicomweb_origins",
    metavar="ORIGIN",
    multiple=True,
    help="Origin of a web page, such as a viewer's, that may read the answers; * for any.",
)
@click.option(
    "--dicomweb-host",
    "dicomweb_hosts",
    metavar="NAME",
    multiple=True,
    help="Name that DICOMweb is reached by, besides addresses, localhost and the machine's; * for any.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    metavar="ADDRESS",
    multiple=True,
    help="Address or network of a proxy whose Forwarded and X-Forwarded-* headers count.",
)
@click.option(
    "--fault",
    "faults",
    metavar="FAULT",
    multiple=True,
    help="Misbehave on purpose: refuse=congestion, answer=A700,share=0.5, hang=3,on=store, lose, …",
)
def serve(
    target: str | None,
    site: Path | None,
    folder: Path,
    store: str | None,
    index: str | None,
    port: int,
    host: str,
    ready_file: Path | None,
    worklist_from: Path | None,
    seed: int | None,
    registry: str | None,
    faults: tuple[str, ...],
    processes: int,
    **given: Any,
) -> int:
    """Serve the embedded PACS over DICOM until Ctrl-C, and over DICOMweb if asked to.

    Stores, finds and returns studies (C-ECHO, C-STORE, C-FIND, C-GET, C-MOVE; STOW-RS, QIDO-RS, WADO-RS),
    has a worklist, takes performed procedure steps and commits itself. Listens on this machine only, unless --host says
    otherwise. With --fault it is a PACS to test modalities and routers against.

    TARGET is a target of the site file: it is served as its 'embedded' says; options win.
    """
    from scenario_runner.app.serve import Ready, Serving
    from scenario_runner.app.serve import serve as serve_pacs
    from scenario_runner.database.location import server_of
    from scenario_runner.registry.location import registry_location

    serving = Serving(
        folder=folder,
        store=store,
        index=server_of(index, "--index"),
        host=host,
        port=port,
        site=site,
        target=target,
        settings=_settings(given),
        faults=faults,
        plan=worklist_from,
        seed=seed,
        registry=registry_location(registry, os.environ),
        around=surroundings(),
        processes=processes,
    )
    if processes > 1:
        pacs_member.refuse_where_it_cannot_be()
    stop = threading.Event()
    serve_long()
    with Announcing(ready_file) as told, on_signal(lambda: told.ending(stop)):
        return serve_pacs(serving, Ready(click.echo, told.serves), stop, pacs_member.start)


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as keys of ``embedded``."""
    settings = {
        "ae_title": given["ae_title"],
        "calling_ae_titles": list(given["allow"]),
        "destinations": {name: _place(text) for name, text in given["destinations"]},
        "worklist": str(given["worklist"].absolute()) if given["worklist"] else None,
        "commitment": given["commitment"],
        "duplicates": given["duplicates"],
        "coerce": dict(given["coerce"]),
        "sop_classes": list(given["sop_classes"]),
        "transfer_syntaxes": list(given["transfer_syntaxes"]),
        "hl7_synced": given["hl7_synced"],
        "dicomweb": _web(given),
    }
    tls = {key: given[f"tls_{key}"] for key in ("certificate", "key", "ca")}
    if any(tls.values()):
        if not (tls["certificate"] and tls["key"]):
            raise click.UsageError("--tls-certificate and --tls-key belong together")
        settings["tls"] = {key: str(path.absolute()) for key, path in tls.items() if path}
    found = {key: value for key, value in settings.items() if value}
    return found if given["hl7_port"] is None else {**found, "hl7_port": given["hl7_port"]}


def _web(given: dict[str, Any]) -> dict[str, Any]:
    web = {
        "port": given["dicomweb_port"],
        "token": given["dicomweb_token"],
        "allow_origins": list(given["dicomweb_origins"]) or None,
        "allow_hosts": list(given["dicomweb_hosts"]) or None,
        "trusted_proxies": list(given["trusted_proxies"]) or None,
    }
    return {key: value for key, value in web.items() if value is not None}


def _place(text: str) -> dict[str, Any]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise click.UsageError(f"--destination: '{text}' is not HOST:PORT")
    return {"host": host.strip("[]"), "port": int(port)}


@click.command(
    short_help="Make the index of an embedded PACS again.",
    epilog=examples("fabricate pacs rebuild pacs"),
)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@index_option("in the folder")
def rebuild(folder: Path, index: str | None) -> int:
    """Make the index of an embedded PACS again from its files.

    FOLDER is what 'fabricate pacs serve' keeps its studies in; nobody may be serving it. The exit code is 4
    when a file cannot be read; each is named.
    """
    from scenario_runner.app.serve import rebuild as rebuild_folder
    from scenario_runner.database.location import server_of

    return rebuild_folder(folder, click.echo, server_of(index, "--index"))
