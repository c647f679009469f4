"""What the engine's memory looks like, as the .pxd files declare it: one text, and its digest.

A snapshot holds that memory as it stands, so it is good only for a build with the same structs.
The digest goes into lmax/state/declared.pxd (`python -m lmax.schema` writes it), from there into
every module that reads or writes snapshots.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

FILES = [
    "base/idbits.pxd",
    "base/memory.pxd",
    "base/steps.pxd",
    "book/levels.pxd",
    "book/orders.pxd",
    "state/_state.pxd",
    "state/days.pxd",
    "state/funds.pxd",
    "state/idmap.pxd",
    "state/ticktables.pxd",
    "state/tradelog.pxd",
    "state/trails.pxd",
]
"""Where the structs of the state are declared, and the numbers that their sizes follow from."""

BEGINS = re.compile(r"^cdef (struct \w+|enum):")


def declarations(text: str) -> str:
    """The structs and enums of a .pxd, without comments and blank lines."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        code = line.split("#")[0].rstrip()
        if code and not code.startswith(" "):
            inside = bool(BEGINS.match(code))
        if inside and code:
            found.append(code)
    return "\n".join(found)


def declared() -> str:
    """All of them, file after file."""
    root = Path(__file__).resolve().parent
    return "\n".join(declarations((root / path).read_text()) for path in FILES)


def render_declared() -> str:
    """The text of ``lmax/state/declared.pxd``."""
    digest = hashlib.sha256(declared().encode()).hexdigest()[:32]
    return (
        "# Written by `python -m lmax.schema`: the digest of all structs of the state"
        " (lmax/declarations.py).\n"
        "cdef extern from *:\n"
        '    """\n'
        f'    #define LMAX_DECLARED "{digest}"\n'
        '    """\n'
        '    const char *DECLARED "LMAX_DECLARED"\n'
    )
