"""What members do when all is well, and at single faults."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from node.member import Role
from replicator.common import MS
from replicator.witness import Record
from tests.cluster.world import TIMING, World, in_sync
from tests.simulation.clients import setup


@pytest.fixture
def world(seed: int) -> Iterator[World]:
    made = World(seed)
    made.start()
    made.until(in_sync(made))
    # The witness knows it a little earlier than the primary, which waits for its answer.
    a = made.nodes["a"].alive
    made.until(lambda: a.record is not None and a.record.in_sync == {"a", "b"})
    yield made
    made.close()


def trade(world: World, count: int = 5) -> int:
    primary = world.lead
    commands = setup()[:count] if primary.core.input.cursor < 2 else setup()[count : count + 3]
    return primary.publish(commands.copy())


def test_a_cluster_begins_and_its_standby_gets_in_sync(world: World) -> None:
    assert world.lead.name == "a"
    last = trade(world)
    assert last > 0
    world.until(lambda: world.lead.core.business.applied >= last)
    b = world.nodes["b"].core
    world.until(lambda: b.business.applied >= last)
    a = world.nodes["a"].core
    assert b.business.state.state_hash == a.business.state.state_hash


def test_a_standby_takes_over_and_the_old_primary_follows_it(world: World) -> None:
    last = trade(world)
    world.until(lambda: world.lead.core.business.applied >= last)
    world.nodes["a"].kill()
    began = world.now
    world.until(lambda: world.nodes["b"].is_primary)
    assert world.now - began < 2_000 * MS
    b = world.nodes["b"]
    assert b.core.business.applied >= last
    world.until(lambda: b.alive.takes_orders)
    more = trade(world)
    world.until(lambda: b.core.business.applied >= more)
    world.nodes["a"].start()
    world.until(in_sync(world))
    assert world.nodes["a"].alive.role is Role.IN_SYNC
    assert b.core.business.applied >= more
    nodes = world.nodes.values()
    world.until(lambda: all(n.core.business.applied == b.core.input.cursor for n in nodes))
    states = [node.core.business.state.state_hash for node in world.nodes.values()]
    assert states[0] == states[1]


def test_a_planned_switch_loses_nothing_and_is_short(world: World) -> None:
    last = trade(world)
    world.until(lambda: world.lead.core.business.applied >= last)
    began = world.now
    world.nodes["a"].alive.switch()
    world.until(lambda: world.nodes["b"].is_primary and world.nodes["b"].alive.takes_orders)
    assert world.now - began < TIMING.lease, "nobody waited for the end of a lease"
    world.until(in_sync(world))
    assert world.nodes["a"].alive.role is Role.IN_SYNC


def test_that_a_standby_is_no_longer_counted_is_told_once(world: World) -> None:
    """The agent is told so by a message, and gets to it later."""
    lead = world.nodes["a"]

    def told() -> int:
        return sum("b is no longer counted" in line for line in lead.lines)

    world.nodes["b"].kill()
    while not told():
        world.now += MS
        lead.step()
    for _ in range(20):
        world.now += MS
        lead.alive.step()
    assert told() == 1
    world.nodes["b"].start()
    world.until(in_sync(world))
    world.nodes["b"].kill()
    world.until(lambda: world.witness.record.in_sync == {"a"})
    world.until(lambda: told() == 2)
    last = trade(world)
    world.until(lambda: lead.core.business.applied >= last)
    assert told() == 2


def test_a_witness_that_forgot_an_epoch_is_found_out_after_a_restart_too(world: World) -> None:
    """All nodes are down while an old copy of its record is brought back."""
    old = world.witness.record
    world.nodes["a"].alive.switch()
    world.until(lambda: world.nodes["b"].is_primary)
    world.until(in_sync(world))
    b = world.nodes["b"]
    world.until(lambda: b.core.synced.value == b.core.input.cursor)
    for node in world.nodes.values():
        node.kill()
    world.witness.version += 1
    world.witness.record = replace(old, revision=world.witness.version, released=True)
    b.start()
    world.until(lambda: "has forgotten epoch 2: it says 1" in b.alive.problem)
    until = world.now + 4 * TIMING.lease
    world.until(lambda: world.now > until)
    assert b.alive.role is Role.STANDBY
    assert [epoch for epoch, _ in world.witness.grants] == [1, 2], "none is granted twice"
    # An operator's word goes beyond what the journal knows: lmax cluster force.
    world.witness.version += 1
    world.witness.record = Record(3, "", frozenset("b"), 0, True, world.witness.version)
    world.until(lambda: b.is_primary)
    world.until(lambda: b.alive.problem == "")  # an older answer may be the last to come
    assert b.core.epoch == 4


def test_who_is_fenced_is_seen_to_be_before_it_reads_its_journal(world: World) -> None:
    last = trade(world)
    world.until(lambda: world.lead.core.business.applied >= last)
    a = world.nodes["a"].alive
    core = a.core
    a.switch()
    world.until(lambda: a.role is Role.FENCED)
    assert a.core is core, "nothing was read again yet"
    assert not a.acknowledges
    assert not a.takes_orders
    assert a.lease_until == 0
    permitted = core.permitted.value
    for _ in range(20):
        core.step()
    assert core.permitted.value == permitted, "without a lease nothing more is permitted"
    world.nodes["a"].now()
    a.step()
    assert a.core is not core
    assert a.role is Role.STANDBY
    world.until(in_sync(world))
