"""The real parts of a node, as far as one node alone shows them."""

from pathlib import Path

import pytest

from lmax.event import Event
from node import wiring
from node.clients.session import Session
from node.cluster_config import NodeConfig, load_config
from node.cluster_files import make_cluster
from node.core import Core
from node.process import Parts
from tests.node.stand_in import StandIn
from tests.node.test_process import Node, free_ports
from tests.simulation.clients import setup


@pytest.fixture
def config(tmp_path: Path) -> NodeConfig:
    made = make_cluster(
        tmp_path,
        ["a", "b"],
        base_port=free_ports(),
        witness="",
        make_identity=wiring.new_identity,
    )
    return load_config(made[0].config)


def answered(session: Session, config: NodeConfig) -> list[Event]:
    commands = setup()[:3].copy()
    return [event for ticket in session.submit(commands) for event in session.result(ticket)]


def test_clients_are_answered_by_who_leads_also_after_its_core_was_replaced(config, tmp_path):
    member = StandIn()
    with Core(tmp_path / "first", segment_bytes=1 << 20) as first:
        member.core = first
        node = Node(
            config, member, Parts(lambda config, told, replaying: member, wiring.serve_clients)
        )
        node.start().until("is PRIMARY")
        with Session([str(config.me.clients)]) as session:
            assert answered(session, config)
        applied = first.business.applied
        assert applied >= 3
        with Core(tmp_path / "second", segment_bytes=1 << 20) as second:
            member.core = second
            with Session([str(config.me.clients)]) as session:
                assert answered(session, config)
            assert second.business.applied >= 3
            assert first.business.applied == applied
            member.heir = False
            node.end()
    assert node.error is None
