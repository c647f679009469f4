"""An image of the state holds everything that decides what happens later.

LMAX_IMAGE_COMMANDS sets how many commands (2,000 by default), LMAX_IMAGE_SEED which (else a new
one each time; it is printed with every failure).
"""

import os
from random import Random, SystemRandom

import numpy as np
import pytest

from bench.common import recording
from flow.commands import CASH, define_instrument, deposits, open_accounts
from lmax import declarations
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import COMMAND, CommandType
from lmax.view.images import ImageError, ImageReader, ImageWriter, layout, reset
from tests.engine.compare import assert_same_state
from tests.engine.systems import EngineSystem, TwinSystem
from tests.engine.traffic import Traffic
from tests.twin.records import commands_to_array

COMMANDS = int(os.environ.get("LMAX_IMAGE_COMMANDS", "2000"))
SEED = int(os.environ.get("LMAX_IMAGE_SEED", "0"))
PARTS = 2
INNER_NODES, OLD_IDS = 12, 17


def image_of(engine: Engine, room: int = 1 << 16) -> list[np.ndarray]:
    writer = ImageWriter(engine)
    parts: list[np.ndarray] = []
    while True:
        part = np.zeros(room, np.uint8)
        if not (size := writer.fill(part)):
            return parts
        parts.append(part[:size])


def load(engine: Engine, parts: list[np.ndarray]) -> Engine:
    reader = ImageReader(engine)
    for part in parts:
        reader.take(part)
    reader.end()
    return engine


def stream(seed: int, count: int) -> tuple[np.ndarray, TwinSystem]:
    """Seeded commands of all kinds, and the twin that has applied them."""
    twin = TwinSystem()
    traffic = Traffic(seed, twin.twin)
    commands = []
    for _ in range(count):
        commands.append(traffic.next())
        twin.apply(commands[-1:])
    return commands_to_array(commands), twin


def counters(engine: Engine) -> tuple[object, ...]:
    return engine.sequence, engine.now, engine.trades, engine.accepted, engine.rejected


@pytest.mark.parametrize("part", range(PARTS))
def test_an_engine_read_from_its_image_goes_on_as_if_nothing_had_been(part: int) -> None:
    """Again and again: what goes on is an image of an image, to the end."""
    seed = SEED + part if SEED else SystemRandom().randrange(1, 2**32)
    print(f"to repeat: LMAX_IMAGE_SEED={seed - part if SEED else seed} (COMMANDS={COMMANDS})")
    commands, twin = stream(seed, COMMANDS)
    random = Random(seed)
    system, other = EngineSystem(), Engine()
    at = 0
    while at < COMMANDS:
        size = random.choice([1, 3, 40, 200, 400])
        chunk = commands[at : at + size]
        assert other.apply(chunk).tobytes() == system.apply_array(chunk).tobytes(), f"at {at}"
        assert counters(other) == counters(system.engine)
        assert other.state_hash == system.engine.state_hash
        at += len(chunk)
        parts = image_of(other, random.choice([1024, 5000, 1 << 20]))
        other = load(random.choice([other, Engine()]), parts)
        assert other.state_hash == other.recomputed_state_hash() == system.engine.state_hash
        if random.random() < 0.05:
            other.check()
    other.check()
    system.engine = other
    assert_same_state(twin, system)


def test_the_commands_reach_every_kind_there_is() -> None:
    kinds: set[int] = set()
    for seed in range(1, 9):
        kinds |= set(stream(seed, 1_500)[0]["type"].tolist())
        if kinds >= set(CommandType):
            break
    assert kinds >= set(CommandType)


def test_two_engines_that_did_the_same_have_the_same_image(seed: int) -> None:
    """No address is in it, and nothing that was left over: it would differ."""
    commands, _ = stream(seed, 1_500)
    images = []
    for sizes in ([1, 9, 100], [1500]):
        engine, random, at = Engine(), Random(seed), 0
        while at < len(commands):
            size = random.choice(sizes)
            engine.skim(commands[at : at + size])
            at += size
        images.append(b"".join(part.tobytes() for part in image_of(engine)))
    assert images[0] == images[1]
    copy = load(Engine(), image_of(engine))
    assert b"".join(part.tobytes() for part in image_of(copy)) == images[0]


def flow(count: int, first: int = 1) -> np.ndarray:
    """New orders of a thousand accounts, which all rest, behind what lets them."""
    commands = np.zeros(count, COMMAND)
    commands["sequence"] = np.arange(first, first + count)
    return commands


def regions_in(parts: list[np.ndarray]) -> set[int]:
    """Numbers of the regions that something is in: lmax/state/regions.pyx."""
    found = set()
    for part in parts:
        at = 0
        while at < len(part):
            region, size = part[at : at + 8].view(np.uint32)
            found.add(int(region))
            at += 16 + int(size)
    return found


def numbered(commands: np.ndarray, engine: Engine) -> np.ndarray:
    commands = commands.copy()
    commands["sequence"] = np.arange(1, len(commands) + 1, dtype=np.uint64) + engine.sequence
    return commands


def follow(engine: Engine, other: Engine, commands: np.ndarray, step: int) -> Engine:
    """Both apply them, the other one with an image between any two parts; it, as it is then."""
    for at in range(0, len(commands), step):
        chunk = numbered(commands[at : at + step], engine)
        assert other.apply(chunk).tobytes() == engine.apply(chunk).tobytes()
        other = load(Engine(), image_of(other, 1 << 20))
        assert other.state_hash == other.recomputed_state_hash() == engine.state_hash
    return other


def test_an_image_within_the_growth_of_the_map_of_ids_keeps_every_id() -> None:
    """The map moves from one table to the next over many commands: images all the way."""
    setup, commands = recording(100_000)
    engine = Engine()
    other = follow(engine, Engine(), setup, len(setup))
    seen: set[int] = set()
    for at in range(0, len(commands), 1_500):
        other = follow(engine, other, commands[at : at + 1_500], 1_500)
        seen |= regions_in(image_of(other))
    assert OLD_IDS in seen
    again = numbered(commands[:20_000], engine)
    assert other.apply(again).tobytes() == engine.apply(again).tobytes()
    other.check()


def test_an_image_keeps_trees_whose_levels_are_far_apart(seed: int) -> None:
    """With more than four leaves a tree has inner nodes, and a cache that is an address."""
    accounts = np.array([1, 2])
    opening = [define_instrument(1, "FAR"), open_accounts(accounts)]
    opening += [deposits(accounts, asset, 10**15) for asset in (CASH, 1)]
    made = np.zeros(600, COMMAND)
    made["type"], made["instrument"] = CommandType.NEW_ORDER, 1
    made["client_order_id"], made["quantity"] = np.arange(1, 601), 5
    draw = np.random.default_rng(seed)
    made["account"], made["side"] = draw.integers(1, 3, 600), draw.integers(0, 2, 600)
    made["price"] = 2 ** draw.integers(1, 31, 600) + draw.integers(0, 500, 600)
    engine = Engine()
    other = follow(engine, Engine(), joined([*opening, made]), 100)
    assert INNER_NODES in regions_in(image_of(other))
    other.check()


def test_memory_of_a_read_state_goes_back_and_is_used_again(seed: int) -> None:
    """What an engine frees after it was read it takes again before it takes more."""
    commands, _ = stream(seed, 1_500)
    engine = Engine()
    engine.skim(commands)
    other = load(Engine(), image_of(engine))
    for one in (engine, other):
        reset(one)
        assert one.sequence == 0
        assert one.state_hash == Engine().state_hash
        one.skim(commands)
    assert image_bytes(engine) == image_bytes(other)


def image_bytes(engine: Engine) -> bytes:
    return b"".join(part.tobytes() for part in image_of(engine))


@pytest.mark.parametrize("cut", [3, 16, 100])
def test_an_image_that_is_cut_or_does_not_fit_is_refused_and_leaves_an_engine_that_can_begin_anew(
    seed: int, cut: int
) -> None:
    commands, _ = stream(seed, 300)
    engine, other = Engine(), Engine()
    engine.skim(commands)
    whole = np.frombuffer(image_bytes(engine), np.uint8)
    reader = ImageReader(other)
    with pytest.raises(ImageError, match="it does not fit into its own sizes"):
        reader.take(whole[:-cut].copy())
    reset(other)
    other.skim(commands)
    assert other.state_hash == engine.state_hash


def test_an_image_of_an_engine_that_remembers_fewer_trades_is_refused() -> None:
    parts = image_of(Engine(most_trades=64))
    with pytest.raises(ImageError, match="another number of trades"):
        load(Engine(), parts)


def test_an_engine_that_stopped_has_no_image() -> None:
    engine = Engine()
    with pytest.raises(RuntimeError, match="out of sequence"):
        engine.skim(flow(1, first=9))
    with pytest.raises(ImageError, match="has stopped"):
        ImageWriter(engine)


def test_another_declaration_of_a_struct_is_another_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    text = declarations.declared()
    assert "cdef struct Order:" in text
    assert "cdef struct State:" in text
    assert "#" not in text
    before = declarations.render_declared()
    monkeypatch.setattr(declarations, "declared", lambda: text.replace("uint16_t session", ""))
    assert declarations.render_declared() != before
    assert len(layout()) == 32
    assert layout()[:16].hex() in before
