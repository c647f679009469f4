"""Commands that end many orders at once."""

from collections.abc import Callable, Iterable

from lmax.schema import Instruction, Reason, Side, Sides
from tests.twin.commands import Command
from tests.twin.instruments import Instrument
from tests.twin.lifecycle import take_out
from tests.twin.order import Order
from tests.twin.phase_changes import follow_up
from tests.twin.world import World


def mass_cancel(world: World, c: Command) -> None:
    world.report.accepted(c)

    def matches(order: Order) -> bool:
        firm = world.accounts.settings[order.account].firm
        return (
            c.account in (0, order.account)
            and c.instrument in (0, order.instrument)
            and c.session in (0, order.session)
            and c.firm in (0, firm)
            and order.side in _sides(c.sides)
        )

    cancel_all(world, matches, Reason.MASS_CANCELLED)


def session_ended(world: World, c: Command) -> None:
    world.report.accepted(c)

    def matches(order: Order) -> bool:
        return order.session == c.session and order.has(Instruction.CANCEL_ON_DISCONNECT)

    cancel_all(world, matches, Reason.DISCONNECTED)


def cancel_all(world: World, matches: Callable[[Order], bool], reason: Reason) -> None:
    """Cancel every open order that matches, in order of arrival; then what that brings."""
    orders = sorted(world.open_orders.values(), key=lambda order: order.arrival)
    chosen = [order for order in orders if matches(order)]
    for order in chosen:
        take_out(world, order, reason)
    touched = sorted({order.instrument for order in chosen})
    settle_all(world, [world.instruments[instrument] for instrument in touched])


def settle_all(world: World, instruments: Iterable[Instrument]) -> None:
    for instrument in instruments:
        follow_up(world, instrument)


def _sides(sides: int) -> list[Side]:
    return {Sides.BUYS: [Side.BUY], Sides.SELLS: [Side.SELL]}.get(Sides(sides), list(Side))
