"""A small market with every kind of instrument, and the values at the edges of each field."""

from collections.abc import Sequence

from lmax.schema import CommandType
from tests.twin import Command, build
from tests.twin.numbers import MAX_INT64

FEW_ACCOUNTS = [1, 2, 3]
"""Enough for short tests. With the highest account, a check looks through all below it: 50 ms."""

ACCOUNTS = [*FEW_ACCOUNTS, 4, 16_777_215]


def _define(instrument: int, symbol: bytes, **fields: int) -> Command:
    return Command(
        type=CommandType.DEFINE_INSTRUMENT, instrument=instrument, symbol=symbol, **fields
    )


INSTRUMENTS = [
    _define(  # an ordinary stock
        1,
        b"PLAIN",
        tick_size=100,
        lot_size=1,
        min_price=100,
        max_price=10_000_000,
        max_quantity=1_000_000,
    ),
    _define(  # fractions of shares
        7,
        b"FRACTION",
        tick_size=200,
        lot_size=5,
        min_price=200,
        max_price=2_000_000,
        max_quantity=5_000_000,
        quantity_scale=3,
    ),
    _define(  # any price, any quantity
        300,
        b"HUGE",
        tick_size=1,
        lot_size=1,
        min_price=1,
        max_price=MAX_INT64,
        max_quantity=MAX_INT64,
    ),
    _define(  # so cheap a piece that quantities fill a side of the book
        65_535,
        b"DUST",
        tick_size=1_000_000,
        lot_size=1_000,
        min_price=1_000_000,
        max_price=50_000_000,
        max_quantity=MAX_INT64 // 1_000 * 1_000,
        quantity_scale=9,
    ),
]

EDGES: dict[str, list[int | bytes]] = {
    "u8": [0, 1, 2, 3, 4, 9, 10, 127, 128, 255],
    "u16": [0, 1, 2**16 - 1],
    "u32": [0, 1, 2, 65_535, 65_536, 2**24 - 1, 2**24, 2**31, 2**32 - 1],
    "u64": [0, 1, 2, 2**63 - 1, 2**63, 2**64 - 1],
    "i64": [-(2**63), -1, 0, 1, 2**31, 2**32, 2**62, 2**63 - 2, 2**63 - 1],
    "c8": [b"", b"A", b"EIGHTCHR", b"A\0B", b"A B", b"\x7f", b"\xff", b"\0A"],
}


def opening(
    cash: int = 10**17,
    lots: int = 10_000_000,
    accounts: Sequence[int] = ACCOUNTS,
    instruments: Sequence[Command] = INSTRUMENTS,
) -> list[Command]:
    """Instruments are defined, accounts opened, and each gets cash and lots of everything."""
    commands = [*instruments, *(build.open_account(account) for account in accounts)]
    for account in accounts:
        commands.append(build.deposit(account, cash))
        for definition in instruments:
            amount = lots * definition.lot_size
            commands.append(build.deposit(account, amount, definition.instrument))
    return commands
