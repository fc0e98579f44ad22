"""How errors reach a person: one sentence, a hint, an exit code; never a traceback."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.cli.streams import UNREAD, refused
from scenario_runner.cli.verbosity import remark
from scenario_runner.errors import (
    Declined,
    FabricatorError,
    InvalidInput,
    MachineError,
    described,
    of_the_machine,
)

if TYPE_CHECKING:
    from scenario_runner.app.run import RunResult

DEFECT = 70
_MOST_REMARKS = 20
_COMPLETING = "_FABRICATE_COMPLETE"
_ENCODING = (
    "the locale's encoding is not that of what was typed: set LC_ALL=C.UTF-8 or PYTHONUTF8=1"
)
_CHOICES = re.compile(r"\.? Choose from:\s+")
_OPTIONAL = re.compile(r"'\[(\w+)\]'")


def reported(command: Callable[..., Any]) -> int:
    """Call a click command and return the exit code, whatever happens inside."""
    return all_told(_called(command), refused(sys.stdout))


def all_told(code: int, lost: OSError | None) -> int:
    """The exit code, which is no 0 where standard output did not take what it was told; says so.

    lost: why it did not. A reader who has gone has read enough.
    """
    if lost is None or isinstance(lost, BrokenPipeError):
        return code
    refused(sys.stdout)  # it is told once
    told = of_the_machine("standard output cannot be written", lost)
    echo_error(told.message, hint=told.hint)
    return code or told.exit_code


def _called(command: Callable[..., Any]) -> int:
    try:
        result = command(standalone_mode=False, prog_name="fabricate")
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        echo_error("interrupted")
        return 130
    except UnicodeEncodeError as error:
        if not _undecoded():
            return _defect(error)
        echo_error("the command line has bytes that are no text here", hint=_ENCODING)
        return 2
    except InvalidInput as error:
        from scenario_runner.language.rendering import render

        echo_error(render(error.diagnostics, "text"), plain=True)
        return error.exit_code
    except Declined as error:
        click.echo(error.message, err=True)
        return error.exit_code
    except FabricatorError as error:
        echo_error(str(error), hint=_ENCODING if _undecoded() else error.hint)
        return error.exit_code
    except BrokenPipeError:
        return _nobody_reads()
    except OSError as error:
        return _unable(error)
    except BaseException as error:  # noqa: BLE001 - the last door before the user
        return _left(error)
    return result if isinstance(result, int) else 0


def _unable(error: OSError) -> int:
    """What the system refused: most often a file, or the output."""
    lost = refused(sys.stdout)
    if lost is None:
        name = f", '{error.filename}'" if error.filename else ""
        told = of_the_machine(f"this machine could not do it{name}", error)
        echo_error(told.message, hint=told.hint)
    return all_told(MachineError.exit_code, lost)


def _left(error: BaseException) -> int:
    """What nobody above knows: a defect, unless click leaves by itself."""
    if isinstance(error, SystemExit):
        if hasattr(sys.stdout, "wrapped"):
            return _nobody_reads()  # and click has put its own wrapper around the output
        if error.code == 0 and _COMPLETING in os.environ:
            return 0  # a command line is completed for a shell; nobody else does so
    return _defect(error)


def _nobody_reads() -> int:
    """Whoever read our output has gone (`| head`); there is nobody left to tell."""
    sys.stderr.close()
    return UNREAD


def _undecoded() -> bool:
    """Whether the command line has bytes that Python could not read as text and kept as surrogates."""
    return any("\udc80" <= one <= "\udcff" for argument in sys.argv for one in argument)


def _show(error: click.ClickException) -> None:
    """A mistake on the command line looks like every other error, and says where help is."""
    if not isinstance(error, click.UsageError) or isinstance(
        error, click.exceptions.NoArgsIsHelpError
    ):
        error.show()
        return
    message = error.format_message().rstrip(".")
    message = re.sub(r"is not a valid integer( range)?", "is no whole number", message)
    message = re.sub(r"\s+", " ", _CHOICES.sub("; it is one of ", _OPTIONAL.sub(r"'\1'", message)))
    # Of an option without its value click does not say whose it is.
    which = f"{error.ctx.command_path} --help" if error.ctx else "--help behind the command"
    hint = f"{which} says what there is"
    echo_error(message[:1].lower() + message[1:], hint=hint)


def echo_error(message: str, *, hint: str | None = None, plain: bool = False) -> None:
    """Print to stderr; of an address that somebody typed or wrote, without its password. plain: what is rendered."""
    if plain:
        click.echo(message.rstrip("\n"), err=True)
        return
    label = click.style("error:", fg="red", bold=True)
    click.echo(f"{label} {_without_passwords(message)}", err=True)
    if hint:
        click.echo(f"       {_without_passwords(hint)}", err=True)


def _without_passwords(text: str) -> str:
    if "://" not in text:
        return text
    from scenario_runner.redaction.addresses import without_passwords

    return without_passwords(text)


def show_remarks(remarks: Sequence[str]) -> None:
    """Say what sources took though it is unusual, on stderr; of many the first."""
    for one in remarks[:_MOST_REMARKS]:
        remark(f"note: {one}")
    if len(remarks) > _MOST_REMARKS:
        remark(f"note: and {len(remarks) - _MOST_REMARKS} more like these")


def warn_untold(result: RunResult) -> None:
    """Say what the registry could not be told of a run, and how it is told later."""
    for sentence in result.untold:
        click.echo(f"{click.style('warning:', fg='yellow', bold=True)} {sentence}", err=True)
    if result.untold:
        click.echo(
            f"         fabricate rerun {result.folder} tells it, and sends nothing again", err=True
        )


def _defect(error: BaseException) -> int:
    """A bug of ours: keep the traceback in a file, tell the user where."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w",
        prefix="fabricate-defect-",
        suffix=".txt",
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",
    ) as file:
        file.writelines(traceback.format_exception(error))
    echo_error(
        f"this is a defect of DICOM Fabricator: {described(error)}",
        hint=f"please report it with {file.name}",
    )
    return DEFECT
