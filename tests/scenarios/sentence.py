"""A kind of line and the commands it means."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lmax.schema import CommandType
from tests.scenarios.names import Names
from tests.twin import Command

type Match = re.Match[str]


@dataclass(frozen=True)
class Sentence:
    """A kind of line and the commands it means."""

    pattern: re.Pattern[str]
    commands: Callable[[Names, Match], list[Command]]


def sentence(pattern: str, commands: Callable[[Names, Match], list[Command]]) -> Sentence:
    return Sentence(re.compile(pattern), commands)


def about(names: Names, m: Match, kind: CommandType, **fields: Any) -> list[Command]:
    """One command about the instrument whose symbol the line has."""
    return [Command(type=kind, instrument=names.instrument(m["symbol"]), **fields)]
