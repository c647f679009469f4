"""The real link between nodes: Aeron's media driver, a client of it, and channels over that."""

from replicator._aeron import AeronChannel, AeronClient
from replicator._media import MediaDriver
from replicator.aeronc import AeronError

__all__ = ["AeronChannel", "AeronClient", "AeronError", "MediaDriver"]
