"""From whatever goes wrong to one line on stderr and an exit code."""

from __future__ import annotations

import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import click

from node.cli.exits import Exit
from node.cli.output import print_json, say

DEBUG = "LMAX_DEBUG"

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}


class Failure(Exception):
    """Something that is told in one line and ends the command.

    details: what --json shows beside the message.
    """

    def __init__(self, code: Exit, message: str, **details: Any) -> None:
        self.code = code
        self.details = details
        super().__init__(message)


def guarded(command: Callable[..., Exit]) -> Callable[..., None]:
    """A verb's function, ended with its exit code, and with one clear line if it raises."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            code = command(*args, **options)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except BrokenPipeError:
            # Whoever read our output has seen enough, as `head` has.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = Exit.OK
        except BaseException as error:
            code = tell(error, as_json=bool(options.get("json")))
        sys.stdout.flush()
        click.get_current_context().exit(int(code))

    return run


def tell(error: BaseException, *, as_json: bool) -> Exit:
    """Print what went wrong; the exit code that says so."""
    code, message = explain(error)
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    say(f"lmax: {message}")
    if as_json:
        details = error.details if isinstance(error, Failure) else {}
        print_json({"error": message, "exit_code": int(code), **details})
    return code


def explain(error: BaseException) -> tuple[Exit, str]:
    """The exit code of an error, and one line about it."""
    if isinstance(error, Failure):
        return error.code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED, "interrupted"
    if isinstance(error, OSError):
        return _explain_os(error)
    if isinstance(error, ImportError):
        return Exit.DEFECT, f"{one_line(str(error))}; in a checkout, run `make build`"
    found = _known(error)
    if found is not None:
        return found, one_line(str(error))
    return Exit.DEFECT, (
        f"unexpected {type(error).__name__}: {one_line(str(error))}"
        f" (a defect; {DEBUG}=1 shows where)"
    )


def one_line(text: str) -> str:
    """A message of several lines as one."""
    return " ".join(text.split())


def _known(error: BaseException) -> Exit | None:
    # Only now: nobody who asks for help waits for NumPy and psycopg.
    import psycopg

    from flow import FlowError
    from journal.archive.errors import ArchiveError
    from journal.errors import JournalError
    from ledger.errors import LedgerError
    from lmax._engine import EngineFault
    from node.config_values import ConfigError
    from node.control_client import NobodyAnswers
    from node.control_loop import Refusal
    from node.refusals import CoreFailed, LogicFailed
    from replicator.identity import IdentityError

    for kinds, code in (
        ((ArchiveError,), Exit.ARCHIVE),
        ((JournalError,), Exit.JOURNAL),
        ((IdentityError,), Exit.IDENTITY),
        ((LedgerError, psycopg.Error), Exit.POSTGRES),
        ((FlowError,), Exit.INPUT),
        ((LogicFailed, EngineFault), Exit.LOGIC),
        ((CoreFailed,), Exit.CORE),
        ((ConfigError,), Exit.CONFIG),
        ((NobodyAnswers, Refusal), Exit.CLUSTER),
    ):
        if isinstance(error, kinds):
            return code
    return None


def _explain_os(error: OSError) -> tuple[Exit, str]:
    where = f"{error.filename}: " if error.filename else ""
    what = f"{where}{error.strerror or error}"
    if error.errno in _DISK:
        return Exit.CORE, f"{what}; free some space or use another folder"
    if isinstance(error, FileExistsError | NotADirectoryError):
        return Exit.JOURNAL, f"{where}not a folder; name a folder, or one that is to be made"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Exit.JOURNAL, f"{what}; use a folder that you may write in"
    return Exit.JOURNAL, what
