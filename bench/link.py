"""``python -m bench.link``: what encrypting a frame between nodes costs, and a handshake.

Beside each frame stands the cipher alone on the same bytes, measured in turns with it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from bench._link import bare, frames
from replicator._secure import SecureLink
from replicator.handshake import Connected, Initiator, Responder
from replicator.identity import Identity
from replicator.nodes import Node, Peer

BODIES = {"256 B": 256, "4 KiB": 4 << 10, "64 KiB": 64 << 10}
BYTES_A_ROUND = 64 << 20
MOST_A_ROUND = 50_000
ROUNDS = 7
HANDSHAKES = 200


def of_frames(body_bytes: int) -> dict[str, float]:
    """Best of the rounds, in nanoseconds for a frame that is sealed and opened."""
    count = min(MOST_A_ROUND, BYTES_A_ROUND // body_bytes)
    here, there = os.urandom(32), os.urandom(32)
    one, other = SecureLink(here, there, 1), SecureLink(there, here, 1)
    ours, raw = [], []
    for _ in range(ROUNDS):
        ours.append(frames(one, other, body_bytes, count))
        raw.append(bare(body_bytes, count))
    return {"ns": round(min(ours), 1), "bare_ns": round(min(raw), 1)}


def of_handshake() -> float:
    """Microseconds for both sides of one together, the median."""
    nodes = [Node(name, n, Identity.of_seed(os.urandom(32))) for n, name in enumerate("ab", 1)]
    peers = [Peer(node.name, node.number, node.identity.public) for node in nodes]
    asks = Initiator(nodes[0], peers[1], random=os.urandom, clock=time.time_ns)
    asked = Responder(nodes[1], [peers[0]], random=os.urandom)
    spans = []
    for _ in range(HANDSHAKES):
        begin = time.perf_counter_ns()
        reply, _ = asked.answer(asks.hello())
        if not isinstance(asks.welcomed(reply), Connected):
            raise AssertionError("the handshake failed")
        spans.append(time.perf_counter_ns() - begin)
    return sorted(spans)[len(spans) // 2] / 1000


def main() -> int:
    found: dict[str, Any] = {name: of_frames(size) for name, size in BODIES.items()}
    for name, figures in found.items():
        print(
            f"{name:>7}: sealed and opened in {figures['ns']:,.0f} ns;"
            f" the cipher alone {figures['bare_ns']:,.0f} ns",
            file=sys.stderr,
        )
    found["handshake_us"] = round(of_handshake(), 1)
    print(f"handshake, both sides: {found['handshake_us']:,.0f} µs", file=sys.stderr)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
