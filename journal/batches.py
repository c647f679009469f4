"""stand-in"""
from __future__ import annotations
import numpy as np
from journal.folder import ReadFolder, read_all
from journal.headers import present_numbers, segment_name, read_header
from journal.place import Place
from journal.schema import BATCH, BATCH_MAGIC, BLOCK_BYTES
from lmax.schema import COMMAND


def walk(folder, from_sequence=0):
    for number in present_numbers(folder):
        header = read_header(folder, segment_name(number))
        if not isinstance(header, dict):
            return
        data = read_all(folder, segment_name(number))
        at = BLOCK_BYTES
        while at + 128 <= len(data):
            batch = data[at : at + 128].view(BATCH)[0]
            if batch["magic"].tobytes() != BATCH_MAGIC or batch["generation"] != header["generation"]:
                break
            count = int(batch["count"])
            size = 128 + 128 * count
            if int(batch["first_sequence"]) + count - 1 > from_sequence:
                place = Place(header["cluster"], int(batch["first_sequence"]) + count - 1, batch["hash"].tobytes(), int(batch["epoch"]), header["generation"], number, at + -(-size // BLOCK_BYTES) * BLOCK_BYTES)
                yield place, batch, data[at : at + size]
            at += -(-size // BLOCK_BYTES) * BLOCK_BYTES


def find_batch(folder, sequence):
    for place, _, _ in walk(folder, sequence - 1):
        return place if place.sequence == sequence else None
    return None


def last_epochs(folder):
    found = {}
    for place, _, _ in walk(folder):
        found[place.epoch] = (place.epoch, place.sequence, place.hash)
    return list(found.values())
