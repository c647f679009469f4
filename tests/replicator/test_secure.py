"""Frames between nodes: what is changed, repeated, old or another's is dropped, and why."""

import pickle
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicator._secure import HEAD_BYTES, OVERHEAD_BYTES, SecureLink

HERE, THERE = bytes(range(32)), bytes(range(32, 64))
CONNECTION = 0x0123456789ABCDEF
LAST = 2**63 - 1
NONE_DROPPED = {"short": 0, "foreign": 0, "old": 0, "forged": 0}


def pair(connection: int = CONNECTION) -> tuple[SecureLink, SecureLink]:
    """Both ends of one connection."""
    return SecureLink(HERE, THERE, connection), SecureLink(THERE, HERE, connection)


def test_frames_go_both_ways_and_look_as_the_page_says():
    one, other = pair()
    body = bytes(200)
    frame = one.seal(12, body)
    assert len(frame) == OVERHEAD_BYTES + len(body) == HEAD_BYTES + 200 + 16
    assert frame[:4] == (12).to_bytes(4, "little")
    assert frame[4:8] == bytes(4)
    assert frame[8:16] == CONNECTION.to_bytes(8, "little")
    assert frame[16:24] == (1).to_bytes(8, "little")
    assert body not in frame
    assert other.open(frame) == (12, body)
    assert one.open(other.seal(13, b"back")) == (13, b"back")
    assert (one.sent, one.received, other.sent, other.received) == (1, 1, 1, 1)
    assert one.dropped == other.dropped == NONE_DROPPED


def test_the_frame_is_aes_256_gcm_with_the_counter_as_nonce():
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    one, _ = pair()
    one.skip_to(0x0102030405)
    frame = one.seal(12, b"some body")
    nonce = bytes(4) + (0x0102030406).to_bytes(8, "little")
    assert frame[24:] == AESGCM(HERE).encrypt(nonce, b"some body", frame[:24])


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 4096, 128 << 10])
def test_bodies_of_any_size(size: int):
    one, other = pair()
    body = Random(size).randbytes(size)
    assert other.open(one.seal(2**32 - 1, body)) == (2**32 - 1, body)


def test_every_changed_bit_of_a_frame_drops_it():
    one, other = pair()
    frame = one.seal(12, b"0123456789abcdef!")
    for at in range(len(frame)):
        for bit in range(8):
            changed = bytearray(frame)
            changed[at] ^= 1 << bit
            assert other.open(changed) is None, f"byte {at}, bit {bit}"
    dropped = other.dropped
    assert sum(dropped.values()) == 8 * len(frame)
    # The counter was 1: only the change to 0 makes it an old one.
    assert (dropped["foreign"], dropped["old"], dropped["short"]) == (64, 1, 0)
    assert other.received == 0
    assert other.open(frame) == (12, b"0123456789abcdef!"), "none of that harmed the connection"


def test_every_shorter_or_longer_frame_is_dropped():
    one, other = pair()
    frame = one.seal(12, b"some body")
    for size in range(len(frame)):
        assert other.open(frame[:size]) is None
    assert other.open(frame + b"\0") is None
    assert other.dropped == NONE_DROPPED | {"short": OVERHEAD_BYTES, "forged": 10}
    assert other.open(frame) is not None


def test_doubles_and_older_frames_are_dropped_gaps_are_not():
    one, other = pair()
    frames = [one.seal(12, bytes([number])) for number in range(6)]
    assert other.open(frames[0]) == (12, b"\0")
    assert other.open(frames[0]) is None
    assert other.open(frames[3]) == (12, b"\3")
    for late in (1, 2, 3):
        assert other.open(frames[late]) is None
    assert other.open(frames[5]) == (12, b"\5")
    assert other.open(frames[4]) is None
    assert other.dropped == NONE_DROPPED | {"old": 5}
    assert other.received == 6


def test_a_forged_later_counter_does_not_shut_out_honest_frames():
    one, other = pair()
    frame = one.seal(12, b"first")
    forged = bytearray(one.seal(12, b"second"))
    forged[16:24] = (2**63).to_bytes(8, "little")
    assert other.open(forged) is None
    forged[16:24] = (2**64 - 1).to_bytes(8, "little")
    assert other.open(forged) is None
    assert (other.received, other.dropped["forged"]) == (0, 2)
    assert other.open(frame) == (12, b"first")


def test_another_connections_frames_and_ones_own_are_dropped():
    one, other = pair()
    stranger, _ = pair(CONNECTION + 1)
    assert other.open(stranger.seal(12, b"of another")) is None
    assert other.dropped["foreign"] == 1
    assert one.open(one.seal(12, b"reflected")) is None
    assert one.dropped["forged"] == 1
    impostor = SecureLink(bytes(32), THERE, CONNECTION)
    assert other.open(impostor.seal(12, b"other key")) is None
    assert other.dropped["forged"] == 1


def test_counters_that_are_used_up_are_refused():
    one, other = pair()
    one.skip_to(LAST - 1)
    frame = one.seal(12, b"the last")
    assert one.sent == LAST
    for _ in range(2):
        with pytest.raises(OverflowError, match="make a new one"):
            one.seal(12, b"one more")
    assert one.sent == LAST
    assert other.open(frame) == (12, b"the last")
    assert other.open(frame) is None
    with pytest.raises(ValueError, match="used before"):
        one.skip_to(5)


@given(st.data())
def test_no_nonce_meets_a_key_twice_and_nothing_is_taken_twice_or_out_of_order(data):
    """Any mixture of sealing, skipping, losing, doubling and reordering."""
    one, other = pair()
    counters: list[int] = []
    under_way: list[tuple[int, bytes, bytes]] = []
    taken: list[int] = []
    for step in data.draw(st.lists(st.sampled_from(["seal", "fail", "skip", "take"]), max_size=60)):
        if step == "seal":
            body = bytes([len(counters) % 256]) * data.draw(st.integers(0, 40))
            frame = one.seal(12, body)
            counters.append(int.from_bytes(frame[16:24], "little"))
            under_way.append((counters[-1], body, frame))
        elif step == "fail":
            with pytest.raises(ValueError, match="clear frames"):
                one.seal(1, b"")
        elif step == "skip":
            one.skip_to(one.sent + data.draw(st.integers(0, 2**40)))
        elif under_way:
            counter, body, frame = data.draw(st.sampled_from(under_way))
            found = other.open(frame)
            assert (found is not None) == (counter > max(taken, default=0))
            if found is not None:
                assert found == (12, body)
                taken.append(counter)
    assert len(set(counters)) == len(counters)
    assert counters == sorted(counters)
    assert taken == sorted(set(taken))


def test_what_is_no_key_or_no_body_is_refused():
    for keys in ((b"short", THERE), (HERE, b""), (HERE, HERE), (HERE, HERE + b"\0")):
        with pytest.raises(ValueError, match="key"):
            SecureLink(*keys, 1)
    with pytest.raises(OverflowError):
        SecureLink(HERE, THERE, -1)
    with pytest.raises(TypeError):
        SecureLink(None, THERE, 1)  # type: ignore[arg-type]


def test_no_key_is_told_or_carried_away():
    secret, other = b"canary-canary-canary-canary-1234", b"kanari-kanari-kanari-kanari-5678"
    link = SecureLink(secret, other, 5)
    texts = [repr(link), str(link)]
    for wrong in ((secret, secret), (secret, other[:-1])):
        with pytest.raises(ValueError, match="key") as caught:
            SecureLink(*wrong, 5)
        texts.append(repr(caught.value))
    with pytest.raises(TypeError):
        pickle.dumps(link)
    for text in texts:
        assert "canary" not in text
        assert secret.hex() not in text
    assert repr(link) == "<SecureLink 0000000000000005: sent 0, received 0>"
