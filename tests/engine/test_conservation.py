"""Nothing is made, lost, owed or held without reason: checked on the state, as events tell it."""

from collections import Counter
from random import SystemRandom

import pytest

from tests.engine.conservation import came_in, held_by_orders, positions, scales
from tests.engine.systems import SYSTEMS, System
from tests.engine.traffic import Traffic
from tests.twin import Event, Twin, state
from tests.twin.accounts import CASH

type Balances = dict[tuple[int, int], tuple[int, int]]
"""(owned, reserved) by (account, asset)."""


def balances(system: System, twin: Twin) -> Balances:
    """Of every account and asset; the twin knows which there are."""
    found: Balances = {}
    for account in state.account_ids(twin):
        cash = system.account(account)
        assert cash is not None
        found[account, CASH] = cash
        for instrument in state.instrument_ids(twin):
            found[account, instrument] = system.position(account, instrument)
    return found


@pytest.mark.parametrize("name", SYSTEMS)
def test_cash_and_shares_are_conserved_and_reservations_belong_to_open_orders(name: str) -> None:
    seed = SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    twin, system = Twin(), SYSTEMS[name]()
    traffic = Traffic(seed, twin)
    told: list[Event] = []
    for _ in range(12):
        commands = []
        for _ in range(500):
            commands.append(traffic.next())
            twin.apply(commands[-1])
        told += system.apply(commands)
        found = balances(system, twin)
        owned = {key: total for key, (total, _) in found.items() if total}
        reserved = {key: held for key, (_, held) in found.items() if held}
        assert owned == {key: total for key, total in positions(told).items() if total}
        assert reserved == +held_by_orders(system, scales(told))
        assert all(0 <= held <= total for total, held in found.values())
        totals: Counter[int] = Counter()
        for (_, asset), total in owned.items():
            totals[asset] += total
        assert totals == +came_in(told)
    assert twin.world.trades.last_id > 100
