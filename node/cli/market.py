"""The generated market of a data folder: set up once, gone on with later."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from flow import MarketGenerator
from flow.commands import Commands
from journal.keys import Keys
from journal.reader import Reader, segment_numbers
from lmax.records import joined
from lmax.schema import COMMAND
from node.cli.errors import Failure
from node.cli.exits import Exit
from node.system import System

ACCOUNTS, INSTRUMENTS = 1_000, 20
SETUP_S = 15.0
"""How long the core may take over each step of the setup."""

SET_BY_US = [name for name in COMMAND.names or () if name not in ("sequence", "timestamp")]
"""What a sender decides about a command; the sequencer sets the rest."""


def market_of(
    system: System,
    *,
    seed: int,
    accounts: int | None,
    instruments: int | None,
    varied: bool = False,
) -> MarketGenerator:
    """The generator of what comes next in this folder, its market set up completely.

    accounts, instruments: None takes what the journal has; varied: orders of more kinds, see
    flow.varied. A setup that was cut short is gone
    on with. Raises Failure if the journal holds something else than was asked for.
    """
    core = system.core
    chosen, setup = _fitting(system, accounts, instruments)
    missing = setup[core.recovered :]
    if len(missing):
        core.wait_applied(core.submit(missing, timeout=SETUP_S), timeout=SETUP_S)
    system.forget_latencies()
    # The same orders again would be another day than the one before.
    return MarketGenerator(
        seed + core.recovered, *chosen, first_id=core.input.cursor + 1, varied=varied
    )


def _fitting(
    system: System, accounts: int | None, instruments: int | None
) -> tuple[tuple[int, int], Commands]:
    """Size and setup of a market whose setup the journal begins with."""
    state = system.core.business.state
    there = len(state.accounts()), len(state.instruments())
    usual = accounts or ACCOUNTS, instruments or INSTRUMENTS
    grown = accounts or there[0], instruments or there[1]
    journaled: Commands | None = None
    pruned = segment_numbers(system.core.journal.directory)[:1] > [1]
    for size in dict.fromkeys([usual, grown]):
        if min(size) < 1:
            continue
        setup = MarketGenerator(1, *size).setup()
        if pruned:  # what it began with is not here any more, but what came of it is
            if size == there and system.core.recovered >= len(setup):
                return size, setup
            continue
        if journaled is None or len(journaled) < len(setup):
            journaled = _beginning(
                system.directory / "journal", len(setup), system.core.journal.keys
            )
        if _begins_with(journaled, setup):
            return size, setup
    raise Failure(Exit.USAGE, _mismatch(system, there))


def _mismatch(system: System, there: tuple[int, int]) -> str:
    where = (
        f"the journal in {system.directory} holds {there[0]} accounts and {there[1]} instruments"
    )
    size = f"--accounts {there[0]} --instruments {there[1]}"
    return (
        f"{where}, and is not the beginning of the market asked for; use {size} (or neither"
        " option) if `lmax run` made it, another --dir, or --fresh to delete it"
    )


def _beginning(folder: Path, count: int, keys: Keys) -> Commands:
    """At most `count` commands from the start of a journal."""
    parts: list[Commands] = [np.empty(0, COMMAND)]
    with Reader(folder, keys=keys) as reader:
        for commands in reader.batches(count):
            parts.append(commands.copy())
    return joined(parts)[:count]


def _begins_with(journaled: Commands, setup: Commands) -> bool:
    """Whether one is the beginning of the other, as far as both go."""
    count = min(len(journaled), len(setup))
    return all(bool((journaled[name][:count] == setup[name][:count]).all()) for name in SET_BY_US)
