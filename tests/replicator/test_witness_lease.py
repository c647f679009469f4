"""Leases without comparing clocks: every schedule of a small world, and each rule by itself."""

from itertools import combinations, product

import pytest

from replicator.witness import Lease, Record, Watch, named

LEASE = 4
AB = frozenset("ab")
LED = Record(epoch=3, leader="a", in_sync=AB, renewals=7, revision=11)
END = 14
"""When a schedule ends, in ticks of a clock that nobody in it can read."""


def renewals(delays: tuple[tuple[int, int | None], ...], sends: tuple[int, ...]):
    """When the record changes, and when the leader hears of it and that it was sent.

    A renewal goes on from the record that the leader knows: one is under way at a time.
    """
    changes: list[int] = []
    heard: list[tuple[int, int]] = []
    free = 0
    for sent, (there, back) in zip(sends, delays, strict=True):
        if sent < free:
            continue
        changes.append(sent + there)
        if back is None:
            return changes, heard  # the leader does not know what became of it
        free = sent + there + back
        heard.append((free, sent))
    return changes, heard


def leads_until(heard: list[tuple[int, int]], start: int, at: int) -> int:
    """What the leader's lease says then, from what it has heard by then."""
    lease = Lease(LEASE)
    lease.extend(start)
    for when, sent in heard:
        if when <= at:
            lease.extend(sent)
    return lease.until


def test_nobody_takes_over_while_the_leader_may_acknowledge():
    """Every schedule of renewals, delays, lost answers and looks of a candidate."""
    tried = taken = 0
    ways = [(0, 0), (0, 3), (2, 0), (3, 1), (1, None), (4, None)]
    for sends in combinations((1, 2, 3, 4), 2):
        for delays in product(ways, repeat=2):
            changes, heard = renewals(delays, sends)
            for looks in combinations(range(END), 3):
                tried += 1
                watch, now = Watch(LEASE), looks[0]
                for now in looks:
                    version = sum(change <= now for change in changes)
                    record = Record(3, "a", AB, version, False, version)
                    watch.saw(record, now)
                if not watch.may_take(record, "b", now):
                    continue
                for arrives in range(now, END):
                    if sum(change <= arrives for change in changes) == version:
                        taken += 1
                        assert leads_until(heard, 0, arrives) <= arrives
    assert tried > 50_000
    assert taken > 10_000


def test_a_candidate_that_did_not_wait_would_be_caught_by_that():
    """The world of the test above is large enough to hold what it forbids."""
    changes, heard = renewals(((0, 0),), (1,))
    assert changes == [1]
    assert leads_until(heard, 0, 4) > 4


@pytest.mark.parametrize("lease", [1, 2, 3, 4, 5, 400, 1_000_000_001])
def test_a_candidate_waits_for_the_lease_and_a_quarter(lease):
    watch = Watch(lease)
    assert watch.patience * 4 >= lease * 5 > (watch.patience - 1) * 4
    watch.saw(LED, 100)
    assert not watch.may_take(LED, "b", 100 + watch.patience - 1)
    assert watch.may_take(LED, "b", 100 + watch.patience)


@pytest.mark.parametrize(
    "change",
    [
        {"renewals": 8},
        {"in_sync": frozenset("abc")},
        {"leader": "c"},
        {"epoch": 4},
        {"revision": 12},
    ],
)
def test_any_change_is_a_sign_of_life(change):
    watch = Watch(LEASE)
    watch.saw(LED, 0)
    changed = Record(**({**vars(LED)} | change))
    assert not watch.may_take(changed, "b", 100)  # it was not seen before
    watch.saw(changed, 100)
    assert not watch.may_take(changed, "b", 100 + watch.patience - 1)
    assert watch.may_take(changed, "b", 100 + watch.patience)


def test_the_same_record_again_is_no_sign_of_life():
    watch = Watch(LEASE)
    watch.saw(LED, 0)
    for now in range(7):
        assert watch.may_take(LED, "b", now) is (now >= 5)
        watch.saw(LED, now)


@pytest.mark.parametrize("epoch", [0, 1, 5])
@pytest.mark.parametrize("leader", ["", "a", "b"])
@pytest.mark.parametrize("in_sync", [frozenset(), frozenset("a"), frozenset("b"), AB])
@pytest.mark.parametrize("released", [False, True])
@pytest.mark.parametrize("blank", [False, True])
@pytest.mark.parametrize("waited", [False, True])
def test_every_combination(epoch, leader, in_sync, released, blank, waited):
    record = Record(epoch, leader, in_sync, 0, released, 1)
    watch = Watch(LEASE)
    watch.saw(record, 0)
    now = watch.patience if waited else watch.patience - 1
    may = watch.may_take(record, "b", now, blank=blank)
    if epoch == 0:
        assert may
    else:
        has_the_log = "b" in in_sync and not (blank and leader)
        assert may == (has_the_log and (released or waited))
    assert may == (watch.hindrance(record, "b", now, blank=blank) == "")


def test_a_released_record_need_not_have_been_watched():
    assert Watch(LEASE).may_take(Record(2, "a", AB, 0, True, 1), "b", 0)


def test_a_record_that_is_released_to_one_is_watched_by_the_others():
    record = Record(2, "a", frozenset("abc"), 0, True, 1, heir="c")
    watch = Watch(LEASE)
    assert watch.may_take(record, "c", 0)
    watch.saw(record, 0)
    assert watch.hindrance(record, "b", watch.patience - 1) == "it is the turn of c"
    assert watch.may_take(record, "b", watch.patience)


def test_a_witness_that_forgot_epochs_grants_none():
    """It was restored from an old copy, or made anew."""
    watch = Watch(LEASE)
    watch.saw(LED, 0)
    for older in (Record(), Record(2, "b", AB, 0, True, 1)):
        watch.saw(older, 1)
        assert "has forgotten epoch 3: it says" in watch.hindrance(older, "b", 100)
    watch.saw(LED, 100)
    assert watch.may_take(LED, "b", 105)


def test_the_journal_knows_epochs_that_the_witness_forgot():
    """As after a restart: nothing was seen yet."""
    watch = Watch(LEASE)
    watch.knows(4)
    watch.saw(LED, 0)
    assert "has forgotten epoch 4: it says 3." in watch.hindrance(LED, "b", 100)
    watch.knows(3)
    assert watch.forgotten(LED)
    forced = Record(5, "", AB, 0, True, 1)
    assert watch.forgotten(forced) == ""
    assert watch.may_take(forced, "b", 100)


def test_why_not_is_said():
    watch = Watch(LEASE)
    watch.saw(LED, 0)
    assert watch.hindrance(LED, "c", 9) == "c lacks what was acknowledged; in sync: a, b"
    assert "has no journal" in watch.hindrance(LED, "b", 9, blank=True)
    assert watch.hindrance(LED, "b", 4) == "a may still lead"
    assert named(frozenset()) == "nobody"


def test_a_lease_ends_by_itself():
    lease = Lease(LEASE)
    assert not lease.holds(0)
    lease.extend(10)
    assert [lease.holds(now) for now in (10, 13, 14, 15)] == [True, True, False, False]


def test_an_older_answer_shortens_no_lease():
    lease = Lease(LEASE)
    lease.extend(10)
    lease.extend(8)
    assert lease.until == 14


def test_an_ended_lease_is_not_revived_by_a_late_answer():
    lease = Lease(LEASE)
    lease.extend(10)
    lease.end()
    lease.extend(11)
    assert not lease.holds(11)
