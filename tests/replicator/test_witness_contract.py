"""What every witness promises: the same tests for the one in memory, in a file and in etcd."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from replicator.witness import Lost, Record, Unavailable, Witness
from replicator.witness_address import open_witness
from replicator.witness_memory import MemoryWitness
from tests.replicator.etcd import Member

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("etcd")]

AB = frozenset("ab")
Opens = Callable[[], Witness]


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    member = Member(tmp_path_factory.mktemp("etcd"))
    with member.up():
        yield member


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a witness that other processes reach, too, for this test alone."""
    if request.param == "file":
        return f"file:{tmp_path}/witness"
    return f"etcd://{request.getfixturevalue('etcd').host}/{tmp_path.name}?timeout=20"


@pytest.fixture(params=["memory", "file", "etcd"])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Opens:
    """Opens one and the same witness, as each node does for itself."""
    if request.param == "memory":
        memory = MemoryWitness()
        return lambda: memory
    if request.param == "file":
        return lambda: open_witness(f"file:{tmp_path}/witness")
    etcd = request.getfixturevalue("etcd")
    return lambda: open_witness(f"etcd://{etcd.host}/{tmp_path.name}?timeout=20")


def said(record: Record) -> tuple[int, str, frozenset[str], bool]:
    return record.epoch, record.leader, record.in_sync, record.released


def test_nobody_has_led_at_first(opens: Opens) -> None:
    assert said(opens().read()) == (0, "", frozenset(), False)


def test_a_life(opens: Opens) -> None:
    witness = opens()
    taken = witness.take(witness.read(), "a")
    assert said(taken) == (1, "a", frozenset("a"), False)
    renewed = witness.renew(taken)
    assert renewed.renewals > taken.renewals
    both = witness.set_in_sync(renewed, AB)
    assert said(both) == (1, "a", AB, False)
    assert both.renewals > renewed.renewals
    released = witness.release(both)
    assert said(released) == (1, "a", AB, True)
    assert opens().read() == released
    other = opens().take(released, "b")
    assert said(other) == (2, "b", frozenset("b"), False)
    assert witness.read() == other


def test_the_lead_is_given_to_one_of_those_in_sync(opens: Opens) -> None:
    witness = opens()
    mine = witness.set_in_sync(witness.take(witness.read(), "a"), AB)
    with pytest.raises(ValueError, match="c is not in sync"):
        witness.release(mine, "c")
    assert (mine.heir, witness.read()) == ("", mine)
    released = witness.release(mine, "b")
    assert (released.released, released.heir) == (True, "b")
    assert opens().read() == released
    assert witness.take(released, "b").heir == ""


def test_every_change_makes_another_revision(opens: Opens) -> None:
    witness = opens()
    record = witness.take(witness.read(), "a")
    seen = {record.revision}
    for _ in range(5):
        record = witness.renew(record)
        assert record.revision not in seen
        seen.add(record.revision)
    assert witness.read().revision == record.revision


def test_a_former_leader_changes_nothing(opens: Opens) -> None:
    """It has a record of its own epoch, read before somebody else took the next one."""
    old, new = opens(), opens()
    mine = old.set_in_sync(old.take(old.read(), "a"), AB)
    now = new.take(new.read(), "b")
    for change in (
        lambda: old.renew(mine),
        lambda: old.set_in_sync(mine, frozenset("a")),
        lambda: old.release(mine),
        lambda: old.take(mine, "a"),
        lambda: old.force(mine, AB),
    ):
        with pytest.raises(Lost) as lost:
            change()
        assert lost.value.record == now
    assert new.read() == now


def test_a_record_is_good_for_one_change(opens: Opens) -> None:
    witness = opens()
    first = witness.take(witness.read(), "a")
    second = witness.renew(first)
    with pytest.raises(Lost) as lost:
        witness.renew(first)
    assert lost.value.record == second
    assert witness.renew(lost.value.record).renewals == second.renewals + 1


def test_alone_is_recorded_or_somebody_else_leads_but_not_both(opens: Opens) -> None:
    """A primary that lost its standby, and the standby, which was only cut off."""
    witness = opens()
    both = witness.set_in_sync(witness.take(witness.read(), "a"), AB)
    alone = witness.set_in_sync(both, frozenset("a"))
    with pytest.raises(Lost):
        witness.take(both, "b")
    with pytest.raises(ValueError, match="b is not in sync"):
        witness.take(alone, "b")
    assert witness.read() == alone


def test_the_leader_is_always_in_sync(opens: Opens) -> None:
    witness = opens()
    mine = witness.take(witness.read(), "a")
    with pytest.raises(ValueError, match="the leader is always in sync"):
        witness.set_in_sync(mine, frozenset("b"))
    assert witness.read() == mine


def test_an_operator_names_who_may_take_over(opens: Opens) -> None:
    witness = opens()
    mine = witness.take(witness.read(), "a")
    forced = witness.force(mine, frozenset("bc"))
    assert said(forced) == (2, "", frozenset("bc"), True)
    with pytest.raises(Lost):
        witness.renew(mine)
    assert said(witness.take(forced, "c")) == (3, "c", frozenset("c"), False)
    beyond = witness.force(witness.read(), frozenset("b"), 7)
    assert said(beyond) == (8, "", frozenset("b"), True)
    assert said(witness.force(beyond, frozenset("b"), 7)) == (9, "", frozenset("b"), True)


def test_f18_of_many_threads_one_gets_the_epoch(opens: Opens) -> None:
    """F18: again and again, each with a witness of its own."""
    names = [f"n{i}" for i in range(6)]
    witnesses = [opens() for _ in names]
    seen = witnesses[0].read()
    for round_ in range(8):
        granted: list[Record] = []
        lost: list[Record] = []
        gate = threading.Barrier(len(names))

        def ask(witness: Witness, name: str, seen: Record = seen, gate=gate) -> None:
            gate.wait()
            try:
                granted.append(witness.take(seen, name))  # noqa: B023
            except Lost as problem:
                lost.append(problem.record)  # noqa: B023

        threads = [
            threading.Thread(target=ask, args=pair) for pair in zip(witnesses, names, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [record.epoch for record in granted] == [round_ + 1]
        assert lost == granted * (len(names) - 1)
        seen = witnesses[0].set_in_sync(granted[0], frozenset(names))


@pytest.mark.parametrize("address", ["file", "etcd"], indirect=True)
def test_f18_of_many_processes_one_gets_each_epoch(address: str) -> None:
    """F18: three processes, each epoch granted once and none left out."""
    last = 30
    command = [sys.executable, "-m", "tests.replicator.racing", address]
    racers = [
        subprocess.Popen([*command, name, "a,b,c", str(last)], stdout=subprocess.PIPE)
        for name in "abc"
    ]
    told = [racer.communicate(timeout=240)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    granted = sorted(int(line) for text in told for line in text.split())
    assert granted == list(range(1, last + 1))


def test_a_witness_in_memory_can_be_out_of_reach() -> None:
    witness = MemoryWitness()
    mine = witness.take(witness.read(), "a")
    witness.reachable = False
    for ask in (witness.read, lambda: witness.renew(mine)):
        with pytest.raises(Unavailable):
            ask()
    witness.reachable = True
    assert witness.renew(mine).renewals == 1
    assert witness.grants == [(1, "a")]
