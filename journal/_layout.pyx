# Written by `python -m journal.generate`; edit journal/schema.py instead.
from journal.layout cimport BatchHeader, SegmentHeader


def segmentheader():
    cdef SegmentHeader header
    cdef char *base = <char *>&header
    return sizeof(SegmentHeader), {
        "checksum": (<char *>&header.checksum - base, sizeof(header.checksum)),
        "format": (<char *>&header.format - base, sizeof(header.format)),
        "magic": (<char *>&header.magic - base, sizeof(header.magic)),
        "cluster": (<char *>&header.cluster - base, sizeof(header.cluster)),
        "number": (<char *>&header.number - base, sizeof(header.number)),
        "generation": (<char *>&header.generation - base, sizeof(header.generation)),
        "first_sequence": (<char *>&header.first_sequence - base, sizeof(header.first_sequence)),
        "segment_bytes": (<char *>&header.segment_bytes - base, sizeof(header.segment_bytes)),
        "created": (<char *>&header.created - base, sizeof(header.created)),
        "epoch": (<char *>&header.epoch - base, sizeof(header.epoch)),
        "key": (<char *>&header.key - base, sizeof(header.key)),
        "previous": (<char *>&header.previous - base, sizeof(header.previous)),
        "salt": (<char *>&header.salt - base, sizeof(header.salt)),
        "recycled": (<char *>&header.recycled - base, sizeof(header.recycled)),
        "unused": (<char *>&header.unused - base, sizeof(header.unused)),
        "skips": (<char *>&header.skips - base, sizeof(header.skips)),
        "reserved": (<char *>&header.reserved - base, sizeof(header.reserved)),
    }


def batchheader():
    cdef BatchHeader header
    cdef char *base = <char *>&header
    return sizeof(BatchHeader), {
        "magic": (<char *>&header.magic - base, sizeof(header.magic)),
        "header_checksum": (<char *>&header.header_checksum - base, sizeof(header.header_checksum)),
        "checksum": (<char *>&header.checksum - base, sizeof(header.checksum)),
        "count": (<char *>&header.count - base, sizeof(header.count)),
        "epoch": (<char *>&header.epoch - base, sizeof(header.epoch)),
        "first_sequence": (<char *>&header.first_sequence - base, sizeof(header.first_sequence)),
        "previous": (<char *>&header.previous - base, sizeof(header.previous)),
        "hash": (<char *>&header.hash - base, sizeof(header.hash)),
        "generation": (<char *>&header.generation - base, sizeof(header.generation)),
        "key": (<char *>&header.key - base, sizeof(header.key)),
        "behind": (<char *>&header.behind - base, sizeof(header.behind)),
        "tag": (<char *>&header.tag - base, sizeof(header.tag)),
    }
