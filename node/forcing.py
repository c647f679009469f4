"""An operator's word that a node may lead, whatever the lost ones had: what has to hold first.

Nothing here makes anybody lead. The witness's record is changed, in a new epoch, so that only
that node may take over, and it does so by itself; whoever led before is refused from then on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from journal.batches import last_epochs
from journal.errors import JournalError
from journal.folder import RealFolder
from node.cluster_config import NodeConfig
from node.config_values import ConfigError
from node.control_client import NobodyAnswers, ask
from node.control_loop import Refusal
from replicator.witness import Lost, Record, Unavailable, Witness, named
from replicator.witness_address import BadAddress, open_witness

LOOKS = 10
"""At the record while a lease could run."""

Answers = Callable[[str], bool]
"""Whether the node of that name answers at its control port, in whatever words."""


@dataclass(frozen=True)
class Wish:
    """Who shall be able to lead, and what was found. known: the highest epoch of its journal."""

    node: str
    known: int
    record: Record

    @property
    def others(self) -> frozenset[str]:
        return self.record.in_sync - {self.node}

    @property
    def lost(self) -> str:
        """What it costs, for people."""
        record = self.record
        there = (
            f"the witness says: epoch {record.epoch}, {record.leader or 'nobody'} leads, in sync:"
            f" {named(record.in_sync)}. {self.node} alone could lead then, in a later epoch"
        )
        if not self.others:
            return f"{there}; look first whether another node's journal goes further"
        return f"{there}, and what {named(self.others)} acknowledged and {self.node} lacks is lost"


def open_record(config: NodeConfig) -> Witness:
    """The witness of a configuration. Raises ConfigError."""
    try:
        return open_witness(config.cluster.witness, config.cluster.lease_ms / 1000)
    except BadAddress as error:
        raise ConfigError(f"{config.file}: [cluster] witness: {error}") from None


def wish(config: NodeConfig, witness: Witness) -> Wish:
    """What would be forced. Raises Refusal where there is nothing to force, or nobody to lead."""
    name, known = config.node.name, last_epoch(config.node.data / "journal")
    try:
        found = Wish(name, known, witness.read())
    except Unavailable as error:
        raise Refusal("witness", str(error)) from None
    if not known:
        raise Refusal(
            "no-journal",
            f"{config.node.data / 'journal'} holds nothing, so {name} would lead with nothing:"
            " force a node that has a journal, or restore one there first",
        )
    record = found.record
    if (
        record.epoch >= known
        and not found.others
        and record.in_sync
        and record.leader in ("", name)
    ):
        raise Refusal("needless", f"{name} may lead as it is: start it, and look at its problem")
    return found


def last_epoch(journal: Path) -> int:
    """The highest one of a journal, which may be written meanwhile; 0: it holds nothing."""
    if not journal.is_dir():
        return 0
    try:
        return max((end.epoch for end in last_epochs(RealFolder(journal))), default=0)
    except (JournalError, FileNotFoundError):
        raise Refusal(
            "no-journal", f"{journal} cannot be read: `lmax journal verify` tells what is wrong"
        ) from None


def answers_of(config: NodeConfig) -> Answers:
    """Asks the control ports of a configuration."""
    token = config.token()

    def answers(name: str) -> bool:
        try:
            ask(config.member(name).control, "/status", token=token)
        except Refusal:
            return True  # somebody is there, though it wants another token
        except (NobodyAnswers, KeyError):
            return False
        return True

    return answers


def force(wished: Wish, witness: Witness, answers: Answers, lease: float) -> Record:
    """Do it; the record as it is then. lease: of a primary, in seconds.

    Raises Refusal where somebody lives who leads or could: by the control port, or by the
    witness, whose record a primary renews.
    """
    node, record = wished.node, wished.record
    if record.leader and answers(record.leader):
        raise Refusal(
            "leader-answers",
            f"{record.leader} leads and answers: `lmax promote` and `lmax demote` change that"
            " without a loss; if it must not lead any more, stop it first",
        )
    for other in sorted(wished.others - {record.leader}):
        if answers(other):
            raise Refusal(
                "in-sync-answers",
                f"{other} is in sync and answers: it takes over by itself, without a loss, or says"
                " in its problem why not; only if it never will, stop it first",
            )
    try:
        if record.leader and not record.released:
            _see_nobody_lead(record, witness, lease)
        return witness.force(record, frozenset({node}), wished.known)
    except Lost as lost:
        raise Refusal("leader-lives", f"nothing was changed: {lost}; somebody leads") from None
    except Unavailable as error:
        raise Refusal("witness", str(error)) from None


def _see_nobody_lead(record: Record, witness: Witness, lease: float) -> None:
    """A leader that cannot be reached from here may well reach the witness, and clients."""
    for _ in range(LOOKS):
        time.sleep(1.25 * lease / LOOKS)
        now = witness.read()
        if now.revision != record.revision:
            raise Lost(now)
