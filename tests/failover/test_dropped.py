"""A round of a drill whose standby was dropped in the moment before the fault.

The machine stood still for as long as a peer may be silent, say: the primary has it recorded that
it goes on alone, and is killed. Nobody may take over then, and a drill waits for nobody.
"""

import signal
from pathlib import Path

import pytest

from node.drill.exercise import Exercise
from node.drill.faults import Kill
from node.drill.load import Load
from node.drill.machine import NAMES, Machine
from node.drill.verdict import judge


def killed_alone(machine: Machine, victim: str) -> None:
    other = next(name for name in NAMES if name != victim)
    machine.signal(other, signal.SIGSTOP)
    machine.until(
        "it does not go on alone", lambda: machine.status(victim).get("in_sync") == [victim], 60
    )
    machine.kill(victim)
    machine.signal(other, signal.SIGCONT)


@pytest.mark.timeout(300)
def test_a_round_in_which_nobody_can_take_over_begins_again(tmp_path: Path) -> None:
    lines: list[str] = []
    machine = Machine(tmp_path / "cluster", lease_ms=800)
    try:
        for name in NAMES:
            machine.start(name)
        machine.until("nobody is in sync", machine.in_sync, 60)
        load = Load(machine.clients, 500)
        load.begin()
        load.start()
        fault = Kill()
        hurts = iter([killed_alone, fault.hurt])
        fault.hurt = lambda machine, victim: next(hurts)(machine, victim)  # type: ignore[method-assign]
        exercise = Exercise(machine, load, fault, "primary", lines.append, lambda *_: None)
        found = exercise.round("round 1 of 1: ")
        load.stop()
    finally:
        machine.end()
    assert exercise.repeated == 1, lines
    assert found.detection_ms > 0, lines
    assert judge([machine.journal(name) for name in NAMES], load.acknowledged).good
