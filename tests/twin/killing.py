"""KILL_SWITCH: trading of an account, a firm, an instrument or the venue stops, or may go on."""

from lmax.schema import Reason
from tests.twin.commands import Command
from tests.twin.mass import cancel_all
from tests.twin.order import Order
from tests.twin.world import World


def kill_switch(world: World, c: Command) -> None:
    world.report.accepted(c)
    world.killed.turn(c)

    def matches(order: Order) -> bool:
        return (
            c.account in (0, order.account)
            and c.firm in (0, world.accounts.settings[order.account].firm)
            and c.instrument in (0, order.instrument)
        )

    if c.enabled:
        cancel_all(world, matches, Reason.KILLED)
