"""What is written down of a golden journal, and how one is made.

A folder `rules-N` holds a small journal of every kind of command, seeded and with the CHECKPOINTs
of a primary, and `expected.json`: what the rules of that number make of it. Nothing here is drawn
anew by a test: a generator that changes would change the commands, too.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from journal.reader import Reader
from lmax._engine import Engine
from lmax.records import joined
from lmax.rules import RULES
from tests.engine.test_checkpoints import primary
from tests.journal.writing import Scribe

HERE = Path(__file__).parent
EXPECTED = "expected.json"
SEED, COMMANDS, CHECKPOINT_EVERY = 126, 3000, 97
PART = 100
"""So many commands have a digest of their events and a state hash: a change is found there."""

SEGMENT_BYTES = 128 << 10


def folder_of(rules: int) -> Path:
    return HERE / f"rules-{rules}"


def read(folder: Path) -> tuple[np.ndarray, str]:
    """The commands of a journal, and the hash of its last batch."""
    with Reader(folder) as reader:
        commands = joined([batch.copy() for batch in reader.batches()])
        assert reader.torn == ""
        return commands, reader.chain.hash.hex()


def parts_of(commands: np.ndarray) -> tuple[list[dict[str, Any]], np.ndarray]:
    """For each part what the logic comes to, and all events."""
    engine = Engine()
    parts, everything = [], []
    for first in range(0, len(commands), PART):
        events = engine.apply(commands[first : first + PART])
        parts.append(
            {
                "until": engine.sequence,
                "state": f"{engine.state_hash:016x}",
                "events": hashlib.sha256(events.tobytes()).hexdigest(),
            }
        )
        everything.append(events)
    assert engine.recomputed_state_hash() == engine.state_hash
    return parts, np.concatenate(everything)


def make() -> Path:
    """The golden journal of the rules as they are. FileExistsError if they have one."""
    folder = folder_of(RULES)
    folder.mkdir()
    commands = primary(SEED, COMMANDS, CHECKPOINT_EVERY)
    with Scribe(
        folder, segment_bytes=SEGMENT_BYTES, mode="buffered", cluster=b"golden".ljust(16)
    ) as it:
        for part in np.array_split(commands, 30):
            it.write(part)
        it.agent = None  # type: ignore[assignment]
    for path in folder.iterdir():
        if path.suffix != ".segment" or not any(path.read_bytes()):
            path.unlink()
    stored, chain = read(folder)
    parts, _ = parts_of(stored)
    text = json.dumps({"rules": RULES, "chain": chain, "parts": parts}, indent=1)
    (folder / EXPECTED).write_text(text + "\n")
    return folder
