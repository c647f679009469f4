"""Failures in a row, and in the middle of others, against whole clusters of real processes.

Each is judged by node/drill/verdict.py at its end: nothing that a client was told is lost or
another one, nothing was applied twice, all journals are one log, and no asset has a cent too much.
LMAX_FAILOVER_ROUNDS says how often what can be repeated is repeated.
"""

import os
import random
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from lmax.schema import EventType, Reason
from node.clients.session import Session
from node.clients.tickets import NotKnown
from tests.failover.scenes import OWN_IDS, Scene, orders, scene

ROUNDS = max(1, int(os.environ.get("LMAX_FAILOVER_ROUNDS", "8")) // 4)

pytestmark = pytest.mark.timeout(300 + 30 * ROUNDS)


def kill_all(it: Scene) -> dict[str, tuple[int, int]]:
    """(epoch, sequence) where each journal ends then."""
    for name in list(it.machine.processes):
        it.machine.kill(name)
    return {name: it.end(name) for name in it.machine.files}


def test_f03_both_are_killed_under_load_and_who_led_leads_again(tmp_path: Path) -> None:
    """All that was acknowledged is there again; the session sends the rest again. The other one
    may lack what it had only received, so it does not take over."""
    with scene(tmp_path) as it:
        for _ in range(ROUNDS):
            it.until_answered()
            before = it.answers
            led, _ = it.roles()
            ends = kill_all(it)
            for name in ends:
                it.machine.start(name)
            it.until_in_sync()
            leads = it.machine.primary()
            assert leads == led
            assert it.machine.status(leads)["epoch"] > ends[leads][0]
            assert ends[leads][1] >= before
            it.until_answered()
        it.good()


def test_f03_the_log_of_the_highest_epoch_wins_whoever_is_there_first(tmp_path: Path) -> None:
    """One is lost, the other leads on alone and is lost, too: the first one has to wait for it."""
    with scene(tmp_path) as it:
        first, second = it.roles()
        it.machine.kill(first)
        it.until_status(second, takes_orders=True)
        it.until_answered()
        it.machine.kill(second)
        ends = {name: it.end(name) for name in (first, second)}
        assert ends[second] > ends[first]
        answered = it.answers
        it.machine.start(first)
        it.until_status(first, role="STANDBY")
        time.sleep(1.5)  # more than a lease and a quarter
        assert it.machine.status(first)["role"] == "STANDBY"
        assert it.answers == answered
        it.machine.start(second)
        it.until_in_sync()
        assert it.machine.primary() == second
        it.good()


def test_f03_what_was_not_acknowledged_is_applied_once_or_never_and_can_be_asked_about(
    tmp_path: Path,
) -> None:
    """By another session: the one that sent it is gone, too."""
    with scene(tmp_path, commit="durable") as it:
        it.until_answered()
        sent = orders(0, 400)
        with Session(it.machine.clients) as gone:
            for part in np.split(sent, 20):
                gone.submit(part)
                time.sleep(0.002)
            kill_all(it)
        for name in it.machine.files:
            it.machine.start(name)
        it.until_in_sync()
        with Session(it.machine.clients) as session:
            known = [asked(session, number) for number in range(len(sent))]
            again = [session.result(ticket, 60) for ticket in session.submit(sent)]
        for before, events in zip(known, again, strict=True):
            double = events[0]["reason"] == Reason.DUPLICATE_CLIENT_ORDER_ID
            assert double if before else events[0]["type"] == EventType.ACCEPTED
        log = it.good()
        ids = log["client_order_id"].tolist()
        for number, before in enumerate(known):
            assert ids.count(OWN_IDS + number) == 1 + before, "and once more, which was refused"


def asked(session: Session, number: int) -> bool:
    """Whether that order is known to have been accepted."""
    try:
        events = session.ask(1, OWN_IDS + number)
    except NotKnown:
        return False
    return bool(events[0]["type"] == EventType.ACCEPTED)


def joins(it: Scene, name: str) -> None:
    """Start it, and wait until it begins to catch up."""
    (primary,) = (other for other in it.machine.files if other != name)

    def times() -> int:
        return it.machine.log(primary).read_text(errors="replace").count(f"{name} joins at")

    before = times()
    it.machine.start(name)
    it.until("it does not join", lambda: times() > before)


def test_f02_f16_a_standby_is_killed_while_it_catches_up_and_does_not_take_over_before_it_has(
    tmp_path: Path,
) -> None:
    """With an empty folder and a long log, under load; then the primary is killed meanwhile."""
    randomly = random.Random(2)
    with scene(tmp_path) as it, Session(it.machine.clients) as session:
        primary, standby = it.roles()
        it.machine.kill(standby)
        for first in range(0, 15_000, 3000):
            tickets = session.submit(orders(first, 3000), timeout=60)
        session.result(tickets[-1], 60)
        shutil.rmtree(it.machine.journal(standby).parent)
        for _ in range(ROUNDS):
            joins(it, standby)
            time.sleep(randomly.uniform(0, 0.05))
            it.machine.kill(standby)
        while True:
            shutil.rmtree(it.machine.journal(standby).parent)
            joins(it, standby)
            it.freeze(standby)
            time.sleep(0.2)
            if it.machine.status(primary)["in_sync"] == [primary]:
                break
            it.machine.kill(standby)  # it was there already: once more
        it.machine.kill(primary)
        answered = it.answers
        it.wake(standby)
        time.sleep(1.5)  # more than a lease and a quarter
        assert it.machine.status(standby)["role"] in ("STANDBY", "CATCHING_UP")
        assert it.answers == answered
        it.machine.start(primary)
        it.until_in_sync()
        it.until_answered()
        it.good()
        assert it.led == {1: primary, 2: primary}


@contextmanager
def slowed(it: Scene, name: str) -> Iterator[None]:
    """That process runs 20 ms and stands still 30 ms, in turns."""
    ending = threading.Event()

    def turns() -> None:
        while not ending.wait(0.02):
            it.freeze(name)
            time.sleep(0.03)
            it.wake(name)

    thread = threading.Thread(target=turns, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(60)


def test_f21_a_slow_standby_costs_the_primary_no_memory_and_loses_nothing(tmp_path: Path) -> None:
    """It stays a standby, since acknowledgements wait for it. When it has to take over, all that
    it was sent and had not read yet is there."""
    with scene(tmp_path, rate=2000, lease_ms=2000) as it:
        primary, standby = it.roles()
        it.until_answered(1000)
        with slowed(it, standby):
            it.until_answered(1000)
            before = resident(it, primary)
            it.until_answered(2000 * ROUNDS)
            assert resident(it, primary) - before < 16 << 20
            assert it.reigns() == {1: primary}
        it.until_in_sync()
        it.freeze(standby)
        time.sleep(0.05)
        it.machine.kill(primary)
        it.wake(standby)
        it.until_status(standby, takes_orders=True)
        it.until_answered()
        it.machine.start(primary)
        it.good()
        assert it.led == {1: primary, 2: standby}


def resident(it: Scene, name: str) -> int:
    """Bytes of memory that a node has."""
    statm = Path(f"/proc/{it.machine.processes[name].pid}/statm").read_text()
    return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")
