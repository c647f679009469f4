"""A member over a real journal, Aeron's channels and a witness that may take its time."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from journal.batches import end_of
from journal.cutting import cut_behind
from journal.errors import JournalError
from journal.files import DEFAULT_SEGMENT_BYTES, lock_folder
from journal.folder import RealFolder
from journal.key_sources import load_keys
from journal.receiving import complete_arrival
from journal.snapshots import SnapshotStore, snapshot_folder
from lmax.ringbuffer.agent import AgentBase
from node.cluster_config import NodeConfig, NodePart
from node.compatibility import told_to_peers
from node.config_values import ConfigError
from node.core import Core
from node.member import Member, Settings
from node.replaying import Replaying
from replicator._media import LARGEST_MTU
from replicator.aeron import AeronChannel, AeronClient, MediaDriver
from replicator.common import MS, Clock, Post, Timing
from replicator.fetching import Fetching
from replicator.greeter import PeerGreeter
from replicator.identity import IdentityError, load_identity, parse_public
from replicator.nodes import Node, Peer
from replicator.own_log import OwnLog
from replicator.refused import Refused
from replicator.standbys import Rule
from replicator.witness_address import BadAddress, open_witness
from replicator.witness_keeper import ThreadKeeper

SAFE_MTU = 1408

AGAIN_S = 60.0
MOST_LINES = 100

Told = Callable[[str], None]


class RealMember(Member):
    """With what has to be closed after it."""

    resources: ExitStack

    def close(self) -> None:
        with self.resources:
            super().close()

    def _begin_again(self, change: Callable[[], str] | None = None) -> None:
        # The parts of a core know each other, and it is large: what the last one was is not left
        # to a collector that counts objects, and may come after fifty of them.
        gc.collect()
        super()._begin_again(change)


def open_real_member(
    config: NodeConfig,
    told: Told,
    replaying: Replaying | None = None,
    *,
    segment_bytes: int = DEFAULT_SEGMENT_BYTES,
) -> Member:
    """The member that a configuration describes. Raises ConfigError, and what a core raises.

    replaying: is told how far the journal is read, now and whenever it is read again.
    """
    progress = replaying or Replaying()
    with ExitStack() as stack:
        try:
            lease = config.cluster.lease_ms / 1000
            keeper = ThreadKeeper(open_witness(config.cluster.witness, lease))
        except BadAddress as error:
            raise ConfigError(f"{config.file}: [cluster] witness: {error}") from None
        stack.callback(keeper.close)
        greeters = open_greeters(config, told)
        channels, drivers = open_channels(config, stack)
        member = RealMember(
            settings_of(config),
            lambda: open_core(config, progress, segment_bytes),
            channels,
            greeters,
            keeper,
            clock=time.monotonic_ns,
            log_of=own_log,
            files=JournalFiles(config, told),
            drivers=drivers,
            told=told,
        )
        member.resources = stack.pop_all()
        return member


def journal_of(config: NodeConfig) -> Path:
    return config.node.data / "journal"


def open_core(config: NodeConfig, replaying: Replaying, segment_bytes: int) -> Core:
    part, journal = config.node, journal_of(config)
    replaying.begin(0, 0)
    try:
        return _open_core(part, journal, config.cluster.id, replaying, segment_bytes)
    finally:
        replaying.over()


def _open_core(
    part: NodePart, journal: Path, cluster: bytes, replaying: Replaying, segment_bytes: int
) -> Core:
    if journal.is_dir():  # files of another node may have been on their way at the last stop
        complete_arrival(RealFolder(journal), RealFolder(snapshot_folder(journal)))
        with contextlib.suppress(JournalError):  # the core tells what is wrong with it
            replaying.begin(0, end_of(RealFolder(journal)).sequence)
    return Core(
        journal,
        layout=part.layout,
        segment_bytes=segment_bytes,
        journal_mode=part.journal_mode,
        journal_key=part.journal_key,
        replicated=True,
        cluster=cluster,
        replaying=replaying,
    )


def own_log(core: Core) -> OwnLog:
    journal = core.journal
    store = SnapshotStore.of(journal.directory, journal.keys)
    folder = RealFolder(journal.directory)
    return OwnLog(folder, store, journal.cluster, journal.keys, synced=lambda: core.synced.value)


def settings_of(config: NodeConfig) -> Settings:
    cluster, node = config.cluster, config.node
    return Settings(
        node.name,
        cluster.id,
        bootstrap=config.begins,
        rule=Rule(config.waits_for, cluster.without_standby),
        durable=cluster.commit == "durable",
        disk_stall=cluster.disk_stall_ms * MS,
        timing=Timing(
            heartbeat=cluster.heartbeat_ms * MS,
            silence=cluster.silence_ms * MS,
            catch_up=cluster.catch_up_per_s,
            lease=cluster.lease_ms * MS,
        ),
        checkpoints=node.checkpoints or None,
        timer=node.timer or None,
        snapshots=node.snapshot_every or None,
    )


def open_greeters(config: NodeConfig, told: Told) -> dict[str, PeerGreeter]:
    """The handshake with each other node. Raises ConfigError."""
    try:
        identity = load_identity(config.node.identity)
    except IdentityError as error:
        raise ConfigError(f"{config.file}: [node] identity: {error}") from None
    me = config.me
    build = told_to_peers()
    node = Node(me.name, me.number, identity, cluster=config.cluster.id, build=build)
    if identity.text != me.key:
        raise ConfigError(
            f"{config.file}: [[member]] {me.name} key: that of {config.node.identity} is another"
            f" one, {identity.text}; name the right file or the right key"
        )

    tell = sparing(told)

    def refused(why: Refused) -> None:
        tell(f"refuses a connection: {why}")

    return {
        peer.name: PeerGreeter(
            node,
            Peer(peer.name, peer.number, parse_public(peer.key)),
            random=os.urandom,
            clock=time.time_ns,
            heard=refused,
        )
        for peer in config.peers
    }


def sparing(told: Told, clock: Callable[[], float] = time.monotonic) -> Told:
    """Tells the same line again only after a while: who is refused asks ten times a second."""
    said: dict[str, float] = {}

    def tell(line: str) -> None:
        now = clock()
        if now - said.get(line, -AGAIN_S) < AGAIN_S:
            return
        if len(said) >= MOST_LINES:
            said.clear()
        said[line] = now
        told(line)

    return tell


def open_channels(
    config: NodeConfig, stack: ExitStack
) -> tuple[dict[str, AeronChannel], tuple[AgentBase, ...]]:
    """A channel to each other node, and the agents that move its bytes."""
    part = config.node
    part.data.mkdir(parents=True, exist_ok=True)
    driver = stack.enter_context(
        MediaDriver(aeron_folder(part.data), mtu=part.mtu or usual_mtu(config), peer_timeout=1.0)
    )
    client = stack.enter_context(AeronClient(driver))
    channels = {
        link.peer: stack.enter_context(
            AeronChannel(
                client, link.send_uri, link.send_stream, link.receive_uri, link.receive_stream
            )
        )
        for link in config.links()
    }
    return channels, (driver, client)


def usual_mtu(config: NodeConfig) -> int:
    """What suits every network; on one machine the largest datagram, which stays whole there."""
    hosts = {node.replication.host for node in (config.me, *config.peers)}
    return LARGEST_MTU if hosts <= {"127.0.0.1", "::1", "localhost"} else SAFE_MTU


def aeron_folder(data: Path) -> Path:
    """In memory where there is such a file system: Aeron's buffers are no data to be kept."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK):
        digest = data.resolve().as_posix().replace("/", "-").strip("-")
        return memory / f"lmax-aeron-{os.getuid()}-{digest[-100:]}"
    return data / "aeron"


class JournalFiles:
    """What is done to a journal that nobody has open. See node.member.Files."""

    def __init__(self, config: NodeConfig, told: Told) -> None:
        self._journal = journal_of(config)
        self._key = config.node.journal_key
        self._told = told

    def cut(self, sequence: int) -> str:
        lock = lock_folder(self._journal)
        try:
            keys = load_keys(self._key, self._journal, begin=False)
            done = cut_behind(
                RealFolder(self._journal),
                sequence,
                snapshots=SnapshotStore.of(self._journal, keys),
                keys=keys,
                even_archived=True,
            )
        finally:
            os.close(lock)
        if not done.tail:
            return f"the journal ends with command {sequence}; nothing had to be set aside"
        return (
            f"commands {done.first} to {done.last}, which never became everybody's, are set aside"
            f" in {done.tail}"
        )

    def fetch(self, post: Post, clock: Clock) -> Fetching:
        snapshots = snapshot_folder(self._journal)
        self._set_aside(self._journal)
        self._set_aside(snapshots)
        self._journal.mkdir(parents=True, exist_ok=True)
        snapshots.mkdir(parents=True, exist_ok=True)
        keys = load_keys(self._key, self._journal, begin=False)
        return Fetching(
            RealFolder(self._journal),
            RealFolder(snapshots),
            keys,
            post,
            clock=clock,
            told=self._told,
        )

    def _set_aside(self, folder: Path) -> None:
        """A journal that is replaced by the primary's stays beside it; an empty one goes."""
        if not folder.is_dir():
            return
        if any(folder.glob("*.segment")) and any(
            path.read_bytes()[:4096].strip(b"\0") for path in folder.glob("*.segment")
        ):
            kept = folder.with_name(f"{folder.name}.aside-{time.time_ns()}")
            folder.rename(kept)
            self._told(f"{folder} is set aside as {kept.name}")
        else:
            shutil.rmtree(folder)
