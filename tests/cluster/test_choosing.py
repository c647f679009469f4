"""A planned switch to a standby that is named, where several are in sync."""

from collections.abc import Iterator
from typing import Any

import pytest

from node.member import Role
from replicator.standbys import Rule
from tests.cluster.world import TIMING, World, in_sync
from tests.simulation.clients import setup

ALL = Rule(frozenset("abc"), "alone")
"""Whoever leads has the two others in sync."""


@pytest.fixture
def world(seed: int) -> Iterator[World]:
    made = World(seed, ("a", "b", "c"), rule=ALL)
    made.start()
    made.until(lambda: made.witness.record.in_sync == {"a", "b", "c"} and in_sync(made)())
    made.until(lambda: recorded(made, "a") == {"a", "b", "c"})
    # Who has not heard yet that it counts does not take over.
    made.until(lambda: all(made.nodes[name].alive.role is Role.IN_SYNC for name in "bc"))
    yield made
    made.close()


def recorded(world: World, name: str) -> Any:
    record = world.nodes[name].alive.record
    return record.in_sync if record else frozenset()


def leaders(world: World) -> list[str]:
    return [name for _, name in world.witness.grants]


@pytest.mark.parametrize("heir", ["b", "c"])
def test_who_is_named_takes_over_and_nobody_else(world: World, heir: str) -> None:
    last = world.lead.publish(setup()[:5].copy())
    world.until(lambda: world.lead.core.business.applied >= last)
    began = world.now
    world.nodes["a"].alive.switch(heir)
    world.until(lambda: world.nodes[heir].is_primary and world.nodes[heir].alive.takes_orders)
    assert world.now - began < TIMING.lease, "nobody waited for the end of a lease"
    world.until(lambda: world.witness.record.in_sync == {"a", "b", "c"})
    assert leaders(world) == ["a", heir]
    assert world.nodes[heir].core.business.applied >= last


@pytest.mark.parametrize("heir", ["b", "c"])
def test_who_is_named_takes_over_even_if_it_hears_of_it_last(world: World, heir: str) -> None:
    """The record itself says whose turn it is, so who looks first takes nothing."""
    lead = world.nodes["a"]
    assert lead.alive.leading is not None
    said = lead.alive.leading.agent.said
    world.until(lambda: all(said(index)[0] >= lead.core.input.cursor for index in range(2)))
    world.network.wire("a", heir).clogged_until = 2**62
    lead.alive.switch(heir)
    world.until(lambda: world.witness.record.released)
    slow = world.nodes[heir]
    slow.paused_until = world.now + TIMING.lease // 2
    world.until(lambda: world.now > slow.paused_until)
    world.network.heal()
    world.until(lambda: slow.is_primary)
    assert leaders(world) == ["a", heir]


def test_who_is_not_in_sync_is_refused_by_name(world: World) -> None:
    world.nodes["c"].kill()
    world.until(lambda: recorded(world, "a") == {"a", "b"})
    lead = world.nodes["a"].alive
    with pytest.raises(ValueError, match="c is not in sync, so it cannot take over; in sync: b"):
        lead.switch("c")
    with pytest.raises(ValueError, match="there is no node d beside this one, only b, c"):
        lead.switch("d")
    assert not lead.switching
    assert lead.takes_orders


def test_two_switches_at_a_time_are_one_too_many(world: World) -> None:
    lead = world.nodes["a"].alive
    lead.switch("b")
    with pytest.raises(ValueError, match="the lead is on its way to b already"):
        lead.switch("c")
    lead.switch("b")
    world.until(lambda: world.nodes["b"].is_primary)


def test_a_switch_to_who_dies_before_it_has_everything_is_given_up(world: World) -> None:
    lead = world.nodes["a"].alive
    for wire in (("a", "c"), ("c", "a")):
        world.network.wire(*wire).clogged_until = 2**62
    assert world.nodes["a"].publish(setup()[:5].copy()) > 0
    lead.switch("c")
    world.nodes["c"].kill()
    world.until(lambda: not lead.switching)
    assert any("given up: c is not in sync any more" in line for line in world.lines)
    world.until(lambda: lead.takes_orders)
    assert leaders(world) == ["a"]


def test_if_who_is_named_dies_in_the_switch_another_one_takes_over_after_the_usual_time(
    world: World,
) -> None:
    last = world.lead.publish(setup()[:5].copy())
    world.until(lambda: world.lead.core.business.applied >= last)
    world.nodes["a"].alive.switch("c")
    world.until(lambda: world.witness.record.released)
    assert world.witness.record.heir == "c"
    world.nodes["c"].kill()
    began = world.now
    world.until(lambda: world.primary is not None and world.lead.core.epoch > 1)
    assert TIMING.lease <= world.now - began < 5 * TIMING.lease
    assert leaders(world) in (["a", "b"], ["a", "a"])
    assert world.lead.core.business.applied >= last
    assert world.witness.record.heir == ""
