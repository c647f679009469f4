"""F15: another release on one node after the other, and numbers that do not go together."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from lmax.rules import RULES
from lmax.schema import EVENT, EventType
from node.compatibility import numbers, release
from node.control_client import NobodyAnswers
from node.control_loop import Refusal
from node.drill.verdict import read
from replicator.greeting import PROTOCOL
from tests.failover.scenes import Scene, scene

pytestmark = pytest.mark.timeout(400)

LATER = "9.9.9"

PROGRAM = """
import lmax.rules
import replicator.greeting
{changes}
import node.compatibility
node.compatibility.release = lambda: {release!r}
from lmax.__main__ import main
main()
"""
"""A node that says it is another release. It runs this one's code, whatever numbers it tells."""

OTHER_NUMBERS = {
    "rules": f"lmax.rules.RULES = {RULES + 1}",
    "link": f"replicator.greeting.PROTOCOL = {PROTOCOL + 1}",
}


def later(changes: str = "") -> Sequence[str]:
    """The program of a later release."""
    return "-c", PROGRAM.format(changes=changes, release=LATER), "node"


def stop(it: Scene, name: str) -> None:
    """As systemd does."""
    it.machine.processes[name].terminate()
    assert it.machine.ended(name, 60) == 0


def upgrade(it: Scene, name: str) -> None:
    """What docs/operations.md says about a standby."""
    stop(it, name)
    it.machine.start(name, later())
    it.until_in_sync()
    it.until_answered()


def hand_over(it: Scene, name: str) -> None:
    """Asked again where the standby was lost for a moment: a loaded machine."""

    def done() -> bool:
        if it.machine.status(name).get("role") == "PRIMARY":
            with suppress(Refusal, NobodyAnswers):
                it.machine.demote(name)
            return False
        return it.machine.in_sync()

    it.until(f"{name} does not hand over", done)
    it.until_answered()


def builds(it: Scene) -> dict[str, dict[str, object]]:
    return {name: it.machine.status(name)["build"] for name in it.machine.files}


def releases(it: Scene) -> dict[str, object]:
    return {name: build["release"] for name, build in builds(it).items()}


def no_order_was_rejected(it: Scene) -> bool:
    answers = b"".join(it.load.acknowledged.values())
    return EventType.REJECTED not in np.frombuffer(answers, EVENT)["type"]


def test_f15_a_pair_is_upgraded_one_node_at_a_time_under_load_and_one_goes_back(
    tmp_path: Path,
) -> None:
    """Nothing is lost and no order is refused, whichever release leads."""
    with scene(tmp_path) as it:
        it.until_answered()
        first, second = it.roles()
        upgrade(it, second)
        assert releases(it) == {first: release(), second: LATER}
        hand_over(it, first)
        assert it.machine.primary() == second
        upgrade(it, first)
        assert releases(it) == {first: LATER, second: LATER}
        hand_over(it, second)
        assert it.machine.primary() == first
        stop(it, second)
        it.machine.start(second)
        it.until_in_sync()
        it.until_answered()
        assert releases(it) == {first: LATER, second: release()}
        it.good()
        assert no_order_was_rejected(it)
        assert list(it.led.values())[::2] == [first] * len(list(it.led)[::2])


@pytest.mark.parametrize("number", OTHER_NUMBERS)
def test_f15_a_node_with_another_number_is_refused_and_told_what_to_do(
    tmp_path: Path, number: str
) -> None:
    """As in the middle of an upgrade that cannot be one; with the old release all is well again."""
    with scene(tmp_path) as it:
        it.until_answered()
        primary, standby = it.roles()
        stop(it, standby)
        it.machine.start(standby, later(OTHER_NUMBERS[number]))
        it.until_said(primary, "refuses a connection")
        it.until_said(standby, "refuses this node")
        it.until_status(primary, in_sync=[primary])
        it.until_answered()
        for name in (primary, standby):
            assert it.said(name, "both need releases with the same numbers")
            assert it.said(name, "docs/operations.md, Upgrading")
        if number == "rules":
            assert it.said(primary, f"{standby} has rules-{RULES + 1} and {primary} rules-{RULES}")
            assert f"rules-{RULES + 1}" in it.machine.status(standby)["problem"]
        assert {name: build[number] for name, build in builds(it).items()} == {
            primary: numbers()[number],
            standby: numbers()[number] + 1,
        }
        assert it.machine.status(standby)["role"] == "STANDBY"
        stop(it, standby)
        it.machine.start(standby)
        it.good()
        assert it.led == {1: primary}


@pytest.mark.parametrize("number", OTHER_NUMBERS)
def test_f15_both_get_another_number_in_one_stop_and_nothing_is_lost(
    tmp_path: Path, number: str
) -> None:
    """What the page says about numbers that differ; the session waits and sends again."""
    with scene(tmp_path) as it:
        it.until_answered()
        primary, standby = it.roles()
        stop(it, standby)
        it.until_status(primary, in_sync=[primary])
        it.until_answered()
        stop(it, primary)
        it.machine.start(primary, later(OTHER_NUMBERS[number]))
        it.until_status(primary, role="PRIMARY")
        it.machine.start(standby, later(OTHER_NUMBERS[number]))
        it.until_in_sync()
        it.until_answered()
        it.good()
        assert no_order_was_rejected(it)
        assert it.led == {1: primary, 2: primary}


def test_after_other_rules_the_copy_of_before_is_the_way_back(tmp_path: Path) -> None:
    """What was done since is lost, and that is all."""
    with scene(tmp_path) as it:
        it.until_answered()
        primary, standby = it.roles()
        stop(it, standby)
        data = {name: it.machine.config(name).node.data for name in it.machine.files}
        shutil.copytree(data[standby], tmp_path / "copy")
        copied = it.end(standby)[1]
        it.until_answered()
        it.load.stop()
        stop(it, primary)
        for name in (primary, standby):
            it.machine.start(name, later(OTHER_NUMBERS["rules"]))
        it.until_in_sync()
        leads = it.machine.primary()
        assert leads == primary
        for name in (standby, primary):
            stop(it, name)
        assert it.end(primary)[1] > copied
        for name in (primary, standby):
            shutil.rmtree(data[name])
        shutil.copytree(tmp_path / "copy", data[primary])
        for name in (primary, standby):
            it.machine.start(name)
        it.until_in_sync()
        assert it.machine.primary() == primary
        for name in (primary, standby):
            it.machine.kill(name)
        before, now = read(tmp_path / "copy" / "journal"), it.log(primary)
        assert now[:copied].tobytes() == before.tobytes()
        assert it.log(standby)[:copied].tobytes() == before.tobytes()
