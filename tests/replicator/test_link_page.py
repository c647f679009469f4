"""docs/link.md, worked out a second time from what it says and nothing of ours."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from replicator.greeting import Reason
from replicator.handshake import Connected
from tests.replicator.shaking import ALPHA, BETA, CLUSTER, chance, initiator, node, responder


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def test_every_field_stands_where_the_page_says():
    asks = initiator(BETA, ALPHA, clock=lambda: 0x1234)
    hello = asks.hello()
    reply, _ = responder().answer(hello)
    for frame, kind, names in ((hello, 1, (b"beta", b"alpha")), (reply, 2, (b"alpha", b"beta"))):
        assert len(frame) == 272
        assert [number(frame[at : at + 4]) for at in (0, 4, 8, 20)] == [kind, 1, 0, 0]
        assert frame[24:40] == CLUSTER
        assert (frame[40:72].rstrip(b"\0"), frame[72:104].rstrip(b"\0")) == names
        assert frame[104:136].rstrip(b"\0") == b"1.0 test"
    assert (number(hello[12:16]), number(hello[16:20])) == (2, 1)
    assert (number(reply[12:16]), number(reply[16:20])) == (1, 2)
    assert number(hello[136:144]) == 0x1234
    assert hello[176:208] == bytes(32)
    assert reply[176:208] == hashlib.sha256(hello).digest()


def test_the_signatures_are_over_a_text_for_each_kind_and_all_before_them():
    hello = initiator().hello()
    welcome, _ = responder().answer(hello)
    refuse, _ = responder(build := node("alpha", 1, build="other")).answer(hello)
    assert (number(refuse[:4]), number(refuse[8:12])) == (3, Reason.BUILD)
    assert refuse[24:40] == bytes(16), "the cluster is no one's business there"
    for frame, text, of in (
        (hello, b"lmax link hello\n", BETA),
        (welcome, b"lmax link welcome\n", ALPHA),
        (refuse, b"lmax link refuse\n", build),
    ):
        key = Ed25519PublicKey.from_public_bytes(of.identity.public)
        key.verify(frame[208:], text + frame[:208])


def test_the_keys_come_from_the_whole_handshake_and_both_identities():
    asks = initiator(seed=21)
    hello = asks.hello()
    welcome, _ = responder(seed=22).answer(hello)
    ours = asks.welcomed(welcome)
    assert isinstance(ours, Connected)
    private = X25519PrivateKey.from_private_bytes(chance(21)(32))
    assert private.public_key().public_bytes_raw() == hello[144:176]
    shared = private.exchange(X25519PublicKey.from_public_bytes(welcome[144:176]))
    publics = BETA.identity.public + ALPHA.identity.public
    salt = hashlib.sha256(hello + welcome + publics).digest()
    keys = HKDF(algorithm=SHA256(), length=64, salt=salt, info=b"lmax link 1 keys").derive(shared)
    frame = ours.link.seal(12, b"body")
    assert frame[8:16] == welcome[136:144]
    nonce = bytes(4) + frame[16:24]
    assert AESGCM(keys[:32]).decrypt(nonce, frame[24:], frame[:24]) == b"body"
    head = (13).to_bytes(8, "little") + frame[8:16] + (1).to_bytes(8, "little")
    back = AESGCM(keys[32:]).encrypt(bytes(4) + head[16:], b"back", head)
    assert ours.link.open(head + back) == (13, b"back")
