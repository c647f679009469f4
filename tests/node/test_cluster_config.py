"""A node's file: what it says, and how every mistake in it is told."""

from pathlib import Path

import pytest

from node.cluster_config import Link, load_config
from node.cluster_files import make_cluster
from node.config_paths import journal_key_from
from node.config_values import Address, ConfigError
from node.snapshots import Every

KEYS = {name: f"ed25519:{name * 43}=" for name in "abc"}


def cluster(folder: Path, names: str = "ab") -> Path:
    """The file of node a, of a cluster just made."""
    made = make_cluster(
        folder,
        list(names),
        base_port=7500,
        witness="",
        make_identity=lambda path: KEYS[path.parent.name],
    )
    return made[0].config


def changed(path: Path, *edits: tuple[str, str]) -> Path:
    text = path.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    return path


def test_a_new_clusters_file_says_everything(tmp_path):
    config = load_config(cluster(tmp_path))
    assert config.node.data == tmp_path / "a" / "data"
    assert config.node.identity == tmp_path / "a" / "identity.pem"
    assert config.node.control == Address("127.0.0.1", 7502)
    assert config.node.snapshot_every == Every(commands=5_000_000)
    assert (config.node.layout, config.node.journal_key) == ("shared", None)
    assert len(config.cluster.id) == 16
    assert config.cluster.witness == f"file:{tmp_path}/witness"
    assert config.cluster.commit == "replicated"
    assert [(member.name, member.number) for member in config.members] == [("a", 1), ("b", 2)]
    assert [peer.name for peer in config.peers] == ["b"]
    assert config.me.key == KEYS["a"]
    assert config.begins
    assert not load_config(tmp_path / "b" / "node.toml").begins
    assert config.token() == ""


def test_streams_and_endpoints_are_those_of_both_ends(tmp_path):
    a = load_config(cluster(tmp_path))
    b = load_config(changed(tmp_path / "b" / "node.toml", ('"udp"', '"udp"\nmtu = 8192')))
    to_a, to_b = (f"aeron:udp?endpoint=127.0.0.1:{port}" for port in (7500, 7510))
    assert a.links() == (Link("b", to_b, 1018, to_a, 1033),)
    assert b.links() == (Link("a", f"{to_a}|mtu=8192", 1033, to_b, 1018),)
    ipc = load_config(changed(tmp_path / "a" / "node.toml", ('"udp"', '"ipc"')))
    assert ipc.links() == (Link("b", "aeron:ipc", 1018, "aeron:ipc", 1033),)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"any"', set()),
        ('"all"', {"b", "c"}),
        ('["a", "b"]', {"b"}),
        ('["a"]', set()),
    ],
)
def test_whom_a_primary_waits_for_are_always_others(tmp_path, written, expected):
    path = changed(cluster(tmp_path, "abc"), ('wait_for = "any"', f"wait_for = {written}"))
    assert load_config(path).waits_for == expected


MISTAKES = {
    "an unknown table": (("[node]", "[nodes]"), "nodes: there are only [cluster], [node]"),
    "an unknown key": (
        ("layout =", "layouts ="),
        "[node] layouts: there is no such key; did you mean layout?",
    ),
    "a missing key": (('witness = "', '# "'), "[cluster] witness: is missing; add it"),
    "a name": (
        ('[node]\nname = "a"', '[node]\nname = "A!"'),
        "[node] name: 'A!': use small letters",
    ),
    "nobody's name": (
        ('[node]\nname = "a"', '[node]\nname = "z"'),
        "[node] name: no [[member]] is called 'z', only a, b",
    ),
    "a number as text": (
        ("lease_ms = 1000", 'lease_ms = "1000"'),
        "[cluster] lease_ms: '1000': write a whole number from 100",
    ),
    "a truth as number": (
        ("lease_ms = 1000", "lease_ms = true"),
        "[cluster] lease_ms: True: write a whole number",
    ),
    "a short lease": (
        ("lease_ms = 1000", "lease_ms = 5"),
        "lease_ms: 5: write a whole number from 100",
    ),
    "a slow heartbeat": (
        ("heartbeat_ms = 20", "heartbeat_ms = 200"),
        "heartbeat_ms: 200 is not below a third of silence_ms, 500",
    ),
    "a heartbeat at the border": (
        ("silence_ms = 500", "silence_ms = 60"),
        "heartbeat_ms: 20 is not below a third",
    ),
    "a silence beyond the lease": (
        ("silence_ms = 500", "silence_ms = 1001"),
        "silence_ms: 1001 is more than lease_ms, 1000",
    ),
    "a mode": (
        ('commit = "replicated"', 'commit = "maybe"'),
        "commit: 'maybe': write one of replicated, durable",
    ),
    "whom to wait for": (
        ('wait_for = "any"', "wait_for = []"),
        'wait_for: []: write "any", "all" or a list',
    ),
    "a stranger to wait for": (
        ('wait_for = "any"', 'wait_for = ["x"]'),
        "wait_for: no [[member]] is called x",
    ),
    "a witness": (('witness = "file:', 'witness = "files:'), "witness: write"),
    "a witness nowhere": (
        ('witness = "file:/', 'witness = "file:'),
        'write "file:/PATH" or "etcd://',
    ),
    "an address": (
        ('control = "127.0.0.1:7502"', 'control = "localhost"'),
        "[[member]] a control: 'localhost': write \"HOST:PORT\"",
    ),
    "a port": (
        ('control = "127.0.0.1:7502"', 'control = "x:70000"'),
        "[[member]] a control: 'x:70000': a port is 1 to 65535",
    ),
    "a port twice": (
        ('clients = "127.0.0.1:7511"', 'clients = "127.0.0.1:7501"'),
        "[[member]] b clients: is that of a too",
    ),
    "a number twice": (("number = 2", "number = 1"), "[[member]] b number: is that of a too"),
    "too high a number": (
        ("number = 2", "number = 16"),
        "[[member]] b number: 16: write a whole number from 1 to 15",
    ),
    "a key twice": (
        (f'key = "{KEYS["b"]}"', f'key = "{KEYS["a"]}"'),
        "[[member]] b key: is that of a too",
    ),
    "snapshots": (
        ("snapshot_every = 5000000", "snapshot_every = 5"),
        "[node] snapshot_every: 5: write a number of commands",
    ),
    "a period": (("timer = 0.1", "timer = nan"), "[node] timer: nan: write 0.001 to 3600 seconds"),
    "a key's place": (
        ('layout = "shared"', 'journal_key = "hunter2"'),
        "[node] journal_key: a journal's key is named as",
    ),
    "a token itself": (
        ('layout = "shared"', 'control_token = "hunter2"'),
        "[node] control_token: write where it is",
    ),
    "a ledger with its password": (
        ('layout = "shared"', 'ledger = "postgresql://u:hunter2@db/x"'),
        "[node] ledger: has a password in it; write where the whole DSN is: file:PATH",
    ),
    "a ledger with a key in it": (
        ('layout = "shared"', 'ledger = "host=db sslpassword=hunter2"'),
        "[node] ledger: has a sslpassword in it",
    ),
    "a ledger that is none": (
        ('layout = "shared"', 'ledger = "hunter2"'),
        "[node] ledger: is no DSN of PostgreSQL's; write postgresql://",
    ),
    "an mtu": (('layout = "shared"', "mtu = 1500"), "[node] mtu: 1500: write a multiple of 32"),
    "no table": (("[cluster]", "[[member]]\n[member.x]"), "[cluster] is missing"),
    "no TOML": (("[node]", "[node"), "is no TOML"),
}


@pytest.mark.parametrize(("edit", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_the_file_the_key_and_what_to_do(tmp_path, edit, told):
    path = changed(cluster(tmp_path), edit)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert told in message
    assert "hunter2" not in message


def test_what_may_be_a_private_key_is_not_repeated(tmp_path):
    path = changed(cluster(tmp_path), (KEYS["b"], "ed25519:verysecret"))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert "[[member]] b key" in str(caught.value)
    assert "verysecret" not in str(caught.value)


def test_a_file_that_is_not_there_or_is_no_text(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        load_config(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(tmp_path / "bytes")


def test_the_token_comes_from_a_file_that_only_its_owner_reads(tmp_path):
    secret = tmp_path / "token"
    secret.write_text("quiet\n")
    secret.chmod(0o600)
    path = changed(cluster(tmp_path), ('layout = "shared"', f'control_token = "file:{secret}"'))
    config = load_config(path)
    assert config.token() == "quiet"
    assert "quiet" not in repr(config)
    secret.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        config.token()


def test_the_ledger_is_named_in_the_file_or_in_another_one(tmp_path):
    path = cluster(tmp_path)
    assert load_config(path).ledger_dsn() == ""
    changed(path, ('layout = "shared"', 'ledger = "host=/run/pg user=lmax passfile=/etc/pgpass"'))
    assert load_config(path).ledger_dsn() == "host=/run/pg user=lmax passfile=/etc/pgpass"
    changed(path, ("host=/run/pg user=lmax passfile=/etc/pgpass", "file:dsn"))
    secret = tmp_path / "a" / "dsn"
    secret.write_text("postgresql://u:hunter2@db/x\n")
    secret.chmod(0o600)
    config = load_config(path)
    assert config.ledger_dsn() == "postgresql://u:hunter2@db/x"
    assert "hunter2" not in repr(config)
    secret.write_text("hunter2")
    with pytest.raises(ConfigError, match=r"\[node\] ledger: is no DSN") as caught:
        config.ledger_dsn()
    assert "hunter2" not in str(caught.value)
    secret.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        config.ledger_dsn()


def test_every_path_is_taken_from_the_folder_of_the_file(tmp_path, monkeypatch):
    """Not from where a command happens to be started."""
    path, here = cluster(tmp_path / "my pair"), tmp_path / "elsewhere"
    own, quoted = tmp_path / "my pair" / "a", f"{tmp_path}/my%20pair/a"
    for place, said in ((own, "right"), (here, "wrong")):
        place.mkdir(exist_ok=True)
        (place / "token").write_text(said)
        (place / "token").chmod(0o600)
    monkeypatch.chdir(here)
    changed(
        path,
        ('layout = "shared"', 'control_token = "file:token"\njournal_key = "file:../keys"'),
        (f"file:{tmp_path}/my pair/witness", "etcd://w1/venue?ca=ca.pem&user=u&password=file:pw"),
    )
    config = load_config(path)
    assert config.token() == "right"
    assert config.node.journal_key == f"file:{own}/../keys"
    options = f"ca={quoted}/ca.pem&user=u&password=file:{quoted}/pw"
    assert config.cluster.witness == f"etcd://w1/venue?{options}"
    monkeypatch.chdir(own)
    assert load_config(Path("node.toml")).token() == "right"


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("file:/run/keys", "file:/run/keys"),
        ("env:KEYS", "env:KEYS"),
        ("credential:keys", "credential:keys"),
        ("none", "none"),
        (
            "pkcs11:token=t;object=o?pin-source=file%3Apin&module-path=p11.so",
            "pkcs11:token=t;object=o?pin-source=file%3A/etc/l%20x/pin&module-path=/etc/l%20x/p11.so",
        ),
        (
            "pkcs11:token=t;object=o?module-path=/usr/lib/p11.so&pin-source=/run/pin",
            "pkcs11:token=t;object=o?module-path=/usr/lib/p11.so&pin-source=/run/pin",
        ),
    ],
)
def test_paths_within_the_name_of_a_journals_key(written, taken):
    assert journal_key_from(Path("/etc/l x"), written) == taken


def test_clients_of_other_machines_have_to_show_something(tmp_path):
    path = changed(cluster(tmp_path), ('clients = "127.0.0.1:7501"', 'clients = "10.0.0.1:7501"'))
    with pytest.raises(ConfigError, match="client_token_file: is missing"):
        load_config(path).client_token()
    (tmp_path / "a" / "clients").write_text("quiet")
    (tmp_path / "a" / "clients").chmod(0o600)
    changed(path, ('layout = "shared"', 'client_token_file = "clients"'))
    assert load_config(path).client_token() == "quiet"


def test_nothing_is_overwritten_and_nothing_is_left_half_made(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(ConfigError, match="is not overwritten"):
        cluster(tmp_path)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("names", "port", "told"),
    [
        (["a"], 7500, "2 to 15 nodes"),
        (["a", "a"], 7500, "a name of its own"),
        (["a", "../b"], 7500, "use small letters"),
        (["a", "b"], 65_530, "do not exist"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(tmp_path, names, port, told):
    with pytest.raises(ConfigError, match=told):
        make_cluster(tmp_path, names, base_port=port, witness="", make_identity=lambda path: "")
    assert list(tmp_path.iterdir()) == []


def test_files_are_their_owners_alone(tmp_path):
    path = cluster(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
