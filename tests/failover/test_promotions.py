"""F17, F18: who may take over, when two ask at once, and when the witness is away."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.control_client import ask
from node.control_loop import Refusal
from tests.failover.scenes import Scene, scene
from tests.replicator.etcd import Member as Etcd

pytestmark = pytest.mark.timeout(300)


def promoted_at_once(it: Scene, names: list[str]) -> dict[str, str]:
    """What `lmax promote` came to at each of these nodes: "" for who leads then."""
    together = threading.Barrier(len(names))

    def promote(name: str) -> str:
        together.wait()
        try:
            found = ask(it.machine.config(name).me.control, "/promote", post=True, timeout=60)
        except Refusal as refusal:
            return str(refusal)
        assert found["role"] == "PRIMARY"
        return ""

    with ThreadPoolExecutor(len(names)) as pool:
        return dict(zip(names, pool.map(promote, names), strict=True))


@contextmanager
def watched(it: Scene):
    """Asks the nodes in turn all the time who takes orders: never one again whose time is over."""
    takers: list[tuple[int, str]] = []
    ending = threading.Event()

    def look() -> None:
        while not ending.wait(0.002):
            for name in it.machine.files:
                found = it.machine.status(name)
                if found.get("takes_orders"):
                    takers.append((found["epoch"], name))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield takers
    finally:
        ending.set()
        thread.join(60)
    assert takers
    assert [epoch for epoch, _ in takers] == sorted(epoch for epoch, _ in takers)
    assert len(dict(takers)) == len(set(takers)), "two took orders in one epoch"


def test_f18_two_are_promoted_at_once_and_one_of_them_leads(tmp_path: Path) -> None:
    """While the primary lives, and hands over to one of them; then after it was killed."""
    with scene(tmp_path, names=("a", "b", "c"), settings={"wait_for": '"all"'}) as it:
        with watched(it):
            for killed in (False, True):
                it.until_answered()
                primary = it.machine.primary()
                others = [name for name in it.machine.files if name != primary]
                if killed:
                    it.machine.kill(primary)
                told = promoted_at_once(it, others)
                leads = [name for name, refusal in told.items() if not refusal]
                assert len(leads) == 1, told
                (refusal,) = filter(None, told.values())
                assert "lead" in refusal or "in sync" in refusal, told
                it.until_answered()
                if killed:
                    it.machine.start(primary)
                it.until_in_sync()
                assert it.machine.primary() == leads[0]
        it.good()
        assert list(it.led) == [1, 2, 3]


def test_f17_nobody_is_promoted_without_the_witness(tmp_path: Path) -> None:
    """A real etcd stands still: the primary goes on until its lease is over, nobody takes over
    meanwhile, nor when the primary dies; then etcd goes on, and somebody leads."""
    etcd = Etcd(tmp_path)
    with etcd.up(), scene(tmp_path, lease_ms=2000, witness=f"etcd://{etcd.host}/pair") as it:
        primary, standby = it.roles()
        etcd.stop()
        it.until_answered()
        it.until_status(primary, acknowledges=False)
        answered = it.answers
        time.sleep(1.0)
        assert it.machine.roles()[standby] != "PRIMARY"
        assert it.answers == answered
        etcd.go_on()
        it.until_answered()
        it.until_in_sync()
        primary, standby = it.roles()
        etcd.stop()
        it.machine.kill(primary)
        before = it.reigns()
        time.sleep(4.0)  # more than a lease and a quarter
        assert it.reigns() == before
        etcd.go_on()
        it.until_status(standby, takes_orders=True)
        it.until_answered()
        it.machine.start(primary)
        it.good()
        assert len(it.led) == len(before) + 1
