"""The witness in a real etcd: killed, hung, restarted, behind TLS and a log-in, of three
members."""

import base64
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from replicator.witness import Lost, Record, Unavailable, Witness
from replicator.witness_address import open_witness
from tests.replicator.certificates import write_certificates
from tests.replicator.etcd import Member, members
from tests.servers import free_port

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("etcd")]

PASSWORD = "canary-password-4711"
DEADLINE = 60


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    """For tests that leave it alone; each has a cluster's name of its own."""
    member = Member(tmp_path_factory.mktemp("etcd"))
    with member.up():
        yield member


def opened(member: Member, name: str = "venue", options: str = "timeout=20") -> Witness:
    return open_witness(f"etcd://{member.host}/{name}?{options}")


def patiently[T](ask: Callable[[], T]) -> T:
    """What it says as soon as the witness answers."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            return ask()
        except Unavailable:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_killed_etcd_gives_no_answer_and_goes_on_after_its_restart(tmp_path: Path) -> None:
    member = Member(tmp_path)
    with member.up():
        witness = opened(member)
        mine = witness.set_in_sync(witness.take(witness.read(), "a"), frozenset("ab"))
        member.kill()
        for ask in (witness.read, lambda: witness.renew(mine)):
            with pytest.raises(Unavailable, match=rf"{member.host} cannot be connected to.*Look"):
                ask()
    with member.up():
        assert witness.read() == mine
        renewed = witness.renew(mine)
        with pytest.raises(Lost):
            opened(member).take(mine, "b")
        assert opened(member).take(renewed, "b").epoch == 2


def test_an_etcd_that_hangs_gives_no_answer_in_time(tmp_path: Path) -> None:
    """And what was asked meanwhile may be done or not; the record says which."""
    member = Member(tmp_path)
    with member.up():
        patient, witness = opened(member), opened(member, options="timeout=0.3")
        mine = patient.take(patient.read(), "a")
        member.stop()
        with pytest.raises(Unavailable, match="does not answer in time"):
            witness.renew(mine)
        member.go_on()
        now = patiently(witness.read)
        assert (now.epoch, now.leader) == (1, "a")
        assert now.renewals in (0, 1)


def test_endpoints_that_are_down_are_passed_over(shared: Member) -> None:
    hosts = f"127.0.0.1:{free_port()},{shared.host}"
    witness = open_witness(f"etcd://{hosts}/passed-over?timeout=20")
    mine = witness.take(witness.read(), "a")
    assert witness._gateway._next == 1  # type: ignore[attr-defined]
    assert witness.renew(mine).renewals == 1


def test_an_endpoint_that_never_answers_leaves_time_for_the_next(shared: Member) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        hosts = f"127.0.0.1:{silent.getsockname()[1]},{shared.host}"
        witness = open_witness(f"etcd://{hosts}/silent?timeout=10")
        assert witness.read().epoch == 0


def test_of_three_members_one_may_go_but_not_two(tmp_path: Path) -> None:
    cluster = members(tmp_path, ("one", "two", "three"))
    hosts = ",".join(member.host for member in cluster)
    with contextlib.ExitStack() as stack:
        for member in cluster:
            stack.enter_context(member.up(ready=False))
        for member in cluster:
            member.wait_until_ready()
        witness = open_witness(f"etcd://{hosts}/venue?timeout=20")
        mine = patiently(lambda: witness.take(witness.read(), "a"))
        cluster[0].kill()
        now = patiently(witness.read)
        assert now == mine
        mine = patiently(lambda: renewed(witness, mine))
        cluster[1].kill()
        hasty = open_witness(f"etcd://{hosts}/venue?timeout=1")
        with pytest.raises(Unavailable, match="majority"):
            hasty.renew(mine)
        with pytest.raises(Unavailable, match="majority"):
            hasty.read()
        stack.enter_context(cluster[1].up(ready=False))
        now = patiently(witness.read)
        assert (now.epoch, now.leader) == (1, "a")
        assert now.renewals - mine.renewals in (0, 1)


def renewed(witness: Witness, mine: Record) -> Record:
    """As a leader does whose answer went astray."""
    try:
        return witness.renew(mine)
    except Lost as lost:
        found = lost.record
    assert (found.epoch, found.leader) == (mine.epoch, mine.leader)
    return found


class Swallower:
    """Passes one question on to etcd and breaks off without the answer."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._swallow)
        self._thread.start()

    def _swallow(self) -> None:
        connection, _ = self._socket.accept()
        with connection, socket.create_connection(("127.0.0.1", self._member.port)) as server:
            connection.settimeout(DEADLINE)
            question = connection.recv(1 << 16)
            head, _, body = question.partition(b"\r\n\r\n")
            (length,) = (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            while len(body) < length:
                more = connection.recv(1 << 16)
                question, body = question + more, body + more
            server.sendall(question)
            assert server.recv(1 << 16)
        self._socket.close()

    def join(self) -> None:
        self._thread.join(DEADLINE)


def test_a_change_whose_answer_was_lost_is_known_as_ones_own(shared: Member) -> None:
    """The next endpoint says that the record is another one: it is what was asked for."""
    direct = opened(shared, "swallowed")
    seen = direct.read()
    swallower = Swallower(shared)
    witness = open_witness(f"etcd://{swallower.host},{shared.host}/swallowed?timeout=20")
    taken = witness.take(seen, "a")
    swallower.join()
    assert (taken.epoch, taken.leader) == (1, "a")
    assert taken == direct.read()
    assert witness.renew(taken).renewals == 1


def test_an_answer_lost_for_good_is_no_lie(shared: Member) -> None:
    direct = opened(shared, "lost-for-good")
    seen = direct.read()
    swallower = Swallower(shared)
    witness = open_witness(f"etcd://{swallower.host}/lost-for-good?timeout=20")
    with pytest.raises(Unavailable, match="broke off the connection"):
        witness.take(seen, "a")
    swallower.join()
    assert direct.read().leader == "a"


def test_a_record_that_was_put_back_is_another_one(shared: Member) -> None:
    """Its key was deleted and written again by hand: nobody changes it on what he knew before."""
    witness = opened(shared, "put-back")
    mine = witness.take(witness.read(), "a")
    key = base64.b64encode(b"/lmax/put-back/witness").decode()
    value = base64.b64encode(mine.revision.data).decode()  # type: ignore[attr-defined]
    shared.post("/v3/kv/deleterange", {"key": key})
    with pytest.raises(Lost) as lost:
        witness.renew(mine)
    assert lost.value.record.epoch == 0
    shared.post("/v3/kv/put", {"key": key, "value": value})
    with pytest.raises(Lost) as lost:
        witness.renew(mine)
    assert witness.renew(lost.value.record).renewals == 1


@pytest.mark.parametrize("value", [b"", b"something else", b'{"record": {}, "sha256": ""}'])
def test_somebody_elses_key_is_no_record(shared: Member, value: bytes) -> None:
    witness = opened(shared, "foreign")
    key = base64.b64encode(b"/lmax/foreign/witness").decode()
    shared.post("/v3/kv/put", {"key": key, "value": base64.b64encode(value).decode()})
    with pytest.raises(Unavailable, match="/lmax/foreign/witness cannot be used"):
        witness.read()


def test_two_etcd_clusters_are_not_one_witness(shared: Member, tmp_path: Path) -> None:
    other = Member(tmp_path)
    with other.up():
        witness = open_witness(f"etcd://{other.host},{shared.host}/two?timeout=20")
        mine = witness.take(witness.read(), "a")
        other.kill()
        with pytest.raises(Unavailable, match="belongs to another etcd cluster"):
            witness.read()
        with pytest.raises(Unavailable, match="belongs to another etcd cluster"):
            witness.renew(mine)


def test_clusters_of_other_names_are_apart(shared: Member) -> None:
    one, other = opened(shared, "one"), opened(shared, "other")
    one.take(one.read(), "a")
    assert other.read().epoch == 0


def test_a_log_in_is_renewed_when_etcd_forgets_it(tmp_path: Path) -> None:
    """etcd keeps log-ins in memory, so a restart ends them. No message has the password."""
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    wrong = tmp_path / "wrong"
    wrong.write_text(f"{PASSWORD}-wrong")
    wrong.chmod(0o600)
    member = Member(tmp_path)
    with member.up():
        member.post("/v3/auth/user/add", {"name": "root", "password": PASSWORD})
        member.post("/v3/auth/user/grant", {"user": "root", "role": "root"})
        member.post("/v3/auth/enable", {})
        with pytest.raises(Unavailable, match="refuses"):
            opened(member).read()
        with pytest.raises(Unavailable, match=r"refuses: .*authentication failed") as refused:
            opened(member, options=f"user=root&password=file:{wrong}&timeout=20").read()
        assert "canary" not in str(refused.value)
        witness = opened(member, options=f"user=root&password=file:{secret}&timeout=20")
        mine = witness.take(witness.read(), "a")
        member.kill()
        with pytest.raises(Unavailable) as gone:
            witness.renew(mine)
        assert "canary" not in str(gone.value)
    with member.up(ready=False):
        assert patiently(lambda: witness.renew(mine)).renewals == 1


def test_tls_with_certificates_of_both_sides(tmp_path: Path) -> None:
    ca, cert, key = write_certificates(tmp_path)
    options = ("--cert-file", str(cert), "--key-file", str(key), "--client-cert-auth")
    member = Member(tmp_path, options=(*options, "--trusted-ca-file", str(ca)))
    with member.up():
        both = f"ca={ca}&cert={cert}&key={key}&timeout=20"
        witness = opened(member, options=both)
        mine = patiently(lambda: witness.take(witness.read(), "a"))
        assert witness.renew(mine).renewals == 1
        with pytest.raises(Unavailable, match=r"do not agree on TLS: .*certificate"):
            opened(member, options="tls=yes&timeout=20").read()  # another authority
        with pytest.raises(Unavailable, match=r"TLS|broke off"):
            opened(member, options=f"ca={ca}&timeout=20").read()  # no certificate of our own
        with pytest.raises(Unavailable, match="etcd gives no answer"):
            opened(member).read()  # no TLS
