"""The checks of docs/matching.md, in their order; the first that fails gives the reason."""

from collections.abc import Callable

from lmax.schema import (
    MAX_ACCOUNT,
    MAX_INSTRUMENT,
    CommandType,
    Reason,
    SelfTrade,
    Sides,
)
from tests.twin import busts, checkpoints, corporate, listing, operating
from tests.twin.accounts import CASH
from tests.twin.checks import (
    account_and_asset,
    account_and_instrument,
    account_or_any,
    open_order,
    require,
    whole_lots_of_shares,
)
from tests.twin.commands import Command
from tests.twin.instruments import definition_is_valid
from tests.twin.numbers import MAX_INT64
from tests.twin.order import Order
from tests.twin.ordering import MAX_SESSION, check_new_order, check_replace
from tests.twin.world import World

MAX_FIRM = 65_535


def validate(world: World, c: Command) -> Order | None:
    """Raise RejectedError unless the command can be carried out whole.

    For NEW_ORDER and REPLACE: the order as it will be; for CANCEL and REDUCE: the one meant.
    """
    require(c.type in CHECKS, Reason.UNKNOWN_COMMAND)
    return CHECKS[c.type](world, c)


def _definition(world: World, c: Command) -> None:
    require(1 <= c.instrument <= MAX_INSTRUMENT, Reason.INVALID_ID)
    require(c.instrument not in world.instruments, Reason.INSTRUMENT_EXISTS)
    require(definition_is_valid(c), Reason.INVALID_DEFINITION)


def _account_opening(world: World, c: Command) -> None:
    require(1 <= c.account <= MAX_ACCOUNT, Reason.INVALID_ID)
    require(not world.accounts.known(c.account), Reason.ACCOUNT_EXISTS)


def _deposit(world: World, c: Command) -> None:
    account_and_asset(world, c)
    require(c.quantity >= 1, Reason.AMOUNT_RANGE)
    total = world.accounts.total_of(c.instrument)
    require(total + c.quantity <= MAX_INT64, Reason.AMOUNT_RANGE)
    whole_lots_of_shares(world, c)


def _withdraw(world: World, c: Command) -> None:
    account_and_asset(world, c)
    require(c.quantity >= 1, Reason.AMOUNT_RANGE)
    whole_lots_of_shares(world, c)
    available = world.accounts.of(c.account, c.instrument).available
    short = Reason.INSUFFICIENT_CASH if c.instrument == CASH else Reason.INSUFFICIENT_SHARES
    require(available >= c.quantity, short)


def _cancel(world: World, c: Command) -> Order:
    account_and_instrument(world, c)
    return open_order(world, c)


def _reduce(world: World, c: Command) -> Order:
    instrument = account_and_instrument(world, c)
    order = open_order(world, c)
    require(c.quantity >= 1, Reason.QUANTITY_RANGE)
    require(c.quantity % instrument.lot_size == 0, Reason.QUANTITY_LOT)
    return order


def _mass_cancel(world: World, c: Command) -> None:
    account_or_any(world, c)
    known = c.firm <= MAX_FIRM and c.session <= MAX_SESSION and c.sides in list(Sides)
    require(known, Reason.INVALID_SETTING)


def _session_ended(world: World, c: Command) -> None:
    require(1 <= c.session <= MAX_SESSION, Reason.INVALID_SETTING)


def _set_account(world: World, c: Command) -> None:
    require(world.accounts.known(c.account), Reason.UNKNOWN_ACCOUNT)
    known = c.firm <= MAX_FIRM and c.self_trade in list(SelfTrade)
    require(known, Reason.INVALID_SETTING)


def _nothing(world: World, c: Command) -> None:
    """Nothing can be wrong with it."""


CHECKS: dict[int, Callable[[World, Command], Order | None]] = {
    CommandType.DEFINE_INSTRUMENT: _definition,
    CommandType.OPEN_ACCOUNT: _account_opening,
    CommandType.DEPOSIT: _deposit,
    CommandType.WITHDRAW: _withdraw,
    CommandType.NEW_ORDER: check_new_order,
    CommandType.CANCEL: _cancel,
    CommandType.REDUCE: _reduce,
    CommandType.REPLACE: check_replace,
    CommandType.END_OF_DAY: _nothing,
    CommandType.MASS_CANCEL: _mass_cancel,
    CommandType.SESSION_ENDED: _session_ended,
    CommandType.SET_ACCOUNT: _set_account,
    CommandType.TIMER: _nothing,
    CommandType.CHECKPOINT: checkpoints.check_checkpoint,
    CommandType.SET_PHASE: operating.check_phase,
    CommandType.SET_REFERENCE: operating.check_reference,
    CommandType.SET_PROTECTION: operating.check_protection,
    CommandType.SET_CLOSE: operating.check_close,
    CommandType.SET_INDEX: operating.check_index,
    CommandType.KILL_SWITCH: operating.check_kill_switch,
    CommandType.SET_STATUS: listing.check_status,
    CommandType.SET_TICK_ROW: listing.check_tick_row,
    CommandType.CORPORATE_ACTION: corporate.check_corporate_action,
    CommandType.BUST_TRADE: busts.check_bust,
    CommandType.CORRECT_TRADE: busts.check_correction,
}
