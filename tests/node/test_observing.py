"""What is shown of real members, in a simulated cluster of two."""

from collections.abc import Iterator
from typing import Any

import pytest

from node.member import Member
from node.observing import Observed, observe
from tests.cluster.world import World, in_sync
from tests.simulation.clients import setup


@pytest.fixture
def world(seed: int) -> Iterator[World]:
    made = World(seed)
    made.start()
    made.until(in_sync(made))
    # The witness knows it a little earlier than the primary, which waits for its answer.
    made.until(lambda: seen(made, "a").in_sync == ("a", "b"))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until members show it themselves."""
    if not hasattr(Member, "lease_until"):
        until = property(lambda member: member._lease_until)
        monkeypatch.setattr(Member, "lease_until", until, raising=False)


def seen(world: World, name: str) -> Observed:
    return observe(name, "lmax", member_of(world, name), lambda: world.now)


def member_of(world: World, name: str) -> Any:
    return world.nodes[name].member


def test_a_primary_and_its_standby(world: World) -> None:
    last = world.nodes["a"].publish(setup()[:5].copy())
    world.until(lambda: world.nodes["a"].core.business.applied >= last)
    world.until(lambda: world.nodes["b"].core.business.applied >= last)
    a, b = seen(world, "a"), seen(world, "b")
    assert (a.role, b.role) == ("PRIMARY", "IN_SYNC")
    assert a.epoch == b.epoch == 1
    assert a.leader == b.leader == "a"
    assert a.in_sync == ("a", "b")
    assert a.takes_orders
    assert not b.takes_orders
    assert 0 < a.lease_seconds <= 0.4
    assert b.lease_seconds == 0
    assert a.published >= a.applied >= last
    assert a.permitted is not None
    assert a.applied <= a.permitted <= a.published
    assert b.permitted is None
    (standby,), (leader,) = a.peers, b.peers
    assert (standby.name, standby.state, standby.connected) == ("b", "COUNTED", True)
    assert standby.received >= last
    assert standby.lag == a.published - standby.received
    assert (leader.name, leader.state, leader.connected) == ("a", "FOLLOWING", True)
    assert a.batches > 0
    assert b.batches > 0


def test_the_switch_is_seen_from_both_sides(world: World) -> None:
    member_of(world, "a").switch()
    assert seen(world, "a").switching
    assert not seen(world, "a").takes_orders
    world.until(lambda: world.nodes["b"].is_primary)
    world.until(in_sync(world))
    a, b = seen(world, "a"), seen(world, "b")
    assert (a.role, b.role) == ("IN_SYNC", "PRIMARY")
    assert a.epoch == b.epoch == 2
    assert not a.acknowledges


def test_a_standby_that_dies_is_seen_by_its_primary(world: World) -> None:
    world.nodes["b"].kill()
    world.until(lambda: seen(world, "a").in_sync == ("a",))
    found = seen(world, "a")
    assert found.peers[0].problem
    assert not found.peers[0].connected
