"""`lmax cluster force`: the operator's last resort, and when it is refused."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from lmax.schema import COMMAND, CommandType
from node.cli import node_verbs
from node.cluster_config import NodeConfig, load_config
from node.core import Core
from node.forcing import open_record
from replicator.witness import Record
from tests.cli.driving import inside
from tests.cli.test_cluster import identity
from tests.node.serving import served
from tests.node.test_process import free_ports


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, NodeConfig]:
    """Three nodes, of which a led with b in sync, and c was not; c has a journal of epoch 1."""
    monkeypatch.setattr(node_verbs, "new_identity", identity)
    done = inside(
        "cluster", "init", tmp_path / "n", "--nodes", "a,b,c", "--base-port", free_ports(), "--json"
    )
    assert done.code == 0, done.errors
    configs = {}
    for node in done.json["nodes"]:
        file = Path(node["config"])
        text = file.read_text().replace("lease_ms = 1000", "lease_ms = 400")
        file.write_text(text.replace("silence_ms = 500", "silence_ms = 300"))
        configs[node["name"]] = load_config(file)
    config = configs["c"]
    with Core(config.node.data / "journal", layout="invoker", cluster=config.cluster.id) as core:
        command = np.zeros(1, COMMAND)
        command["type"] = CommandType.CHECKPOINT
        core.wait_applied(core.submit(command))
    witness = open_record(config)
    witness.set_in_sync(witness.take(witness.read(), "a"), frozenset("ab"))
    return configs


def read(three: dict[str, NodeConfig]) -> Record:
    return open_record(three["c"]).read()


def test_without_yes_it_tells_what_it_would_cost(three):
    before = read(three)
    done = inside("cluster", "force", three["c"].file, "--json")
    assert done.code == done.json["exit_code"] == 2
    for told in ("epoch 1, a leads, in sync: a, b", "what a, b acknowledged and c lacks is lost"):
        assert told in done.json["error"]
    assert "--yes does it" in done.json["error"]
    assert read(three) == before


def test_with_yes_only_that_node_may_lead(three):
    done = inside("cluster", "force", three["c"].file, "--yes", "--json")
    assert done.code == 0, done.errors
    assert done.json == {
        "node": "c",
        "epoch": 2,
        "before": {"epoch": 1, "leader": "a", "in_sync": ["a", "b"]},
    }
    now = read(three)
    assert (now.epoch, now.leader, now.released) == (2, "", True)
    assert now.in_sync == {"c"}
    again = inside("cluster", "force", three["c"].file, "--yes")
    assert again.code == 11
    assert "c may lead as it is" in again.errors
    assert read(three) == now


@pytest.mark.parametrize(("name", "told"), [("a", "a leads and answers"), ("b", "b is in sync")])
def test_it_is_refused_while_somebody_answers_who_leads_or_could(three, name, told):
    before = read(three)
    with served(name=name, port=three[name].node.control.port, token="another"):
        done = inside("cluster", "force", three["c"].file, "--yes")
    assert done.code == 11
    assert told in done.errors
    assert read(three) == before


def test_it_is_refused_while_the_leader_renews_its_lease(three):
    """It cannot be reached from the operator's machine, but it lives."""
    witness, ended = open_record(three["a"]), threading.Event()

    def lead() -> None:
        mine = witness.read()
        while not ended.is_set():
            mine = witness.renew(mine)
            time.sleep(0.005)

    leader = threading.Thread(target=lead)
    leader.start()
    try:
        done = inside("cluster", "force", three["c"].file, "--yes")
    finally:
        ended.set()
        leader.join()
    assert done.code == 11
    assert "somebody leads" in done.errors
    assert (read(three).epoch, read(three).leader) == (1, "a")


def test_a_node_without_a_journal_is_not_forced(three):
    done = inside("cluster", "force", three["b"].file, "--yes")
    assert done.code == 11
    assert "holds nothing, so b would lead with nothing" in done.errors
    assert read(three).epoch == 1


def test_a_witness_that_does_not_answer_is_told(three):
    place = Path(three["c"].cluster.witness.removeprefix("file:"))
    place.unlink()
    done = inside("cluster", "force", three["c"].file, "--yes")
    assert done.code == 11
    assert "is gone, though the cluster has begun" in done.errors
