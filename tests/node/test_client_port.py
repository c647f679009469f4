"""The client port follows its member from role to role and from core to core."""

import pytest

from node.client_port import ClientPort, NodeView
from node.clients.protocol import Role
from node.cluster_config import NodeConfig, load_config
from node.cluster_files import make_cluster
from node.config_values import ConfigError
from tests.node import stand_in
from tests.node.stand_in import StandIn


class Server:
    """One that writes down what is asked of it."""

    def __init__(self, view: NodeView, log: list[str]) -> None:
        self.view, self.log, self.number = view, log, len([x for x in log if "start" in x]) + 1

    def start(self) -> None:
        self.log.append(f"start {self.number}")

    def role_changed(self) -> None:
        view = self.view
        self.log.append(f"{self.number} {view.role().name} {view.primary_address()}")

    def stop(self) -> None:
        self.log.append(f"stop {self.number}")


@pytest.fixture
def config(tmp_path) -> NodeConfig:
    made = make_cluster(
        tmp_path,
        ["a", "b"],
        base_port=7500,
        witness="",
        make_identity=lambda path: f"ed25519:{path.parent.name * 43}=",
    )
    return load_config(made[0].config)


def test_a_server_is_told_of_a_role_and_replaced_with_its_core(config):
    log: list[str] = []
    member = StandIn(role="IN_SYNC")
    member.record.leader = "b"
    port = ClientPort(config, member, lambda view: Server(view, log))
    port.changed()
    assert log == ["start 1"]
    member.lead("a")
    port.changed()
    port.changed()
    assert log.pop() == "1 PRIMARY 127.0.0.1:7501"
    member.follow("b")
    port.changed()
    assert log.pop() == "1 STANDBY 127.0.0.1:7511"
    member.core = stand_in.core()
    port.changed()
    port.changed()
    assert log == ["start 1", "stop 1", "start 2"]
    port.close()
    assert log[-1] == "stop 2"


def test_orders_are_taken_only_where_they_can_be_acknowledged(config):
    member = StandIn()
    view = NodeView(config, member)
    assert (view.leads, view.role(), view.epoch()) == (True, Role.PRIMARY, 3)
    member.switching = True
    assert (view.role(), view.primary_address()) == (Role.STANDBY, "")
    member.switching, member.lease_until = False, 1
    assert not view.leads


def test_a_view_of_an_old_core_never_leads(config):
    member = StandIn()
    view = NodeView(config, member)
    member.core = stand_in.core()
    assert view.role() is Role.STANDBY


def test_a_fenced_node_says_so_and_knows_whom_it_knows(config):
    member = StandIn()
    member.role = stand_in.ROLE["FENCED"]
    member.record.leader = "somebody-unknown"
    view = NodeView(config, member)
    assert (view.role(), view.primary_address()) == (Role.FENCED, "")
    member.record = None
    assert (view.epoch(), view.primary_address()) == (0, "")


def test_an_address_in_use_is_told(config):
    class Refusing(Server):
        def start(self) -> None:
            raise OSError(98, "Address already in use")

    with pytest.raises(ConfigError, match=r"a clients: cannot listen on 127.0.0.1:7501"):
        ClientPort(config, StandIn(), lambda view: Refusing(view, []))
