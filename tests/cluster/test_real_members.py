"""Members with real journals, real Aeron, real handshakes and a real witness, in one process."""

import contextlib
import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from journal.files import Journal
from journal.folder import RealFolder
from journal.reader import Reader
from journal.skips import write_skip
from journal.tails import tail_names
from lmax.records import joined
from lmax.rules import RULES
from node.cluster_config import load_config
from node.cluster_files import make_cluster
from node.config_values import ConfigError
from node.core import Core
from node.drill.machine import free_ports
from node.forcing import force, open_record, wish
from node.member import Member, Role
from node.real_member import open_real_member, sparing
from node.refusals import LogicFailed
from node.wiring import new_identity
from tests.failing.test_failing_command import checkpoint
from tests.node.playing import market

SECONDS = 90


class Pair:
    """Two nodes or more on one machine, stepped by the test."""

    def __init__(self, folder: Path, names: str = "ab", wait_for: str = "any") -> None:
        made = make_cluster(
            folder,
            list(names),
            base_port=free_ports(10 * len(names)),
            witness="",
            make_identity=new_identity,
        )
        self.files = {node.name: node.config for node in made}
        for file in self.files.values():
            text = file.read_text()
            text = text.replace("lease_ms = 1000", "lease_ms = 2000")
            text = text.replace('wait_for = "any"', f'wait_for = "{wait_for}"')
            file.write_text(text.replace("snapshot_every = 5000000", "snapshot_every = 0"))
        self.members: dict[str, Member] = {}
        self.lines: list[str] = []

    def start(self, name: str) -> Member:
        config = load_config(self.files[name])
        self.members[name] = open_real_member(
            config, lambda line: self.lines.append(f"{name}: {line}")
        )
        return self.members[name]

    def end(self, name: str) -> None:
        self.members.pop(name).close()

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not holds():
            for member in list(self.members.values()):
                member.step()
            assert time.monotonic() < deadline, "\n".join(self.lines)
            time.sleep(0.001)

    def switch(self, lead: str, heir: str) -> None:
        """Ask until it is done: on a machine with much to do a standby may be lost for a moment."""

        def done() -> bool:
            if self.members[heir].role is Role.PRIMARY:
                return True
            if self.members[lead].role is Role.PRIMARY and not self.members[lead].switching:
                with contextlib.suppress(ValueError):
                    self.members[lead].switch(heir)
            return False

        self.until(done)

    def in_sync(self) -> bool:
        roles = sorted(member.role.name for member in self.members.values())
        return roles == [*["IN_SYNC"] * (len(roles) - 1), "PRIMARY"]

    def publish(self, name: str, commands: np.ndarray) -> None:
        member = self.members[name]
        self.until(lambda: member.takes_orders)
        for part in np.array_split(np.arange(len(commands)), max(1, len(commands) // 500)):
            last = member.core.submit(commands[part], timeout=30)
        self.until(lambda: member.core.business.applied >= last)

    def same(self) -> bool:
        """Whether both have applied the same commands, and hold the same state."""
        cores = [member.core for member in self.members.values()]
        applied = {core.business.applied for core in cores}
        if len(applied) > 1 or any(core.input.cursor not in applied for core in cores):
            return False
        return len({core.business.state.state_hash for core in cores}) == 1

    def journal(self, name: str) -> Path:
        return self.files[name].parent / "data" / "journal"

    def log(self, name: str) -> np.ndarray:
        with Reader(self.journal(name)) as reader:
            return joined([part.copy() for part in reader.batches()])

    def close(self) -> None:
        for name in list(self.members):
            with contextlib.suppress(Exception):
                self.end(name)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path / "pair")
    yield made
    made.close()


@pytest.mark.timeout(300)
def test_a_pair_trades_fails_over_and_is_whole_again(pair: Pair) -> None:
    """F19: what the old primary had alone is set aside when it returns."""
    pair.start("a")
    pair.start("b")
    pair.until(pair.in_sync)
    pair.publish("a", market(1, 2000))
    pair.until(pair.same)
    # The primary writes what it can send to nobody, and is gone.
    a = pair.members["a"]
    a._channels["b"].close()
    a.core.entrance.offer(market(2, 20)[-20:])
    cursor = a.core.input.cursor
    pair.until(lambda: a.core.synced.value >= cursor)
    pair.end("a")
    pair.until(lambda: pair.members["b"].role is Role.PRIMARY)
    pair.publish("b", market(3, 300)[-200:])
    pair.start("a")
    pair.until(pair.in_sync)
    pair.until(pair.same)
    pair.switch("b", "a")
    pair.until(pair.in_sync)
    pair.end("b")
    pair.end("a")
    there, here = pair.log("a"), pair.log("b")
    common = min(len(there), len(here))
    assert common > 2200
    assert there[:common].tobytes() == here[:common].tobytes(), "I3: one is a prefix of the other"
    assert any("are set aside in" in line for line in pair.lines), pair.lines
    assert tail_names(RealFolder(pair.journal("a")))


@pytest.mark.timeout(300)
def test_a_standby_with_nothing_takes_files_where_batches_are_too_long_for_a_message(
    pair: Pair,
) -> None:
    """A journal that was written alone has batches of up to a MiB: they go as files."""
    config = load_config(pair.files["a"])
    journal = pair.journal("a")
    commands = market(4, 30_000)
    with Core(journal, cluster=config.cluster.id) as core:
        core.wait_applied(core.submit(commands, timeout=30), timeout=60)
    a = pair.start("a")
    pair.until(lambda: a.role is Role.PRIMARY)
    assert a.core.epoch >= 2, "epoch 1 is that of the node that was alone"
    pair.start("b")
    pair.until(pair.in_sync)
    pair.until(pair.same)
    assert any("takes" in line and "files" in line for line in pair.lines), pair.lines
    pair.publish("a", market(5, 300)[-100:])
    pair.until(pair.same)


@pytest.mark.timeout(300)
def test_who_was_never_in_sync_does_not_take_over(pair: Pair) -> None:
    pair.start("a")
    pair.until(lambda: pair.members["a"].role is Role.PRIMARY)
    pair.end("a")
    b = pair.start("b")
    began = time.monotonic()
    while time.monotonic() < began + 4:
        b.step()
        time.sleep(0.001)
    assert b.role is Role.STANDBY


def test_the_same_refusal_is_told_once_a_minute() -> None:
    now, told = [0.0], list[str]()
    tell = sparing(told.append, lambda: now[0])
    for line in ("a", "a", "b", "a"):
        tell(line)
    now[0] = 61.0
    tell("a")
    assert told == ["a", "b", "a"]
    for number in range(1000):
        tell(str(number))
    tell("a")
    assert len(told) <= 1004


@pytest.mark.timeout(300)
def test_f15_nodes_with_different_rules_refuse_each_other(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.start("a")
    pair.until(lambda: pair.members["a"].role is Role.PRIMARY)
    monkeypatch.setattr("node.compatibility.RULES", RULES + 1)
    b = pair.start("b")
    told = f"b has rules-{RULES + 1} and a rules-{RULES}: both need"
    pair.until(lambda: any(told in line for line in pair.lines))
    told = f"a has rules-{RULES} and b rules-{RULES + 1}: both need"
    pair.until(lambda: b.following is not None and told in b.following.problem)
    assert b.role is Role.STANDBY
    assert pair.members["a"].record is not None
    assert pair.members["a"].record.in_sync == {"a"}


@pytest.mark.timeout(300)
def test_what_a_node_was_before_a_change_of_its_role_is_given_back(pair: Pair) -> None:
    """A core is large, and its parts know each other: the collector alone comes too late."""
    gc.collect()
    before = {id(found) for found in cores()}
    pair.start("a")
    pair.start("b")
    gc.disable()
    try:
        for turn in range(8):
            pair.until(pair.in_sync)
            pair.switch("ab"[turn % 2], "ba"[turn % 2])
        pair.until(pair.in_sync)
        left = [found for found in cores() if id(found) not in before]
    finally:
        gc.enable()
    assert 2 <= len(left) <= 2 + 2, "one each, and perhaps the one that each had before"


def cores() -> list[Core]:
    return [found for found in gc.get_objects() if isinstance(found, Core)]


@pytest.mark.timeout(300)
def test_of_two_standbys_in_sync_the_one_that_is_named_takes_over(tmp_path: Path) -> None:
    three = Pair(tmp_path / "three", "abc", "all")
    try:
        for name in "abc":
            three.start(name)
        give_the_lead(three, "a", "c")
        give_the_lead(three, "c", "b")
        three.until(three.in_sync)
        three.until(three.same)
    finally:
        three.close()


def give_the_lead(three: Pair, before: str, heir: str) -> None:
    lead, standby = three.members[before], three.members[heir]
    three.until(three.in_sync)
    # Both are recorded, and the primary knows it.
    three.until(lambda: lead.record is not None and len(lead.record.in_sync) == 3)
    three.publish(before, market(1, 300)[-100:])
    epoch = lead.core.epoch
    lead.switch(heir)
    three.until(lambda: standby.role is Role.PRIMARY)
    assert standby.core.epoch == epoch + 1, "nobody else led in between"


def test_a_witness_that_is_waited_for_too_long_is_a_mistake_of_the_configuration(
    pair: Pair,
) -> None:
    file = pair.files["a"]
    text = file.read_text()
    witness = next(line for line in text.splitlines() if line.startswith("witness = "))
    file.write_text(text.replace(witness, 'witness = "etcd://127.0.0.1:1/venue?timeout=1"'))
    with pytest.raises(ConfigError, match=r"\[cluster\] witness: .* a third of the lease, 2 s"):
        pair.start("a")


@pytest.mark.timeout(300)
def test_a_node_that_was_not_in_sync_leads_after_an_operators_word(pair: Pair) -> None:
    pair.start("a")
    pair.start("b")
    pair.until(pair.in_sync)
    pair.publish("a", market(1, 300))
    pair.until(pair.same)
    pair.end("b")
    a = pair.members["a"]
    pair.until(lambda: a.record is not None and a.record.in_sync == {"a"})
    pair.publish("a", market(2, 100)[-50:])
    last = a.core.business.applied
    pair.end("a")
    config = load_config(pair.files["b"])
    with contextlib.closing(open_record(config)) as witness:
        forced = force(wish(config, witness), witness, lambda name: False, 2.0)
    assert forced.in_sync == {"b"}
    b = pair.start("b")
    pair.until(lambda: b.role is Role.PRIMARY)
    assert b.core.business.applied < last
    pair.publish("b", market(3, 100)[-50:])
    pair.start("a")
    pair.until(pair.in_sync)
    pair.until(pair.same)
    assert tail_names(RealFolder(pair.journal("a"))), "what only a had is kept"


@pytest.mark.timeout(300)
def test_f29_a_command_that_is_left_out_on_one_node_is_left_out_on_all(pair: Pair) -> None:
    """What leaves it out stands in a segment's header: batches alone do not carry it."""
    for file in pair.files.values():
        file.write_text(file.read_text().replace("checkpoints = 1.0", "checkpoints = 0"))
    pair.start("a")
    pair.start("b")
    pair.until(pair.in_sync)
    pair.publish("a", market(1, 300))
    pair.until(pair.same)
    a = pair.members["a"]
    poison = a.core.submit(checkpoint(a.core.submit(checkpoint()), 7))
    with pytest.raises(LogicFailed):
        pair.until(lambda: False)
    b = pair.members["b"]
    deadline = time.monotonic() + SECONDS
    while b.core.synced.value < poison and time.monotonic() < deadline:
        time.sleep(0.001)
    pair.close()
    with Journal(pair.journal("a"), mode="buffered") as journal:
        record = write_skip(journal, poison, "ticket 17")
    pair.start("a")
    pair.until(lambda: pair.members["a"].role is Role.PRIMARY)
    with pytest.raises(LogicFailed):
        pair.start("b")  # its journal does not say so
    pair.journal("b").rename(pair.journal("b").with_name("kept"))
    pair.start("b")
    pair.until(pair.in_sync)
    pair.publish("a", market(2, 100)[-50:])
    pair.until(pair.same)
    assert any(line.startswith("a: b joins at 0: FILES") for line in pair.lines), pair.lines
    pair.members["a"].switch()
    pair.until(lambda: pair.members["b"].role is Role.PRIMARY)
    pair.until(pair.in_sync)
    pair.until(pair.same)
    for name in "ab":
        pair.end(name)
        with Reader(pair.journal(name)) as reader:
            assert reader.skipped == {record: poison}
