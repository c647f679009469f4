"""One snapshot as a file: written, read and checked. The layout: docs/snapshots.md."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from journal._scan import all_zeros, crc
from journal._sealing import Sealer
from journal.errors import SnapshotError
from journal.folder import Bytes, Folder, ReadFolder, no_pause, read_all
from journal.keys import Keys
from journal.place import Place
from journal.schema import BLOCK_BYTES
from journal.snapshot_schema import (
    FRAME,
    FRAME_BYTES,
    FRAME_HEADER_BYTES,
    SNAPSHOT,
    SNAPSHOT_FORMAT,
    SNAPSHOT_HEADER_BYTES,
    SNAPSHOT_MAGIC,
)
from lmax.view._view import StateView
from lmax.view.images import ImageError, ImageReader, ImageWriter, layout

CHECKED_FROM = 4
TAG_BYTES = 16
SALT_BYTES = 16


@dataclass(frozen=True)
class Snapshot:
    """What the header of a snapshot says.

    place: in the journal; created: ns since 1970; size: of the file, bytes.
    """

    name: str
    place: Place
    state_hash: int
    now: int
    created: int
    frames: int
    size: int
    key: int
    salt: bytes

    @property
    def sequence(self) -> int:
        return self.place.sequence


# -- writing ------------------------------------------------------------------------------


def write_snapshot(
    folder: Folder,
    name: str,
    view: StateView,
    place: Place,
    *,
    keys: Keys | None = None,
    pause: Callable[[], None] = no_pause,
) -> None:
    """Write the state to a new file, and sync it. pause: called between pieces of 1 MiB.

    The state is that behind `place` and stands still meanwhile. Raises OSError, ImageError.
    """
    keys = keys or Keys()
    salt = os.urandom(SALT_BYTES)
    sealer = _sealer(keys, keys.current, place.cluster, salt)
    handle = folder.create(name)
    try:
        end, frames = BLOCK_BYTES, 0
        for frame in _frames(ImageWriter(view), sealer, salt):
            folder.write_at(handle, frame, end)
            end, frames = end + len(frame), frames + 1
            pause()
        block = _header(view, place, keys.current, salt, frames, end)
        folder.write_at(handle, block, 0)
        folder.sync_file(handle)
    finally:
        folder.close(handle)


def _aligned(size: int) -> Bytes:
    """Zeros that begin on a page, as writes past the page cache ask for."""
    return np.frombuffer(mmap.mmap(-1, size), np.uint8)


def _sealer(keys: Keys, number: int, cluster: bytes, salt: bytes) -> Sealer | None:
    return Sealer(keys.of_segment(number, cluster, salt)) if number else None


def _frames(image: ImageWriter, sealer: Sealer | None, salt: bytes) -> Iterator[Bytes]:
    """The frames of an image; each is valid until the next one."""
    buffer = _aligned(FRAME_BYTES)
    header = buffer[:FRAME_HEADER_BYTES].view(FRAME)
    number = 0
    while size := image.fill(buffer[FRAME_HEADER_BYTES:]):
        number += 1
        end = FRAME_HEADER_BYTES + size
        total = -(-end // BLOCK_BYTES) * BLOCK_BYTES
        buffer[end:total] = 0
        buffer[:FRAME_HEADER_BYTES] = 0
        header["size"], header["number"] = size, number
        header["salt"] = np.void(salt)
        if sealer:
            known = _known(salt, number, size)
            header["tag"] = np.void(sealer.seal(buffer[FRAME_HEADER_BYTES:end], number, known))
        header["checksum"] = crc(buffer[CHECKED_FROM:total])
        yield buffer[:total]


def _known(salt: bytes, number: int, size: int) -> bytes:
    """What a frame's tag covers besides its content."""
    return salt + number.to_bytes(8, "little") + size.to_bytes(4, "little")


def _header(view: StateView, place: Place, key: int, salt: bytes, frames: int, size: int) -> Bytes:
    block = _aligned(BLOCK_BYTES)
    header = block[:SNAPSHOT_HEADER_BYTES].view(SNAPSHOT)
    header["magic"] = np.void(SNAPSHOT_MAGIC)
    header["format"] = SNAPSHOT_FORMAT
    header["layout"] = np.void(layout())
    header["cluster"], header["hash"] = np.void(place.cluster), np.void(place.hash)
    for name in ("sequence", "epoch", "generation", "segment", "offset"):
        header[name] = getattr(place, name)
    header["state_hash"], header["now"] = view.state_hash, view.now
    header["created"] = time.time_ns()
    header["key"], header["salt"] = key, np.void(salt)
    header["frames"], header["bytes"] = frames, size
    header["checksum"] = crc(block[CHECKED_FROM:])
    return block


# -- reading ------------------------------------------------------------------------------


def read_snapshot_header(folder: ReadFolder, name: str) -> Snapshot:
    """What a snapshot is of. Raises SnapshotError."""
    try:
        block = read_all(folder, name, 0, BLOCK_BYTES)
        size = folder.size(name)
    except OSError as error:
        raise SnapshotError(name, f"it cannot be read: {error.strerror}") from None
    if len(block) < BLOCK_BYTES:
        raise SnapshotError(name, "a file that ends within its header")
    header = block[:SNAPSHOT_HEADER_BYTES].view(SNAPSHOT)[0]
    if header["magic"].tobytes() != SNAPSHOT_MAGIC:
        raise SnapshotError(name, "no snapshot")
    if header["checksum"] != crc(block[CHECKED_FROM:]):
        raise SnapshotError(name, "a header whose checksum is wrong")
    if header["format"] != SNAPSHOT_FORMAT:
        raise SnapshotError(
            name, f"format {header['format']}; this program reads format {SNAPSHOT_FORMAT}"
        )
    if header["layout"].tobytes() != layout():
        raise SnapshotError(name, "it was taken by a release with other rules or another layout")
    if header["bytes"] != size:
        raise SnapshotError(name, f"a file of {size} bytes, not {header['bytes']}")
    place = Place(
        cluster=header["cluster"].tobytes(),
        hash=header["hash"].tobytes(),
        **{n: int(header[n]) for n in ("sequence", "epoch", "generation", "segment", "offset")},
    )
    return Snapshot(
        name=name,
        place=place,
        size=size,
        salt=header["salt"].tobytes(),
        **{n: int(header[n]) for n in ("state_hash", "now", "created", "frames", "key")},
    )


def checked_frames(
    folder: ReadFolder, snapshot: Snapshot, keys: Keys | None = None
) -> Iterator[Bytes]:
    """What the frames hold, each checked; each array is valid until the next one.

    Without its key what is encrypted stays so. Raises SnapshotError.
    """
    sealer = None
    if keys is not None:
        sealer = _sealer(keys, snapshot.key, snapshot.place.cluster, snapshot.salt)
    buffer = np.empty(FRAME_BYTES, np.uint8)
    offset, handle = BLOCK_BYTES, -1
    try:
        handle = folder.open_to_read(snapshot.name)
        for number in range(1, snapshot.frames + 1):
            frame = buffer[: folder.read_at(handle, buffer, offset)]
            size = _check_frame(frame, snapshot, number)
            data = frame[FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + size]
            if sealer:
                tag = frame[:FRAME_HEADER_BYTES].view(FRAME)[0]["tag"].tobytes()
                if not sealer.open(data, number, _known(snapshot.salt, number, size), tag):
                    raise SnapshotError(snapshot.name, f"frame {number} is not what was encrypted")
            offset += len(frame)
            yield data
    except OSError as error:
        raise SnapshotError(snapshot.name, f"it cannot be read: {error.strerror}") from None
    finally:
        if handle >= 0:
            folder.close(handle)
    if offset != snapshot.size:
        raise SnapshotError(snapshot.name, "bytes behind the last frame")


def _check_frame(frame: Bytes, snapshot: Snapshot, number: int) -> int:
    """How many bytes of image are in it."""
    if len(frame) < FRAME_HEADER_BYTES:
        raise SnapshotError(snapshot.name, f"frame {number} is missing")
    header = frame[:FRAME_HEADER_BYTES].view(FRAME)[0]
    size = int(header["size"])
    end = FRAME_HEADER_BYTES + size
    if header["checksum"] != crc(frame[CHECKED_FROM:]):
        raise SnapshotError(snapshot.name, f"the checksum of frame {number} is wrong")
    if header["number"] != number or header["salt"].tobytes() != snapshot.salt:
        raise SnapshotError(snapshot.name, f"another frame in the place of frame {number}")
    if end > len(frame) or not all_zeros(frame[end:]):
        raise SnapshotError(snapshot.name, f"frame {number} has another size")
    return size


def load_snapshot(
    folder: ReadFolder, snapshot: Snapshot, view: StateView, keys: Keys | None = None
) -> None:
    """Read a snapshot into a state that nobody uses meanwhile, and compare its hash.

    After a SnapshotError the state is good for nothing but another image or `images.reset`.
    """
    image = ImageReader(view)
    try:
        for data in checked_frames(folder, snapshot, keys or Keys()):
            image.take(data)
        image.end()
    except ImageError as error:
        raise SnapshotError(snapshot.name, str(error)) from None
    if (view.sequence, view.now) != (snapshot.sequence, snapshot.now):
        raise SnapshotError(snapshot.name, f"its state is that of command {view.sequence}")
    for found in (view.state_hash, view.recomputed_state_hash()):
        if found != snapshot.state_hash:
            raise SnapshotError(
                snapshot.name,
                f"the hash of its state is {found:016x}, not {snapshot.state_hash:016x}",
            )
