"""The control port of a node, over HTTP, with a member that does what the test says."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

import node.control as control
from node.config_values import Address, ConfigError
from node.control import ControlServer
from node.control_client import NobodyAnswers, ask
from node.control_loop import ControlLoop, Refusal
from node.control_metrics import NAMES
from node.observing import ROLES
from node.refusals import SwitchUnderWay
from tests.node.serving import served
from tests.node.stand_in import State


def address(server: ControlServer) -> Address:
    return Address(str(server.server_address[0]), int(server.server_address[1]))


def get(server, path, *, method="GET", headers=None, body=None):
    connection = http.client.HTTPConnection(*address(server), timeout=60)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def metrics(server) -> dict[str, dict[tuple[str, ...], float]]:
    _, headers, body = get(server, "/metrics")
    assert headers["Content-Type"].startswith("text/plain")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_the_status_of_a_primary():
    with served() as (server, _loop, _):
        found = ask(address(server), "/status")
    assert (found["name"], found["cluster"], found["role"]) == ("a", "lmax", "PRIMARY")
    assert (found["epoch"], found["leader"], found["in_sync"]) == (3, "a", ["a", "b"])
    assert found["acknowledges"]
    assert found["takes_orders"]
    assert 0 < found["lease_seconds"] <= 60
    assert found["sequences"] == {
        "published": 100, "synced": 95, "permitted": None, "applied": 90,
    }  # fmt: skip
    assert found["peers"] == [
        {
            "name": "b", "state": "COUNTED", "received": 93, "synced": 90, "applied": 88,
            "lag": 7, "connected": True, "problem": "",
        }
    ]  # fmt: skip
    counted = {"batches": 7, "resent": 1, "waits": 2, "refused": 0, "limited": 6}
    assert found["replication"] == counted
    assert found["journal"] == {"problem": "", "mode": "direct"}


def test_the_status_of_a_standby():
    with served(role="IN_SYNC") as (server, _, _):
        found = ask(address(server), "/status")
    assert found["role"] == "IN_SYNC"
    assert not found["acknowledges"]
    assert found["lease_seconds"] == 0
    (leader,) = found["peers"]
    assert (leader["name"], leader["state"], leader["lag"]) == ("a", "FOLLOWING", 20)
    counted = {"batches": 5, "resent": 4, "waits": 0, "refused": 1, "limited": 8}
    assert found["replication"] == counted


def test_a_standby_that_is_fed_is_as_far_as_the_journal_was_read_for_it():
    with served() as (_server, loop, member):
        peer = member.leading.standbys[0]
        peer.state = State.FEEDING
        peer.feed = type("Feed", (), {"sequence": 97})()
        assert loop.wait(lambda seen: any(peer.lag == 3 for peer in seen.peers), 60)


def test_every_metric_is_there_with_its_value():
    with served() as (server, _, _):
        found = metrics(server)
    assert set(NAMES) <= set(found)
    assert {role for (role,), value in found["lmax_role"].items() if value} == {"PRIMARY"}
    assert len(found["lmax_role"]) == len(ROLES)
    assert found["lmax_epoch"][()] == 3
    assert found["lmax_acknowledges"][()] == 1
    assert found["lmax_in_sync_members"][()] == 2
    assert found["lmax_sequence"] == {("published",): 100, ("synced",): 95, ("applied",): 90}
    assert found["lmax_peer_lag_commands"] == {("b",): 7}
    assert found["lmax_peer_state"] == {("b", "COUNTED"): 1}
    assert found["lmax_failovers_total"][()] == 1
    assert found["lmax_replication_batches_total"][()] == 7
    assert found["lmax_replication_limited_total"][()] == 6
    assert found["lmax_problem"][()] == 0
    assert 0 < found["lmax_lease_seconds"][()] <= 60


def test_problems_are_in_metrics_and_status():
    with served() as (server, loop, member):
        member.problem = "the witness does not answer"
        member.core.journal.problem = "the disk is full"
        member.leading.standbys[0].problem = "is silent"
        assert loop.wait(lambda seen: bool(seen.problem and seen.journal_problem), 60)
        found = metrics(server)
        assert ask(address(server), "/status")["problem"] == "the witness does not answer"
    assert found["lmax_problem"][()] == found["lmax_journal_problem"][()] == 1
    assert found["lmax_peer_problem"][("b",)] == 1


def test_a_lease_that_ran_out_is_not_shown_as_one_that_runs():
    """While the control thread is stuck, what it saw last gets old."""
    with served() as (server, loop, _member):
        loop.end()
        loop.join(60)
        object.__setattr__(loop.seen, "acknowledges", True)
        object.__setattr__(loop.seen, "lease_seconds", 1e-9)
        found = ask(address(server), "/status")
        assert not found["acknowledges"]
        assert found["lease_seconds"] == 0
        assert metrics(server)["lmax_acknowledges"][()] == 0


def test_a_lease_gets_older_once():
    """What is shown is what was left then, without the time since: not twice that."""
    with served() as (server, loop, _member):
        loop.end()
        loop.join(60)
        object.__setattr__(loop.seen, "lease_seconds", 1000.0)
        object.__setattr__(loop.seen, "seen_ns", time.monotonic_ns() - 300 * 10**9)
        shown = ask(address(server), "/status")["lease_seconds"]
        measured = metrics(server)["lmax_lease_seconds"][()]
        later = 1000 - loop.seen.age_seconds
    for found in (shown, measured):
        assert later <= found <= 700


def test_the_hash_of_the_last_checkpoint():
    with served() as (server, _, _):
        assert ask(address(server), "/hash") == {"sequence": 80, "hash": "0000000000abcdef"}


def test_before_there_is_a_member_the_port_answers():
    loop = ControlLoop("a", "lmax", lambda told, replaying: pytest.fail("it was never started"))
    with listening(loop) as server:
        assert ask(address(server), "/status")["role"] == "STARTING"
        assert metrics(server)["lmax_role"][("STARTING",)] == 1
        for path, post in (("/hash", False), ("/demote", True), ("/promote", True)):
            with pytest.raises(Refusal):
                ask(address(server), path, post=post)


# ---- a change of roles


def test_a_primary_hands_over():
    with served() as (server, _loop, _member):
        found = ask(address(server), "/demote", post=True, timeout=60)
    assert (found["role"], found["leader"], found["epoch"]) == ("STANDBY", "b", 4)


def test_a_primary_hands_over_to_who_is_named():
    with served() as (server, _loop, _member):
        found = ask(address(server), "/demote?to=c", post=True, timeout=60)
    assert (found["role"], found["leader"], found["epoch"]) == ("STANDBY", "c", 4)


def test_a_switch_to_another_one_is_told_when_one_is_under_way(monkeypatch):
    with served() as (server, _loop, member):

        def switch(to: str) -> None:
            raise SwitchUnderWay("c")

        monkeypatch.setattr(member, "switch", switch)
        kind, detail = refused(server, "/demote?to=b")
    assert kind == "switching"
    assert detail == "the lead is on its way to c already; wait until it is there"


def test_who_is_named_and_is_not_in_sync_is_refused():
    with served() as (server, loop, _member):
        kind, detail = refused(server, "/demote?to=d")
        assert loop.seen.role == "PRIMARY"
    assert kind == "not-in-sync"
    assert detail == "d is not in sync, so it cannot take over; in sync: b, c"


def refused(server, path) -> tuple[str, str]:
    status, headers, body = get(server, path, method="POST")
    found = json.loads(body)
    assert status == found["status"] == 409
    assert headers["Content-Type"] == "application/problem+json"
    assert found["title"] == "Conflict"
    kind = found["type"].removeprefix("urn:lmax:problem:")
    assert kind != found["type"]
    return kind, found["detail"]


def test_who_does_not_lead_cannot_hand_over():
    with served(role="IN_SYNC") as (server, _, _):
        assert refused(server, "/demote") == ("not-primary", "a does not lead; a does")


def test_without_a_standby_nobody_hands_over():
    with served() as (server, loop, member):
        member.heir = False
        kind, detail = refused(server, "/demote")
        assert kind == "no-standby-in-sync"
        assert "nobody can take over" in detail
        assert loop.seen.role == "PRIMARY"


def test_a_switch_that_is_given_up_is_told():
    with served() as (server, _loop, member):

        def give_up() -> None:
            member.switching = False

        member.stuck, member.at_step = True, give_up
        assert refused(server, "/demote")[0] == "given-up"


def test_a_switch_that_takes_too_long_is_told():
    with served() as (_, loop, member):
        member.stuck = True
        with pytest.raises(Refusal, match="it goes on") as caught:
            loop.demote(timeout=0.3)
        assert caught.value.kind in ("too-slow", "no-answer")


def test_a_standby_has_its_primary_hand_over_and_leads():
    asked: list[str] = []
    with served(role="IN_SYNC", asked=asked) as (server, loop, member):
        member.at_step = lambda: member.lead("b") if asked and member.leading is None else None
        object.__setattr__(loop.seen, "name", "b")
        found = ask(address(server), "/promote", post=True, timeout=60)
    assert asked == ["a to b"]
    assert (found["role"], found["epoch"]) == ("PRIMARY", 4)


def test_who_leads_already_has_nothing_to_do():
    asked: list[str] = []
    with served(asked=asked) as (server, _, _):
        assert ask(address(server), "/promote", post=True)["role"] == "PRIMARY"
    assert asked == []


def test_a_standby_that_is_not_in_sync_does_not_take_over():
    with served(role="CATCHING_UP") as (server, _, _):
        kind, detail = refused(server, "/promote")
    assert kind == "not-in-sync"
    assert "CATCHING_UP" in detail


def test_a_promotion_that_does_not_come_is_told():
    with served(role="PROMOTING") as (_, loop, _), pytest.raises(Refusal, match=r"after 0\.2 s"):
        control.promote(loop, lambda name, to, timeout: None, timeout=0.2)


def test_f18_a_promotion_ends_at_once_when_another_one_leads():
    with served(role="PROMOTING") as (_, loop, member):
        member.at_step = lambda: member.follow("c") if member.record.epoch == 3 else None
        with pytest.raises(Refusal, match="a is STANDBY; c leads epoch 4") as refusal:
            control.promote(loop, lambda name, to, timeout: None, timeout=600)
    assert refusal.value.kind == "not-promoted"


def test_f18_who_is_asked_to_hand_over_at_the_moment_when_it_has_done_so():
    """By a second operator: the first one's switch comes to its end between ask and answer."""
    with served() as (_, loop, member):

        def hand_over() -> None:
            if member.role.name == "PRIMARY":
                deadline = time.monotonic() + 60
                while loop._requests.empty() and time.monotonic() < deadline:
                    time.sleep(0.001)
                member.follow("b")

        member.at_step = hand_over
        assert loop.demote(timeout=60).leader == "b"


def test_f18_a_standby_leads_though_another_one_had_the_primary_hand_over():
    with served(role="IN_SYNC", name="b") as (_, loop, member):

        def too_late(leader: str, to: str, timeout: float) -> None:
            member.at_step = lambda: None if member.leading else member.lead("b")
            raise Refusal("not-primary", f"{leader} does not lead; nobody does")

        control.promote(loop, too_late, timeout=60)
        assert loop.seen.role == "PRIMARY"


# ---- who may ask, and how


@contextmanager
def listening(loop: ControlLoop, token: str = "") -> Iterator[ControlServer]:
    with served(loop=loop, token=token) as (server, _, _):
        yield server


def test_a_token_is_asked_for_and_is_in_no_answer():
    with served(token="quiet") as (server, _, _):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer quiét"}):
            for method, path in (("GET", "/status"), ("POST", "/demote"), ("GET", "/nothing")):
                sent = {name: text.encode("latin-1") for name, text in headers.items()}
                status, answered, body = get(server, path, method=method, headers=sent)
                assert status == 401
                assert answered["WWW-Authenticate"] == "Bearer"
                assert b"quiet" not in body
        assert ask(address(server), "/status", token="quiet")["role"] == "PRIMARY"
        with pytest.raises(Refusal, match="token"):
            ask(address(server), "/status", token="wrong")


def test_other_machines_are_not_listened_to_without_a_token():
    loop = ControlLoop("a", "lmax", lambda told, replaying: pytest.fail("never"))
    with pytest.raises(ConfigError, match="name a control_token"):
        ControlServer(Address("0.0.0.0", 0), loop, lambda name, to, timeout: None)


def test_a_port_in_use_is_told():
    with (
        served() as (server, loop, _),
        pytest.raises(ConfigError, match="cannot listen on"),
    ):
        ControlServer(address(server), loop, lambda name, to, timeout: None)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/demote"),
        ("POST", "/status"),
        ("GET", "/"),
        ("GET", "/status?x"),
        ("GET", "/demote?to=b"),
        ("POST", "/demote?"),
        ("POST", "/demote?to="),
        ("POST", "/demote?to=B"),
        ("POST", "/demote?to=b&to=c"),
        ("POST", "/promote?to=b"),
    ],
)
def test_what_is_not_there_is_a_problem(method, path):
    with served() as (server, loop, _member):
        found, headers, body = get(server, path, method=method)
        assert found == 404
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(body)["type"] == "urn:lmax:problem:no-such-path"
        assert loop.seen.role == "PRIMARY"


def test_a_body_is_refused_and_not_taken_for_a_request():
    with served() as (server, _loop, _):
        body = b"POST /demote HTTP/1.1\r\n\r\n"
        status, _, _ = get(server, "/status", method="POST", body=body)
        assert status == 413
        assert ask(address(server), "/status")["role"] == "PRIMARY"


def test_nobody_there_is_told():
    with served() as (server, _, _):
        where = address(server)
    with pytest.raises(NobodyAnswers, match=str(where.port)):
        ask(where, "/status", timeout=5)
