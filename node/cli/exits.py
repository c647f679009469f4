"""What the exit code of `lmax` says."""

from __future__ import annotations

from enum import IntEnum

MEANING = {
    0: "all is well",
    1: "the ledger and the journal disagree",
    2: "the command line makes no sense; nothing was done",
    3: "the journal cannot be used: not found, not allowed, in use elsewhere, damaged, or without"
    " its key",
    4: "PostgreSQL could not be used, so the ledger is behind or could not be asked",
    5: "the input file is malformed, cut, or not there; what came before was kept",
    6: "the core stopped: the disk is full or failed; everything reported before is safe",
    7: "the logic stopped at a command and would at every start: lmax journal skip --help",
    8: "the archive cannot be used, or does not hold what its manifest says",
    9: "the node's identity cannot be used: not found, open to others, or no key",
    10: "the configuration of a node cannot be used; nothing was done",
    11: "the cluster: nobody answers, or what was asked cannot be done now",
    70: "a defect of lmax itself; LMAX_DEBUG=1 shows where",
    130: "interrupted before the end",
}
"""One sentence for each code, for help and documentation."""


class Exit(IntEnum):
    """The exit codes; MEANING tells what each says."""

    OK = 0
    DISCREPANCIES = 1
    USAGE = 2
    JOURNAL = 3
    POSTGRES = 4
    INPUT = 5
    CORE = 6
    LOGIC = 7
    ARCHIVE = 8
    IDENTITY = 9
    CONFIG = 10
    CLUSTER = 11
    DEFECT = 70
    INTERRUPTED = 130


def table() -> str:
    """The codes and their meaning as an indented list."""
    return "\n".join(f"  {int(code):3}  {MEANING[code]}" for code in Exit)
