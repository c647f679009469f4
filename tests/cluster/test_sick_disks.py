"""F12 and F14 in a cluster: a disk that stalls, or is full, costs the lead; and only then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from lmax.schema import COMMAND, CommandType
from node.disk_watch import COOL_DOWN, Patience
from node.member import Role
from replicator.common import MS
from tests.cluster.world import TIMING, World, in_sync
from tests.journal.simulated import Chances, SimulatedFolder
from tests.simulation.clients import ACCOUNTS, setup

LIMIT = 300 * MS
FOREVER = 2**62


@contextmanager
def a_world(seed: int, background: bool = True, **settings) -> Iterator[World]:
    """Two nodes in sync, a leads; background: their disks write beside their threads."""
    made = World(seed, **({"disk_stall": LIMIT} | settings))
    for node in made.nodes.values():
        node.have_disk(background)
    made.start()
    made.until(in_sync(made))
    a, b = made.nodes["a"].alive, made.nodes["b"].alive
    made.until(lambda: a.record is not None and a.record.in_sync == {"a", "b"})
    made.until(lambda: b.role is Role.IN_SYNC)
    publish(made, setup())
    made.until(lambda: settled(made))
    try:
        yield made
    finally:
        made.close()


def settled(world: World) -> bool:
    return all(node.core.settled for node in world.nodes.values()) and in_sync(world)()


def publish(world: World, commands: np.ndarray) -> int:
    last = world.lead.publish(commands.copy())
    assert last > 0
    return last


def deposit() -> np.ndarray:
    made = np.zeros(1, COMMAND)
    made["type"], made["account"], made["quantity"] = CommandType.DEPOSIT, ACCOUNTS[0], 1
    return made


def stall(world: World, *names: str) -> None:
    """From now on their disks do not answer; the primary's owes a write."""
    for name in names:
        world.nodes[name].stalled_until = FOREVER
    publish(world, deposit())


def leads(world: World, name: str) -> Callable[[], bool]:
    node = world.nodes[name]
    return lambda: node.is_primary and node.alive.takes_orders


def wait(world: World, ns: int) -> None:
    until = world.now + ns
    world.until(lambda: world.now >= until)


def grants(world: World) -> list[str]:
    return [name for _, name in world.witness.grants]


def said(world: World, words: str) -> bool:
    return any(words in line for line in world.lines)


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("background", [True, False])
def test_f14_a_primary_whose_disk_stalls_gives_its_lead_away(
    seed: int, background: bool, durable: bool
) -> None:
    """At once where its thread goes on; else the standby takes it when the lease is over."""
    with a_world(seed, background, durable=durable) as world:
        a = world.nodes["a"]
        acknowledged = a.core.business.applied
        stall(world, "a")
        began = world.now
        world.until(leads(world, "b"))
        took = world.now - began
        assert took > LIMIT // 2
        if background:
            assert took < LIMIT + TIMING.lease, "nobody waited for the end of a lease"
            assert said(world, "a: hands over to b: its disk has not answered for more than 300 ms")
        else:
            assert took > TIMING.lease
        assert world.nodes["b"].core.business.applied >= acknowledged
        world.until(lambda: not a.is_primary)
        assert a.alive.handovers == {"asked": 0, "disk-stall": 1, "disk-full": 0}
        assert a.alive.last_handover == "disk-stall"
        a.stalled_until = 0
        world.until(lambda: settled(world))
        assert grants(world) == ["a", "b"]
        hashes = {node.core.business.state.state_hash for node in world.nodes.values()}
        assert len(hashes) == 1


@pytest.mark.parametrize("background", [True, False])
def test_f14_a_stall_that_is_short_changes_nothing(seed: int, background: bool) -> None:
    """Nor is the standby taken for lost, which could not be heard meanwhile."""
    with a_world(seed, background) as world:
        stall(world, "a")
        wait(world, LIMIT * 2 // 3)
        world.nodes["a"].stalled_until = 0
        wait(world, 3 * TIMING.lease)
        assert grants(world) == ["a"]
        assert world.lead.alive.handovers["disk-stall"] == 0
        assert not said(world, "a: b is silent")
        assert world.lead.core.settled


def test_f14_a_stall_that_ends_before_the_lease_does_costs_nothing(seed: int) -> None:
    with a_world(seed, background=False) as world:
        a = world.nodes["a"]
        stall(world, "a")
        world.until(lambda: "does not renew its lease" in a.alive.disk_problem)
        assert world.witness.record.in_sync == {"a", "b"}
        a.stalled_until = 0
        world.until(lambda: a.alive.disk_problem == "" and a.core.settled)
        wait(world, 3 * TIMING.lease)
        assert grants(world) == ["a"]
        assert a.alive.takes_orders
        assert a.alive.handovers["disk-stall"] == 0


@pytest.mark.parametrize("background", [True, False])
def test_f14_where_both_disks_stall_the_lead_stays(seed: int, background: bool) -> None:
    with a_world(seed, background) as world:
        a, b = world.nodes["a"], world.nodes["b"]
        if background:
            b.stalled_until = FOREVER
            publish(world, deposit())
            world.until(lambda: "not answered" in b.alive.disk_problem)
            stall(world, "a")
            world.until(lambda: "it keeps the lead: no standby" in a.alive.disk_problem)
        else:
            # b has begun to write what it got, so it cannot take over.
            publish(world, deposit())
            b.stalled_until = FOREVER
            world.until(lambda: b.held_up)
            stall(world, "a")
        wait(world, 5 * TIMING.lease)
        assert grants(world) == ["a"]
        for node in (a, b):
            node.stalled_until = 0
        world.until(lambda: settled(world))
        if background:
            world.until(leads(world, "a"))
            assert grants(world) == ["a"]
        else:  # its lease was over: whose disk came back first may lead
            assert grants(world) in (["a"], ["a", "b"])


def test_f14_a_lead_does_not_bounce(seed: int) -> None:
    """Who gave it away lately does not get it back when the next disk is ill; later it does."""
    with a_world(seed) as world:
        a, b = world.nodes["a"], world.nodes["b"]
        stall(world, "a")
        world.until(leads(world, "b"))
        a.stalled_until = 0
        world.until(lambda: settled(world))
        stall(world, "b")
        world.until(lambda: "it keeps the lead: no standby" in b.alive.disk_problem)
        wait(world, 5 * TIMING.lease)
        b.stalled_until = 0
        assert grants(world) == ["a", "b"]
        wait(world, COOL_DOWN * LIMIT)
        world.until(lambda: settled(world))
        assert grants(world) == ["a", "b"]
        stall(world, "b")
        world.until(leads(world, "a"))
        assert grants(world) == ["a", "b", "a"]


def test_f14_nobody_hands_over_where_that_is_switched_off(seed: int) -> None:
    with a_world(seed, disk_stall=0) as world:
        stall(world, "a")
        wait(world, 10 * LIMIT)
        assert grants(world) == ["a"]
        assert world.lead.alive.disk_problem == ""


def test_f14_a_switch_that_was_asked_for_goes_on_without_the_disk(seed: int) -> None:
    with a_world(seed) as world:
        stall(world, "a")
        world.nodes["a"].alive.switch()
        world.until(leads(world, "b"))
        assert world.nodes["a"].alive.last_handover == "disk-stall"


def fill(world: World) -> None:
    """The disk of who leads, until it takes no orders."""
    lead = world.lead
    lead.folder.chances = Chances(no_room=1.0)
    for _ in range(1000):
        if lead.core.entrance.refuses_orders:
            return
        lead.publish(deposit())
        world.step()
    raise AssertionError("it takes and takes")


def test_f12_a_primary_whose_disk_is_full_hands_over_to_one_that_has_room(seed: int) -> None:
    with a_world(seed) as world:
        a = world.nodes["a"]
        fill(world)
        last = a.core.input.cursor
        world.until(leads(world, "b"))
        assert world.nodes["b"].core.business.applied >= last
        assert a.alive.handovers == {"asked": 0, "disk-stall": 0, "disk-full": 1}
        a.folder.chances = Chances()
        world.until(lambda: settled(world))
        assert grants(world) == ["a", "b"]


def test_f12_a_primary_with_a_full_disk_stays_where_the_other_one_is_full_too(seed: int) -> None:
    with a_world(seed) as world:
        a, b = world.nodes["a"], world.nodes["b"]
        b.folder.chances = Chances(no_room=1.0)
        fill(world)
        world.until(lambda: "it keeps the lead: no standby" in a.alive.disk_problem)
        wait(world, 5 * TIMING.lease)
        assert grants(world) == ["a"]
        b.folder.chances = Chances()
        world.until(leads(world, "b"))
        assert grants(world) == ["a", "b"]


def test_f12_a_standby_with_a_full_disk_leads_where_nobody_else_can(seed: int) -> None:
    """It takes no orders, but the cancels that it has kept room for."""
    with a_world(seed) as world:
        a, b = world.nodes["a"], world.nodes["b"]
        b.folder.chances = Chances(no_room=1.0)
        for _ in range(1000):
            if b.core.entrance.refuses_orders:
                break
            publish(world, deposit())
            world.step()
        assert b.core.entrance.refuses_orders
        a.folder.chances = Chances()
        world.until(lambda: settled(world))
        a.kill()
        world.until(leads(world, "b"))
        assert b.core.entrance.refuses_orders
        world.until(lambda: b.core.settled)


def test_f14_a_node_that_lost_the_lead_waits_for_no_disk(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that does not return would hold up everything else in its process."""

    waited: list[str] = []

    def patient(folder: SimulatedFolder, wait: bool) -> int | None:
        if wait and folder.stalls:
            waited.append("for a disk that does not answer")
        return finish(folder, wait)

    finish = SimulatedFolder.finish
    with a_world(seed) as world:
        a = world.nodes["a"]
        monkeypatch.setattr(SimulatedFolder, "finish", patient)
        stall(world, "a")
        world.until(leads(world, "b"))
        wait(world, 5 * TIMING.lease)
        assert a.alive.role is Role.FENCED
        assert not waited
        a.stalled_until = 0
        world.until(lambda: settled(world))


def test_what_was_waited_for_while_nobody_looked_counts_only_in_part() -> None:
    patience = Patience(1000)
    assert patience.look(7, 10**6) == 0
    assert patience.look(7, 10**6 + 100) == 100
    assert patience.look(7, 2 * 10**6) == 350, "the process was stopped, not the disk"
    assert patience.look(8, 2 * 10**6 + 100) == 0
    assert patience.look(8, 2 * 10**6 + 200) == 100
    assert patience.look(0, 2 * 10**6 + 300) == 0
    assert patience.look(8, 2 * 10**6 + 400) == 0
