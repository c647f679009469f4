"""Which release this is, and the numbers that the nodes of a cluster must have the same.

Each number stands beside what it describes and is raised there; here they are only put together.
Releases may differ where all numbers are equal: docs/operations.md, Upgrading.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version

from journal.schema import FORMAT
from lmax.rules import RULES
from lmax.schema import RECORD_FORMAT
from lmax.view.images import layout
from replicator.greeting import PROTOCOL


def release() -> str:
    """The version of the package, or of a checkout that was never installed."""
    try:
        return version("lmax")
    except PackageNotFoundError:
        return "0 (not installed)"


def numbers() -> dict[str, int]:
    """What has to be equal, by its name."""
    return {"rules": RULES, "records": RECORD_FORMAT, "journal": FORMAT, "link": PROTOCOL}


def snapshots() -> str:
    """Equal where one release reads the other's snapshots. Others are passed over, so this one may
    differ; but a node that has to take files takes none of the other kind."""
    return hashlib.sha256(layout()).hexdigest()[:8]


def told_to_peers() -> str:
    """For the handshake, which looks at the link's number by itself before this can be read."""
    return " ".join(f"{name}-{number}" for name, number in numbers().items() if name != "link")


def as_json() -> dict[str, str | int]:
    """As `/status` shows it."""
    return {"release": release(), **numbers(), "snapshots": snapshots()}


def line(build: dict[str, str | int]) -> str:
    """For people: "0.1.0; rules 2, records 1, …"."""
    named = (f"{name} {value}" for name, value in build.items() if name != "release")
    return f"{build['release']}; {', '.join(named)}"
