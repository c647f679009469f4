# Written by `python -m journal.generate`; edit journal/schema.py instead.
from journal.layout cimport BatchHeader, SegmentHeader


def layouts():
    cdef char *base
    cdef SegmentHeader segmentheader
    cdef BatchHeader batchheader
    found = {}
    base = <char *>&segmentheader
    found["SegmentHeader"] = (sizeof(SegmentHeader), {
        "checksum": (
            <char *>&segmentheader.checksum - base, sizeof(segmentheader.checksum),
        ),
        "format": (
            <char *>&segmentheader.format - base, sizeof(segmentheader.format),
        ),
        "magic": (
            <char *>&segmentheader.magic - base, sizeof(segmentheader.magic),
        ),
        "cluster": (
            <char *>&segmentheader.cluster - base, sizeof(segmentheader.cluster),
        ),
        "number": (
            <char *>&segmentheader.number - base, sizeof(segmentheader.number),
        ),
        "generation": (
            <char *>&segmentheader.generation - base, sizeof(segmentheader.generation),
        ),
        "first_sequence": (
            <char *>&segmentheader.first_sequence - base, sizeof(segmentheader.first_sequence),
        ),
        "segment_bytes": (
            <char *>&segmentheader.segment_bytes - base, sizeof(segmentheader.segment_bytes),
        ),
        "created": (
            <char *>&segmentheader.created - base, sizeof(segmentheader.created),
        ),
        "epoch": (
            <char *>&segmentheader.epoch - base, sizeof(segmentheader.epoch),
        ),
        "key": (
            <char *>&segmentheader.key - base, sizeof(segmentheader.key),
        ),
        "previous": (
            <char *>&segmentheader.previous - base, sizeof(segmentheader.previous),
        ),
        "salt": (
            <char *>&segmentheader.salt - base, sizeof(segmentheader.salt),
        ),
        "recycled": (
            <char *>&segmentheader.recycled - base, sizeof(segmentheader.recycled),
        ),
        "reserved": (
            <char *>&segmentheader.reserved - base, sizeof(segmentheader.reserved),
        ),
    })
    base = <char *>&batchheader
    found["BatchHeader"] = (sizeof(BatchHeader), {
        "magic": (
            <char *>&batchheader.magic - base, sizeof(batchheader.magic),
        ),
        "header_checksum": (
            <char *>&batchheader.header_checksum - base, sizeof(batchheader.header_checksum),
        ),
        "checksum": (
            <char *>&batchheader.checksum - base, sizeof(batchheader.checksum),
        ),
        "count": (
            <char *>&batchheader.count - base, sizeof(batchheader.count),
        ),
        "epoch": (
            <char *>&batchheader.epoch - base, sizeof(batchheader.epoch),
        ),
        "first_sequence": (
            <char *>&batchheader.first_sequence - base, sizeof(batchheader.first_sequence),
        ),
        "previous": (
            <char *>&batchheader.previous - base, sizeof(batchheader.previous),
        ),
        "hash": (
            <char *>&batchheader.hash - base, sizeof(batchheader.hash),
        ),
        "generation": (
            <char *>&batchheader.generation - base, sizeof(batchheader.generation),
        ),
        "key": (
            <char *>&batchheader.key - base, sizeof(batchheader.key),
        ),
        "reserved": (
            <char *>&batchheader.reserved - base, sizeof(batchheader.reserved),
        ),
        "tag": (
            <char *>&batchheader.tag - base, sizeof(batchheader.tag),
        ),
    })
    return found
