"""F19, F20: what a node that comes back brings with it."""

from pathlib import Path

import numpy as np
import pytest

from journal.folder import RealFolder
from journal.tails import tail_names
from lmax.schema import EventType
from node.clients.session import Session
from node.clients.tickets import State
from tests.failover.scenes import OWN_IDS, Scene, orders, scene

HALT = {"without_standby": '"halt"'}

pytestmark = pytest.mark.timeout(300)


TOLD = (State.ACKNOWLEDGED, State.REJECTED)
"""UNKNOWN, after a while, tells nobody anything: it can be asked about."""


def journaled_alone(it: Scene, session: Session, count: int):
    """The standby stands still, and the primary journals so many orders: their tickets."""
    primary, standby = it.roles()
    it.freeze(standby)
    before = it.sequence(primary, "published")
    sent = orders(0, count)
    tickets = [
        ticket
        for first in range(0, count, 1000)
        for ticket in session.submit(sent[first : first + 1000])
    ]
    it.until("not journaled", lambda: it.sequence(primary, "synced") >= before + count)
    return tickets


def test_f19_what_the_old_primary_had_alone_is_set_aside_and_cut(tmp_path: Path) -> None:
    """More than what may be on its way to a standby; nobody was told of it, and the session
    sends it again, to the new primary."""
    count = 8000
    with scene(tmp_path, settings=HALT) as it, Session(it.machine.clients) as session:
        it.until_answered()
        old, new = it.roles()
        tickets = journaled_alone(it, session, count)
        assert it.sequence(old, "permitted") < it.sequence(old, "synced")
        told = [ticket for ticket in tickets[-100:] if ticket.state in TOLD]
        assert not told, told[:3]
        it.machine.kill(old)
        it.wake(new)
        it.until_status(new, role="PRIMARY")
        ended = it.end(old)
        it.machine.start(old)
        it.until_in_sync()
        assert it.machine.primary() == new
        for ticket in tickets:
            assert session.result(ticket, 60)[0]["type"] == EventType.ACCEPTED
        log = it.good()
        assert it.said(old, "which never became everybody's, are set aside in")
        assert tail_names(RealFolder(it.machine.journal(old)))
        assert set(OWN_IDS + np.arange(count)) <= set(log["client_order_id"].tolist())
        assert it.led == {1: old, 2: new}
        assert ended[0] == 1


def test_f20_a_primary_that_is_restarted_answers_only_what_a_standby_has_too(
    tmp_path: Path,
) -> None:
    """What it had journaled and not acknowledged is in its log after the start. That is no
    acknowledgement: neither who sends it again nor who asks is told of it before."""
    with scene(tmp_path, settings=HALT) as it, Session(it.machine.clients) as session:
        it.until_answered()
        primary, standby = it.roles()
        tickets = journaled_alone(it, session, 8000)
        it.machine.kill(primary)
        it.machine.start(primary)
        it.until_status(primary, role="PRIMARY")
        answered = it.answers
        with Session(it.machine.clients) as other, pytest.raises(TimeoutError):
            other.ask(1, OWN_IDS + 7999, timeout=1)
        assert it.answers == answered
        told = [ticket for ticket in tickets[-100:] if ticket.state in TOLD]
        assert not told, told[:3]
        assert it.machine.status(primary)["role"] == "PRIMARY"
        it.wake(standby)
        it.until_in_sync()
        for ticket in tickets:
            assert session.resolve(ticket, 60)[0]["type"] == EventType.ACCEPTED
        log = it.good()
        assert set(OWN_IDS + np.arange(8000)) <= set(log["client_order_id"].tolist())
        assert it.led == {1: primary, 2: primary}
