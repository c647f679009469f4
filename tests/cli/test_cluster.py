"""The verbs for several nodes, against nodes that do what the test says."""

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lmax.rules import RULES
from node import compatibility, config_values, wiring
from node.cli import node_verbs, status_verbs
from node.cluster_config import load_config
from node.observing import LedgerSeen, Observed, as_json
from node.process import Parts
from replicator.identity import parse_public, public_text
from tests.cli.driving import inside
from tests.node.serving import served
from tests.node.stand_in import StandIn
from tests.node.test_process import Port, Stop, free_ports


def identity(path: Path) -> str:
    path.write_text("secret")
    path.chmod(0o600)
    return f"ed25519:{path.parent.name * 43}="


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files of two nodes."""
    monkeypatch.setattr(node_verbs, "new_identity", identity)
    done = inside("cluster", "init", tmp_path / "pair", "--base-port", free_ports(), "--json")
    assert done.code == 0, done.errors
    return [Path(node["config"]) for node in done.json["nodes"]]


def port(config: Path) -> int:
    return load_config(config).me.control.port


# ---- init


def test_init_writes_what_load_config_reads_and_tells_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(node_verbs, "new_identity", identity)
    done = inside(
        "cluster", "init", tmp_path / "c", "--nodes", "x,y,z", "--witness", "etcd://h:1/p"
    )
    assert done.code == 0
    assert f"lmax node {tmp_path / 'c' / 'x' / 'node.toml'}" in done.output
    assert "lmax status" in done.output
    config = load_config(tmp_path / "c" / "z" / "node.toml")
    assert config.cluster.witness == "etcd://h:1/p"
    assert [member.name for member in config.members] == ["x", "y", "z"]
    assert "secret" not in done.output + done.errors


def test_init_overwrites_nothing(pair):
    before = pair[0].read_text()
    done = inside("cluster", "init", pair[0].parent.parent)
    assert done.code == 10
    assert "is not overwritten" in done.errors
    assert pair[0].read_text() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--nodes", "a"], "2 to 15 nodes"),
        (["--nodes", "a,,b"], "a node's name"),
        (["--base-port", "65530"], "do not exist"),
        (["--witness", "nowhere"], "the witness: write"),
    ],
)
def test_init_refuses_what_cannot_be(tmp_path, arguments, told):
    done = inside("cluster", "init", tmp_path / "c", *arguments, "--json")
    assert done.code == done.json["exit_code"] == 10
    assert told in done.json["error"]
    assert not (tmp_path / "c").exists()


def test_a_new_identity_is_a_private_file_and_a_key_for_the_others(tmp_path):
    text = wiring.new_identity(tmp_path / "identity.pem")
    assert public_text(parse_public(text)) == text
    assert config_values.public_key(text) == text
    assert (tmp_path / "identity.pem").stat().st_mode & 0o777 == 0o600


# ---- node


def test_a_node_runs_until_it_is_asked_to_end(pair, monkeypatch):
    member, stop, client_port = StandIn(role="IN_SYNC"), Stop(), Port()
    parts = Parts(lambda config, told, replaying: member, lambda config, member: client_port)
    monkeypatch.setattr(node_verbs, "real_parts", lambda: parts)
    monkeypatch.setattr(node_verbs, "Stop", lambda: stop)

    def end_it() -> None:
        deadline = time.monotonic() + 60
        while member.steps < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        stop.ask()

    thread = threading.Thread(target=end_it)
    thread.start()
    done = inside("node", pair[0], "--json")
    thread.join()
    assert done.code == 0, done.errors
    assert done.json == {"name": "a", "role": "IN_SYNC", "epoch": 3, "applied": 90}
    assert "lmax node=a role=IN_SYNC epoch=3 is IN_SYNC in epoch 3; a leads" in done.errors


def test_a_configuration_that_is_wrong_ends_with_10(pair):
    pair[0].write_text(pair[0].read_text().replace("lease_ms = 1000", "lease_ms = 1"))
    for verb in ("node", "status", "promote", "demote"):
        done = inside(verb, pair[0], "--json")
        assert done.code == 10
        assert f"{pair[0]}: [cluster] lease_ms: 1: write" in done.json["error"]


# ---- status


def test_status_asks_every_node_of_a_configuration(pair):
    with served(port=port(pair[0])), served(name="b", role="IN_SYNC", port=port(pair[1])):
        found = inside("status", pair[1], "--json")
        shown = inside("status", pair[0])
    assert found.code == shown.code == 0
    assert found.json["primary"] == "a"
    assert [member["role"] for member in found.json["members"]] == ["PRIMARY", "IN_SYNC"]
    assert "primary: a" in shown.output
    for word in ("PRIMARY", "IN_SYNC", "a, b", "90"):
        assert word in shown.output


def test_status_tells_how_far_the_ledger_is_and_what_is_wrong_with_it():
    seen = Observed("a", "lmax", "PRIMARY")
    for ledger, title, problem in (
        (None, "primary: a", ""),
        (LedgerSeen(), "primary: a", ""),
        (LedgerSeen("starting", 3), "primary: a  ledger: starting", ""),
        (LedgerSeen("live", 3, 1000, 20), "primary: a  ledger: 1,000, 20 behind", ""),
        (
            LedgerSeen("down", 3, 1000, 20, problem="it is away"),
            "primary: a  ledger: 1,000, 20 behind",
            "ledger: it is away",
        ),
    ):
        shown = status_verbs.table(
            {"primary": "a", "members": [as_json(replace(seen, ledger=ledger))]}
        )
        assert str(shown.title).endswith(title)
        assert list(shown.columns[-1].cells) == [problem]


def test_status_shows_releases_and_numbers_and_which_node_differs(pair):
    with served(port=port(pair[0])), served(name="b", role="IN_SYNC", port=port(pair[1])):
        same = inside("status", pair[0])
        found = inside("status", pair[0], "--json").json
    shown = " ".join(same.output.split())
    assert f"a, b: {compatibility.release()}; rules {RULES}, records" in shown
    build = found["members"][0]["build"]
    assert build == compatibility.as_json()
    found["members"][1]["build"] = {**build, "rules": RULES + 1}
    lines = status_verbs.builds(found["members"])
    assert [line.partition(", ")[0] for line in lines] == [
        f"a: {build['release']}; rules {RULES}",
        f"b: {build['release']}; rules {RULES + 1}",
    ]


def test_status_shows_who_does_not_answer(pair):
    with served(port=port(pair[0])):
        found = inside("status", pair[0], "--json")
    assert found.code == 0
    assert found.json["members"][1]["name"] == "b"
    assert "refused" in found.json["members"][1]["error"]


def test_status_of_nobody_ends_with_11(pair):
    done = inside("status", pair[0], "--json")
    assert done.code == 11
    assert done.json["primary"] is None


def test_status_by_url_with_a_token(tmp_path):
    (tmp_path / "token").write_text("quiet\n")
    (tmp_path / "token").chmod(0o600)
    with served(token="quiet") as (server, _, _):
        url = f"http://127.0.0.1:{server.server_address[1]}"
        assert inside("status", url, "--json").code == 11
        done = inside("status", url, "--token", f"file:{tmp_path / 'token'}", "--json")
    assert done.json["members"][0]["role"] == "PRIMARY"
    assert "quiet" not in done.output + done.errors


@pytest.mark.parametrize("url", ["https://x:1", "http://", "http://u:p@h:1", "http://h:99999"])
def test_what_is_no_url_is_told(url):
    done = inside("status", url)
    assert done.code == 2
    assert "is not http://HOST:PORT" in done.errors


def test_status_watches_until_it_is_asked_to_end(pair, monkeypatch):
    from node.cli import status_verbs

    looks: list[float] = []

    class Soon(Stop):
        def wait(self, seconds: float) -> bool:
            looks.append(seconds)
            if len(looks) >= 3:
                self.ask()
            return self.asked

    monkeypatch.setattr(status_verbs, "Stop", Soon)
    with served(port=port(pair[0])):
        done = inside("status", pair[0], "--watch", "--json")
        assert inside("status", pair[0], "--watch").code == 0
    assert done.code == 0
    assert [json.loads(line)["primary"] for line in done.output.splitlines()] == ["a"] * 3


# ---- promote, demote


def test_demote_tells_what_happened(pair):
    with served(port=port(pair[0])):
        done = inside("demote", pair[0])
    assert done.code == 0, done.errors
    assert "a was PRIMARY and is STANDBY, in epoch 4" in done.output


def test_demote_with_json(pair):
    with served(port=port(pair[0])):
        found = inside("demote", pair[0], "--json").json
    assert (found["node"], found["changed"], found["primary"], found["epoch"]) == (
        "a",
        True,
        "b",
        4,
    )


def test_demote_of_who_does_not_lead(pair):
    with served(role="IN_SYNC", port=port(pair[0])):
        done = inside("demote", pair[0], "--json")
    assert done.code == 11
    assert done.json["error"] == "a does not lead; a does"


def test_demote_without_a_standby(pair):
    with served(port=port(pair[0])) as (_, _, member):
        member.heir = False
        done = inside("demote", pair[0])
    assert done.code == 11
    assert "no standby is in sync" in done.errors


def test_promote_of_who_leads_already(pair):
    with served(port=port(pair[0])):
        done = inside("promote", pair[0])
    assert done.code == 0
    assert "a is PRIMARY already, in epoch 3" in done.output


def test_promote_of_who_is_not_in_sync(pair):
    with served(role="CATCHING_UP", port=port(pair[0])):
        done = inside("promote", pair[0])
    assert done.code == 11
    assert "a is CATCHING_UP; only a standby that is in sync may take over" in done.errors


@pytest.mark.parametrize("verb", ["promote", "demote"])
def test_nobody_answers(pair, verb):
    done = inside(verb, pair[0])
    assert done.code == 11
    assert str(port(pair[0])) in done.errors
    assert "Traceback" not in done.errors


def test_demote_to_who_is_named(pair):
    with served(port=port(pair[0])) as (_, _, member):
        done = inside("demote", pair[0], "--to", "b", "--json")
        assert done.code == 0, done.errors
        assert (done.json["primary"], done.json["changed"]) == ("b", True)
        member.lead("a")
        wrong = inside("demote", pair[0], "--to", "a")
    assert wrong.code == 2
    assert "no other node is called 'a', only b" in wrong.errors
