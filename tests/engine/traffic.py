"""A seeded stream of commands: mostly valid and in each other's way, some edges, some junk."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from lmax.schema import COMMAND, COMMAND_FIELDS, HEAD_FIELDS, CommandType, Side, TimeInForce
from tests.engine import day_traffic
from tests.engine.listing_traffic import listing_command
from tests.engine.market import ACCOUNTS, EDGES, INSTRUMENTS, opening
from tests.engine.order_traffic import account_command, more_than_may_wait, replaced_stop, special
from tests.twin import Command, Twin, build
from tests.twin.accounts import CASH
from tests.twin.numbers import MAX_INT64
from tests.twin.order import Order
from tests.twin.records import array_to_commands, normalised

MAX_UINT64 = 2**64 - 1


class Traffic:
    """Writes the next command with an eye on the twin, so that it meets what is there."""

    def __init__(self, seed: int, twin: Twin) -> None:
        self.random = Random(seed)
        self.twin = twin
        self.waiting = opening()
        self.last_id = 0
        self.now = 1_000_000
        self.kinds: list[tuple[Callable[[], Command], float]] = [
            (self._order, 58),
            (self._cancel, 9),
            (self._reduce, 5),
            (self._replace, 12),
            (self._transfer, 5),
            (self._edge, 7),
            (self._junk, 2),
            (self._listing, 3),
            (self._day, 4),
            (self._timer, 2),
            (self._accounts, 1),
            (self._checkpoint, 0.3),
        ]

    def next(self) -> Command:
        """The next command, to be applied to the twin before asking for another."""
        command = self.waiting.pop(0) if self.waiting else self._any()
        self.now += self.random.choice([-5, 0, 1, 1_000])
        timed = replace(command, sequence=self.twin.sequence + 1, timestamp=self.now)
        return normalised([timed])[0]

    def _any(self) -> Command:
        if self.random.random() < 0.001:
            return build.end_of_day()
        if self.random.random() < 0.0003:
            self.waiting += more_than_may_wait(self.random, self._new_id)
        makers, weights = zip(*self.kinds, strict=True)
        make: Callable[[], Command] = self.random.choices(makers, weights)[0]
        return make()

    # -- valid, or nearly --------------------------------------------------------------------

    def _order(self) -> Command:
        instrument = self.random.choice(INSTRUMENTS)
        account = self.random.choice(ACCOUNTS)
        side = self.random.choice(list(Side))
        price = self._price(instrument.instrument, side)
        if self.random.random() < 0.08:
            price = 0
        order = build.order(
            account,
            self._new_id(account),
            side,
            self._quantity(account, instrument, side, price),
            price,
            self.random.choices(list(TimeInForce), [12, 12, 2, 2, 0, 1, 1, 1])[0],
            instrument.instrument,
        )
        return special(self.random, self.twin, order) if self.random.random() < 0.5 else order

    def _accounts(self) -> Command:
        return account_command(self.random)

    def _checkpoint(self) -> Command:
        """It says nothing of the hash before, which no twin knows, or speaks of a wrong one."""
        last = self.twin.world.checkpoint
        wrong = self.random.choice([last + 1, self.twin.sequence + 1, MAX_UINT64])
        said = wrong if last and self.random.random() < 0.2 else 0
        return Command(type=CommandType.CHECKPOINT, state_sequence=said, state_hash=7)

    def _cancel(self) -> Command:
        account, client_order_id, instrument = self._some_order()
        return build.cancel(account, client_order_id, instrument)

    def _reduce(self) -> Command:
        account, client_order_id, instrument = self._some_order()
        order = self.twin.world.open_orders.get((account, client_order_id))
        lot = INSTRUMENTS_BY_ID[instrument].lot_size
        leaves = order.leaves if order else 10 * lot
        by = self.random.choice([lot, leaves, leaves + lot, self._lots(leaves, lot), lot + 1, 0])
        return build.reduce(account, client_order_id, min(by, MAX_INT64), instrument)

    def _replace(self) -> Command:
        account, client_order_id, instrument = self._some_order()
        definition = INSTRUMENTS_BY_ID[instrument]
        order = self.twin.world.open_orders.get((account, client_order_id))
        side = order.side if order else Side.BUY
        price = self._price(instrument, side)
        quantity = self._quantity(account, definition, side, price)
        if order is not None:
            price = self.random.choice([order.price, order.price, price])
            quantity = self.random.choice([quantity, *self._new_totals(order, definition)])
        new_id = self._new_id(account)
        asked = build.replace_order(account, client_order_id, new_id, quantity, price, instrument)
        return replaced_stop(self.random, self.twin, asked)

    def _new_totals(self, order: Order, definition: Command) -> list[int]:
        """Totals around those that matter: the old one, what is filled, one lot more or less."""
        lot = definition.lot_size
        fewer = order.filled + self._lots(order.leaves, lot)
        totals = [order.quantity, order.quantity - lot, order.quantity + lot, order.filled, fewer]
        return [min(max(total, 0), MAX_INT64) for total in totals]

    def _transfer(self) -> Command:
        account = self.random.choice(ACCOUNTS)
        asset = self.random.choice([CASH, *(i.instrument for i in INSTRUMENTS)])
        lot = INSTRUMENTS_BY_ID[asset].lot_size if asset else 1
        available = self.twin.world.accounts.of(account, asset).available
        room = MAX_INT64 - self.twin.world.accounts.total_of(asset)
        few = self.random.randint(0, 1000) * lot
        if self.random.random() < 0.4:
            amounts = [few] * 20 + [available, available + lot, few + 1]
            return build.withdraw(account, min(self.random.choice(amounts), MAX_INT64), asset)
        amounts = [few, few * 10_000] * 20 + [room // lot * lot, room + 1, few + 1]
        return build.deposit(account, min(self.random.choice(amounts), MAX_INT64), asset)

    # -- pieces ------------------------------------------------------------------------------

    def _some_order(self) -> tuple[int, int, int]:
        """(account, id, instrument) of an open order; now and then of a closed or foreign one."""
        instrument = self.random.choice(INSTRUMENTS).instrument
        closed = self.twin.world.closed_orders
        if closed and self.random.random() < 0.08:
            account, client_order_id = self.random.choice(list(closed)[-50:])
            was = closed[account, client_order_id]
            return account, client_order_id, was if was in INSTRUMENTS_BY_ID else instrument
        if not self.twin.world.open_orders or self.random.random() < 0.05:
            account = self.random.choice(ACCOUNTS)
            return account, self.random.randint(0, self.last_id + 1), instrument
        account, client_order_id = self.random.choice(list(self.twin.world.open_orders))
        order = self.twin.world.open_orders[account, client_order_id]
        if order.instrument not in INSTRUMENTS_BY_ID or self.random.random() < 0.03:
            return account, client_order_id, instrument
        return account, client_order_id, order.instrument

    def _new_id(self, account: int) -> int:
        """Mostly a fresh id; sometimes a huge one, or one that may be in use."""
        if self.random.random() < 0.04:
            return self.random.choice([0, MAX_UINT64, self.random.randint(1, self.last_id + 1)])
        if self.random.random() < 0.05:
            return self.random.randint(1, MAX_UINT64)
        self.last_id += 1
        return self.last_id

    def _price(self, instrument: int, side: int) -> int:
        """Near the middle of the book, so that about every third order crosses; or anywhere."""
        at_a_band = day_traffic.price_at_a_band(self.random, self.twin, instrument, side)
        if at_a_band is not None:
            return at_a_band
        definition = INSTRUMENTS_BY_ID[instrument]
        tick = definition.tick_size
        lowest, highest = definition.min_price // tick, definition.max_price // tick
        if self.random.random() < 0.1:
            ticks = min(2 ** self.random.randint(0, 62) + self.random.randint(-1, 1), highest)
        else:
            away = self.random.randint(-3, 15)
            ticks = lowest + 25 + (away if side == Side.SELL else -away)
        price = self._on_tick(instrument, min(max(ticks, lowest), highest) * tick)
        return price + self.random.choice([0] * 60 + [1, tick * 10**12])

    def _on_tick(self, instrument: int, price: int) -> int:
        """Lowered to the tick that holds there; nearly always."""
        there = self.twin.world.instruments.get(instrument)
        if there is None or self.random.random() < 0.02:
            return price
        tick = there.ticks.tick_at(price, self.twin.now)
        return price // tick * tick

    def _quantity(self, account: int, definition: Command, side: int, price: int) -> int:
        """A few lots, enough for a sweep, about what the account can pay for or the side hold."""
        lot = definition.lot_size
        luck = self.random.random()
        if luck < 0.96:
            return self.random.randint(1, 40 if luck < 0.9 else 1500) * lot
        if luck < 0.97 and definition.instrument in self.twin.world.instruments:
            book = self.twin.world.instruments[definition.instrument].book
            room = MAX_INT64 - book.open_quantity(side)
            return min(room // lot * lot + self.random.choice([0, lot]), definition.max_quantity)
        accounts, scale = self.twin.world.accounts, 10**definition.quantity_scale
        if side == Side.SELL:
            most = accounts.of(account, definition.instrument).available
        else:
            most = accounts.of(account, CASH).available * scale // max(price, 1)
        quantity = most // lot * lot + self.random.choice([-lot, 0, lot, 1])
        return min(max(quantity, 0), definition.max_quantity + lot, MAX_INT64)

    def _lots(self, most: int, lot: int) -> int:
        return self.random.randint(1, max(most // lot, 1)) * lot

    def _day(self) -> Command:
        return day_traffic.day_command(self.random, self.twin)

    def _timer(self) -> Command:
        command, later = day_traffic.timer(self.random, self.twin)
        self.now = max(self.now, self.twin.now) + later
        return command

    def _listing(self) -> Command:
        return listing_command(self.random, self.twin, list(INSTRUMENTS_BY_ID))

    # -- not valid, most of the time ---------------------------------------------------------

    def _edge(self) -> Command:
        """A sensible command with one field at an edge of its type, or just outside its range."""
        makers = [self._order, self._replace, self._reduce, self._cancel, self._transfer]
        base = self.random.choice([*makers, self._definition, self._account])()
        fields = HEAD_FIELDS if self.random.random() < 0.6 else COMMAND_FIELDS
        field = self.random.choice(fields[2:])
        changes: dict[str, Any] = {field.name: self.random.choice(EDGES[field.kind])}
        return replace(base, **changes)

    def _definition(self) -> Command:
        return replace(self.random.choice(INSTRUMENTS), instrument=self.random.randint(0, 70_000))

    def _account(self) -> Command:
        return build.open_account(self.random.choice([*ACCOUNTS, 0, 2**24 - 1, 2**24]))

    def _junk(self) -> Command:
        """Random bytes; the type is a real one most of the time."""
        (command,) = array_to_commands(np.frombuffer(self.random.randbytes(128), COMMAND))
        account, instrument = self.random.choice(ACCOUNTS), self.random.choice(INSTRUMENTS)
        kinds = [*CommandType, command.type]
        return replace(
            command,
            type=self.random.choice([kind for kind in kinds if kind != CommandType.END_OF_DAY]),
            account=self.random.choice([account, command.account]),
            instrument=self.random.choice([instrument.instrument, command.instrument]),
        )


INSTRUMENTS_BY_ID = {definition.instrument: definition for definition in INSTRUMENTS}
