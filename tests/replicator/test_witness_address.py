"""How a witness is named, and what is said about names that are none."""

from pathlib import Path

import pytest

from replicator.witness_address import BadAddress, open_witness
from replicator.witness_etcd import EtcdWitness
from replicator.witness_file import FileWitness

CANARY = "canary-password-4711"


def test_a_file(tmp_path: Path) -> None:
    witness = open_witness(f"file:{tmp_path}/witness")
    assert isinstance(witness, FileWitness)
    assert witness.path == tmp_path / "witness"


def test_etcd_with_several_hosts() -> None:
    witness = open_witness("etcd://one,two:2380,[::1]:2381/venue?timeout=0.5")
    assert isinstance(witness, EtcdWitness)
    assert repr(witness) == (
        "EtcdWitness(EtcdGateway(one:2379, two:2380, [::1]:2381), /lmax/venue/witness)"
    )
    assert witness._gateway.timeout == 0.5


@pytest.mark.parametrize(
    ("lease", "seconds"), [(None, 2.0), (0.1, 0.025), (1.0, 0.25), (8.0, 2.0), (60.0, 2.0)]
)
def test_an_answer_is_waited_for_less_than_a_third_of_the_lease(
    tmp_path: Path, lease: float | None, seconds: float
) -> None:
    in_etcd, in_file = (
        open_witness("etcd://a/venue", lease),
        open_witness(f"file:{tmp_path}/w", lease),
    )
    assert isinstance(in_etcd, EtcdWitness)
    assert isinstance(in_file, FileWitness)
    assert in_etcd._gateway.timeout == in_file.timeout == seconds
    assert lease is None or 3 * seconds < lease


def test_a_timeout_that_does_not_fit_the_lease_is_refused() -> None:
    text = "etcd://a/venue?timeout=0.33333"
    fits = open_witness(text, 1.0)
    assert isinstance(fits, EtcdWitness)
    assert fits._gateway.timeout == 0.33333
    with pytest.raises(BadAddress, match=r"0\.33333 is not below a third of the lease, 0\.9 s"):
        open_witness(text, 0.9)
    with pytest.raises(BadAddress, match="leave it out"):
        open_witness("etcd://a/venue?timeout=0.5", 1.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a witness is file:/PATH or etcd://"),
        ("etcd:host/venue", "a witness is file:/PATH or etcd://"),
        ("file:witness", "whole path"),
        ("file://host/witness", "whole path"),
        ("file:/", "has to be a file"),
        ("file:/nowhere/witness", "in a folder that is there"),
        ("etcd://host:2379", "a cluster's name follows the hosts"),
        ("etcd://host/", "a cluster's name follows the hosts"),
        ("etcd://host/a/b", "a cluster's name follows the hosts"),
        ("etcd:///venue", "HOST:PORT"),
        ("etcd://host:0/venue", "HOST:PORT"),
        ("etcd://host:65536/venue", "HOST:PORT"),
        ("etcd://host,,two/venue", "HOST:PORT"),
        ("etcd://host,host:2379/venue", "a host stands there twice"),
        (f"etcd://root:{CANARY}@host/venue", "use \\?user=NAME&password=file:PATH"),
        (f"etcd://host/venue?user=root&password={CANARY}", "the password: a secret is named as"),
        (f"etcd://host/venue?{CANARY}", "a part is unknown"),
        ("etcd://host/venue?passwort=env:P", "passwort is unknown"),
        ("etcd://host/venue?tls=yes&tls=yes", "tls is unknown, doubled or empty"),
        ("etcd://host/venue?ca=", "ca is unknown, doubled or empty"),
        ("etcd://host/venue?tls=no", "tls=yes, or leave it out"),
        ("etcd://host/venue?cert=/c", "cert and key go together"),
        ("etcd://host/venue?user=root", "user and password go together"),
        ("etcd://host/venue?user=root&password=env:LMAX_NONE", "LMAX_NONE is not set"),
        ("etcd://host/venue?ca=/nowhere", "ca is no readable file"),
        ("etcd://host/venue?tls=yes&cert=/nowhere&key=/nowhere", "no readable certificate"),
        ("etcd://host/venue?timeout=soon", "timeout is a number of seconds"),
        ("etcd://host/venue?timeout=nan", "timeout is a number of seconds"),
        ("etcd://host/venue?timeout=0", "timeout is a number of seconds"),
    ],
)
def test_what_is_wrong_is_said_without_repeating_it(text: str, said: str) -> None:
    with pytest.raises(BadAddress, match=said) as bad:
        open_witness(text)
    assert CANARY not in str(bad.value)


def test_a_password_is_in_no_representation(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{CANARY}\n")
    secret.chmod(0o600)
    witness = open_witness(f"etcd://host/venue?user=root&password=file:{secret}")
    assert isinstance(witness, EtcdWitness)
    assert witness._gateway._access.password == CANARY
    for shown in (witness, witness._gateway, witness._gateway._access):
        assert CANARY not in repr(shown)
