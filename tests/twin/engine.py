"""Takes one command after the other: validates it, carries it out, tells its events."""

from collections.abc import Callable

from lmax.schema import CommandType, EventType
from tests.twin import (
    busts,
    checkpoints,
    corporate,
    expiry,
    killing,
    listing,
    market_halts,
    mass,
    operating,
    orders,
    phase_changes,
    timer,
)
from tests.twin.checks import RejectedError
from tests.twin.commands import Command, Event
from tests.twin.events import Report
from tests.twin.instruments import instrument_from
from tests.twin.order import Order
from tests.twin.trades import MAX_TRADES, TradeLog
from tests.twin.validation import validate
from tests.twin.world import MAX_OPEN_ORDERS, World


class Twin:
    """The engine of docs/matching.md: one command in, its events out."""

    def __init__(
        self, max_open_orders: int = MAX_OPEN_ORDERS, max_trades: int = MAX_TRADES
    ) -> None:
        self.world = World(max_open_orders, TradeLog(max_trades))
        self.sequence = 0

    @property
    def now(self) -> int:
        return self.world.now

    def apply(self, command: Command) -> list[Event]:
        """The events of the next command; ValueError if its sequence is not the next one."""
        if command.sequence != self.sequence + 1:
            raise ValueError(f"expected sequence {self.sequence + 1}, got {command.sequence}")
        world = self.world
        self.sequence += 1
        world.now = max(world.now + 1, min(command.timestamp, 2**62))
        world.report = Report(command.sequence, world.now, command.type)
        try:
            prepared = validate(world, command)
        except RejectedError as rejected:
            world.report.rejected(command, rejected.reason)
        else:
            if prepared is not None:
                ORDER_ACTIONS[command.type](world, command, prepared)
            else:
                ACTIONS[command.type](world, command)
        return world.report.finished()


def _define_instrument(world: World, c: Command) -> None:
    instrument = instrument_from(c)
    world.instruments[instrument.id] = instrument
    listing.tell_definition(world, instrument)


def _open_account(world: World, c: Command) -> None:
    world.accounts.open(c.account)
    world.report.add(EventType.ACCEPTED, account=c.account)


def _deposit(world: World, c: Command) -> None:
    world.accounts.of(c.account, c.instrument).total += c.quantity
    world.report.transfer(c)


def _withdraw(world: World, c: Command) -> None:
    world.accounts.of(c.account, c.instrument).total -= c.quantity
    world.report.transfer(c)


def _set_account(world: World, c: Command) -> None:
    settings = world.accounts.settings[c.account]
    settings.firm, settings.group, settings.self_trade = c.firm, c.group, c.self_trade
    world.report.add(EventType.ACCEPTED, account=c.account)


ACTIONS: dict[int, Callable[[World, Command], None]] = {
    CommandType.DEFINE_INSTRUMENT: _define_instrument,
    CommandType.OPEN_ACCOUNT: _open_account,
    CommandType.DEPOSIT: _deposit,
    CommandType.WITHDRAW: _withdraw,
    CommandType.SET_ACCOUNT: _set_account,
    CommandType.MASS_CANCEL: mass.mass_cancel,
    CommandType.SESSION_ENDED: mass.session_ended,
    CommandType.END_OF_DAY: expiry.end_of_day,
    CommandType.TIMER: timer.timer,
    CommandType.CHECKPOINT: checkpoints.checkpoint,
    CommandType.SET_PHASE: phase_changes.set_phase,
    CommandType.SET_REFERENCE: operating.set_reference,
    CommandType.SET_PROTECTION: operating.set_protection,
    CommandType.SET_CLOSE: operating.set_close,
    CommandType.SET_INDEX: market_halts.set_index,
    CommandType.KILL_SWITCH: killing.kill_switch,
    CommandType.SET_STATUS: listing.set_status,
    CommandType.SET_TICK_ROW: listing.set_tick_row,
    CommandType.CORPORATE_ACTION: corporate.corporate_action,
    CommandType.BUST_TRADE: busts.bust_trade,
    CommandType.CORRECT_TRADE: busts.correct_trade,
}

ORDER_ACTIONS: dict[int, Callable[[World, Command, Order], None]] = {
    CommandType.NEW_ORDER: orders.new_order,
    CommandType.CANCEL: orders.cancel,
    CommandType.REDUCE: orders.reduce,
    CommandType.REPLACE: orders.replace,
}
