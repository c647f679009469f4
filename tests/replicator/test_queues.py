"""What a link keeps has an end, whoever floods it or does not answer."""

from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from replicator._end import MOST_MAILS, LinkEnd
from replicator._replicator import ReplicatorAgent
from replicator._secure import SecureLink
from replicator.common import MS, Greeter, Place, Timing
from replicator.following import Following, Stage
from replicator.messages import Kind
from tests.journal.test_following import Side
from tests.replicator.pipes import connected


def test_of_many_handshakes_only_keys_that_may_be_used_are_kept(tmp_path: Path, seed: int) -> None:
    """Also where the mailbox is never empty, since the channel has no room."""
    random = Random(seed)
    channel, _, pipes = connected(random)
    end = LinkEnd(channel)
    side = Side(tmp_path / "a", "buffered", following=False)
    agent = ReplicatorAgent(
        side.input, side.sealed, side.position, [end], epoch=1, permitted=side.position
    )
    one, other = random.randbytes(32), random.randbytes(32)
    assert end.install(SecureLink(one, other, 1), pending=False)
    for number in range(100):
        pipes[0].room = 0
        for _ in range(3):
            end.post(Kind.WANT, b"")
        agent.do_work()
        assert not end.idle
        assert end.install(SecureLink(one, other, 2 + number), pending=True)
        assert end.waiting[2] <= MOST_MAILS + 2
        pipes[0].room = 64
        pipes[0].messages.clear()
        while not end.idle:
            agent.do_work()
    side.close()


def test_a_mailbox_that_nobody_empties_takes_no_more(seed: int) -> None:
    channel, _, _ = connected(Random(seed))
    end = LinkEnd(channel)
    taken = [end.post(Kind.WANT, b"") for _ in range(20)]
    assert taken == [True] * MOST_MAILS + [False] * (20 - MOST_MAILS)
    assert end.waiting == (0, MOST_MAILS, 0)


class Silent:
    """A link's agent and end with mails from the primary, and nothing else."""

    def __init__(self, mails: list[tuple[int, bytes]]) -> None:
        self.mails = mails
        self.end = self
        self.heard_ns, self.idle, self.place = 0, False, None

    def take(self) -> tuple[int, bytes] | None:
        return self.mails.pop(0) if self.mails else None


@pytest.mark.parametrize("fetching", [False, True])
def test_files_are_kept_only_while_they_are_fetched(fetching: bool) -> None:
    agent = Silent([(Kind.PIECE, b"x" * 100)] * 5)
    following = Following(
        cast(Any, agent),
        cast(Greeter, None),
        Place(0, 0, bytes(32)),
        bytes(16),
        timing=Timing(silence=500 * MS),
        clock=lambda: 0,
    )
    if fetching:
        following.begin_fetching()
    following.step()
    assert len(following.files) == (5 if fetching else 0)
    assert following.stage is (Stage.FETCHING if fetching else Stage.HAILING)
