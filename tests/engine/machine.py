"""A Hypothesis state machine that trades with everything the rules know; what it drives decides
what is compared."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from lmax.schema import CommandType, LotPolicy, Permission, Phase, Side, Status
from tests.engine import day_strategies, listing_strategies, order_strategies, strategies
from tests.engine.market import FEW_ACCOUNTS, INSTRUMENTS, opening
from tests.twin import Command, Twin, build
from tests.twin.records import normalised

TRADED = INSTRUMENTS[:2]
"""Those that the strategies of orders know. Ids are small, so a check of the engine is quick."""

traded = st.sampled_from([definition.instrument for definition in TRADED])

LOTS = [LotPolicy.ANY, LotPolicy.ANY, *LotPolicy]


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

    @initialize(much=st.booleans(), policies=st.lists(st.sampled_from(LOTS), min_size=2))
    def open_the_market(self, much: bool, policies: list[LotPolicy]) -> None:
        cash, lots = (10**17, 10_000_000) if much else (40_000, 40)
        instruments = [
            replace(definition, lot_policy=policy, round_lot=2 * definition.lot_size)
            for definition, policy in zip(TRADED, policies, strict=False)
        ]
        for command in opening(cash, lots, FEW_ACCOUNTS, instruments):
            self.do(command)
        for definition in TRADED:
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

    @rule(
        definition=st.sampled_from(TRADED),
        protection=day_strategies.protections(),
        account=order_strategies.accounts,
        side=st.sampled_from(Side),
        later=st.sampled_from(day_strategies.LATER),
    )
    def a_band_is_reached(
        self, definition: Command, protection: Command, account: int, side: Side, later: int
    ) -> None:
        """Bands in the middle of the prices, an order at one of them, and what time makes of it."""
        number, tick = definition.instrument, definition.tick_size
        middle = definition.min_price + order_strategies.MIDDLE * tick
        self.do(replace(protection, instrument=number))
        self.do(Command(type=CommandType.SET_REFERENCE, instrument=number, price=middle))
        bands = self.twin.world.instruments[number].guard.bands
        price = (bands.upper if side == Side.BUY else bands.lower) or middle
        quantity = 2 * definition.lot_size
        self.do(build.order(account, self.next_id(), side, quantity, price, instrument=number))
        self.timer(later)

    @rule(instrument=traded)
    def trading_begins_again(self, instrument: int) -> None:
        """Else most machines would come to a halt and stay there."""
        for scope in day_strategies.SCOPES:
            self.do(Command(type=CommandType.KILL_SWITCH, enabled=0, **scope))
        active = Command(type=CommandType.SET_STATUS, instrument=instrument, status=Status.ACTIVE)
        self.do(active)
        self.do(replace(active, type=CommandType.SET_PHASE, phase=Phase.CONTINUOUS))

    @rule(later=st.sampled_from(day_strategies.LATER))
    def timer(self, later: int) -> None:
        self.clock += later
        self.do(Command(type=CommandType.TIMER))

    @rule(rare=st.integers(0, 9))
    def end_of_day(self, rare: int) -> None:
        if rare == 0:
            self.do(build.end_of_day())

    @rule(data=st.data(), instrument=traded, rare=st.integers(0, 9))
    def the_listing_changes(self, data: Any, instrument: int, rare: int) -> None:
        """Another status (for ever: seldom), or a row of a tick table."""
        made = data.draw(listing_strategies.statuses() | listing_strategies.tick_rows())
        if made.status != Status.DELISTED or rare == 0:
            self.do(replace(made, instrument=instrument))

    @rule(data=st.data(), instrument=traded, phase=st.sampled_from([*Phase]))
    def the_company_acts(self, data: Any, instrument: int, phase: Phase) -> None:
        """A split, dividend or new name, mostly in a phase that takes it; then trading goes on."""
        made = data.draw(listing_strategies.corporate_actions())
        step = Command(type=CommandType.SET_PHASE, instrument=instrument, phase=phase)
        self.do(step)
        self.do(replace(made, instrument=instrument))
        self.do(replace(step, phase=Phase.CONTINUOUS))

    @precondition(lambda self: self.twin.world.trades.last_id)
    @rule(data=st.data(), back=st.integers(0, 5))
    def a_trade_is_put_right(self, data: Any, back: int) -> None:
        made = data.draw(listing_strategies.repairs())
        number = max(self.twin.world.trades.last_id - back, 1)
        trade = self.twin.world.trades.trades.get(number)
        instrument = trade.instrument if trade else made.instrument
        self.do(replace(made, trade_id=number, instrument=instrument))

    @rule(command=strategies.transfers())
    def money_and_shares_come_and_go(self, command: Command) -> None:
        self.do(command)
