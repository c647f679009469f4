"""A Hypothesis state machine that trades with everything the rules know; what it drives decides
what is compared."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from lmax.schema import CommandType, Permission
from tests.engine import day_strategies, order_strategies
from tests.engine.market import FEW_ACCOUNTS, INSTRUMENTS, opening
from tests.twin import Command, Twin, build
from tests.twin.records import normalised


class Machine(RuleBasedStateMachine):
    """Numbers commands and gives them to ``carry_out``; ``twin`` has to be kept up to date."""

    twin: Twin
    carry_out: Callable[[Command], None]

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0
        self.ids = 0

    def do(self, command: Command) -> None:
        """Carry the command out at the time the clock shows."""
        numbered = replace(command, sequence=self.twin.sequence + 1, timestamp=self.clock)
        self.clock += 10
        self.carry_out(normalised([numbered])[0])

    @initialize(much=st.booleans())
    def open_the_market(self, much: bool) -> None:
        cash, lots = (10**17, 10_000_000) if much else (40_000, 40)
        for command in opening(cash, lots, FEW_ACCOUNTS):
            self.do(command)
        for definition in INSTRUMENTS[:2]:
            self.do(
                Command(
                    type=CommandType.SET_PROTECTION,
                    instrument=definition.instrument,
                    permissions=Permission.ALL_OR_NONE,
                )
            )

    def next_id(self) -> int:
        self.ids += 1
        return self.ids

    @rule(data=st.data(), count=st.integers(1, 12))
    def orders(self, data: Any, count: int) -> None:
        for _ in range(count):
            self.do(data.draw(order_strategies.orders_of_every_type(self.next_id(), self.clock)))

    @rule(data=st.data(), count=st.integers(1, 12))
    def more_orders(self, data: Any, count: int) -> None:
        self.orders(data, count)

    @precondition(lambda self: self.twin.world.open_orders)
    @rule(data=st.data(), pick=st.integers(0, 1_000))
    def change_of_an_order(self, data: Any, pick: int) -> None:
        orders = list(self.twin.world.open_orders.values())
        order = orders[pick % len(orders)]
        self.do(data.draw(order_strategies.changes_of(order, self.next_id())))

    @rule(command=order_strategies.account_settings)
    def account_is_set(self, command: Command) -> None:
        self.do(command)

    @rule(command=order_strategies.protections)
    def protection_is_set(self, command: Command) -> None:
        self.do(command)

    @rule(command=order_strategies.mass_cancels)
    def many_are_cancelled(self, command: Command) -> None:
        self.do(command)

    @rule(data=st.data())
    def the_day_goes_on(self, data: Any) -> None:
        self.do(data.draw(day_strategies.day_commands(self.clock)))

    @rule(later=st.sampled_from(day_strategies.LATER))
    def timer(self, later: int) -> None:
        self.clock += later
        self.do(Command(type=CommandType.TIMER))

    @rule(rare=st.integers(0, 9))
    def end_of_day(self, rare: int) -> None:
        if rare == 0:
            self.do(build.end_of_day())
