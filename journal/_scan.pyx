"""Reading batches from bytes: every number is checked before it is used."""
cimport cython
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from journal._openssl cimport (
    NONCE_BYTES, aes_free, aes_new, aes_open, sha256_add, sha256_begin, sha256_end, sha256_free,
    sha256_new,
)
from journal.crc32c cimport crc32c, crc32c_by_table, crc32c_prepare
from journal.format cimport Link, are_numbered, batch_bytes, batch_nonce, is_batch_header
from journal.layout cimport (
    BATCH_HASHED_FROM, BATCH_HASHED_TO, BATCH_MAGIC, BLOCK_BYTES, FORMAT, HASH_BYTES, MAX_BATCH,
    MAX_BATCH_BYTES, SEGMENT_CHECKED_FROM, SEGMENT_MAGIC, BatchHeader, SegmentHeader,
)
from lmax.wire cimport RECORD_BYTES

crc32c_prepare()

# For Python: bytes of a block, bytes and commands of the largest batch.
SIZES = (BLOCK_BYTES, MAX_BATCH_BYTES, MAX_BATCH)

# What stopped `gather`.
EXHAUSTED = 0  # the chunk, or the room for commands: go on with the next
END = 1  # nothing was written from here on: zeros, or what a recycled file held before
BAD = 2  # something else: damage, or at the very end a write that was cut short
SPOILED = 3  # what no write that was cut short leaves behind: damage wherever it stands

cdef enum:
    PIECE_BYTES = 30720  # fits in the first cache; whole commands, and whole turns of the checksum

cdef enum Found:
    WHOLE
    SHORT  # the chunk ends before the batch does
    ZEROS
    STALE
    # from here on it may be a write that was cut short
    NO_BATCH
    BAD_HEADER
    BAD_COMMANDS
    OLD_BEHIND
    # from here on it cannot
    BAD_COUNT
    OTHER_GENERATION
    OTHER_SEQUENCE
    OTHER_PREVIOUS
    OTHER_EPOCH
    OTHER_KEY
    BAD_TAG
    BAD_HASH
    BAD_NUMBERS
    BEHIND


class OtherFormat(Exception):
    """A good header of a format that this program does not know."""


def crc(const unsigned char[::1] data, uint32_t start=0):
    """CRC-32C of bytes, going on from `start`."""
    return crc32c(start, &data[0] if data.shape[0] else NULL, data.shape[0])


def crc_by_table(const unsigned char[::1] data, uint32_t start=0):
    """The same where the processor has no instruction for it."""
    return crc32c_by_table(start, &data[0] if data.shape[0] else NULL, data.shape[0])


cdef bint is_zero(const uint8_t *data, size_t size) noexcept nogil:
    return size == 0 or (data[0] == 0 and memcmp(data, data + 1, size - 1) == 0)


def all_zeros(const unsigned char[::1] data):
    """Whether there is nothing else."""
    return is_zero(&data[0] if data.shape[0] else NULL, data.shape[0])


def segment_header(const unsigned char[::1] block):
    """The fields of a segment's header; None for zeros (not in use yet); a str says what is wrong.

    block: the first BLOCK_BYTES of the file. Raises OtherFormat.
    """
    cdef SegmentHeader header
    if block.shape[0] < BLOCK_BYTES:
        return "a file that ends within its header"
    memcpy(&header, &block[0], sizeof(header))
    if is_zero(&block[0], BLOCK_BYTES):
        return None
    if header.magic != SEGMENT_MAGIC:
        return "no segment header"
    if header.checksum != checksum_of_header(&block[0], sizeof(header)):
        if header.checksum == checksum_of_header(&block[0], 128) and header.format == 1:
            raise OtherFormat(f"format 1; this program reads format {FORMAT}")
        return "a header whose checksum is wrong"
    if header.format != FORMAT:
        raise OtherFormat(f"format {header.format}; this program reads format {FORMAT}")
    if not is_zero(&block[sizeof(header)], BLOCK_BYTES - sizeof(header)):
        return "bytes behind a header"
    return {
        "cluster": bytes(header.cluster[:16]),
        "number": header.number,
        "generation": header.generation,
        "first_sequence": header.first_sequence,
        "segment_bytes": header.segment_bytes,
        "created": header.created,
        "epoch": header.epoch,
        "key": header.key,
        "previous": bytes(header.previous[:HASH_BYTES]),
        "salt": bytes(header.salt[:16]),
        "recycled": header.recycled,
        "skips": header.skips,
    }


cdef uint32_t checksum_of_header(const uint8_t *block, size_t size) noexcept nogil:
    return crc32c(0, block + SEGMENT_CHECKED_FROM, size - SEGMENT_CHECKED_FROM)


def batch_at(const unsigned char[::1] block):
    """(generation, first sequence, blocks of its write before it) of a good batch header that
    begins here, or None."""
    cdef BatchHeader header
    if block.shape[0] < <Py_ssize_t>sizeof(header):
        return None
    memcpy(&header, &block[0], sizeof(header))
    if not is_batch_header(&header):
        return None
    return header.generation, header.first_sequence, header.behind


def is_whole_batch(const unsigned char[::1] block):
    """Whether a good batch begins here and all of its commands stand behind its header."""
    cdef const BatchHeader *header = <const BatchHeader *>&block[0]
    if not is_batch_header(header) or batch_bytes(header.count) > block.shape[0]:
        return False
    return header.checksum == crc32c(0, <const char *>&block[128], header.count * RECORD_BYTES)


@cython.no_gc_clear
cdef class Chain:
    """Follows the chain of batches, and gives the commands that are in them.

    It stands behind the last good batch: `sequence`, `hash`, `epoch` and `generation` tell where
    that is. hashes: also work out the SHA-256 of each batch; without, checksums and the links
    between batches are checked.
    """

    cdef Link link
    cdef void *sha
    cdef void *aes
    cdef bint hashes
    cdef bint recycled
    cdef readonly uint64_t batches

    def __cinit__(self, *, bint hashes=True, uint64_t sequence=0, bytes hash=bytes(HASH_BYTES)):
        self.hashes = hashes
        self.link.sequence = sequence
        memcpy(self.link.hash, <const char *>hash, HASH_BYTES)
        self.sha = sha256_new()
        if self.sha == NULL:
            raise MemoryError("no memory for a hash")

    def __dealloc__(self):
        if self.sha:
            sha256_free(self.sha)
        if self.aes:
            aes_free(self.aes)

    @property
    def sequence(self):
        """Of the last command."""
        return self.link.sequence

    @property
    def hash(self):
        """Of the last batch."""
        return bytes(self.link.hash[:HASH_BYTES])

    @property
    def epoch(self):
        return self.link.epoch

    @property
    def generation(self):
        return self.link.generation

    def enter(self, uint64_t generation, *, uint32_t epoch, bint recycled, bytes previous,
              uint32_t key=0, bytes secret=bytes(32)):
        """Go on in the next segment: what its header says, and the segment's own key.

        Without a secret what is encrypted stays so: checksums and links are checked.
        """
        if self.aes:
            aes_free(self.aes)
            self.aes = NULL
        self.link.generation = generation
        self.link.key = key
        self.link.epoch = max(self.link.epoch, epoch)
        self.recycled = recycled
        memcpy(self.link.hash, <const char *>previous, HASH_BYTES)
        if key and secret is not None:
            self.aes = aes_new(<const uint8_t *><const char *>secret)
            if self.aes == NULL:
                raise MemoryError("no memory for a key")

    def gather(self, const unsigned char[::1] chunk, int64_t offset, uint64_t last,
               unsigned char[::1] out, int64_t[::1] ends=None):
        """Take the commands of the batches at the start of a chunk, one after the other.

        offset: of the chunk in its segment; last: sequence of the last command to take (a batch
        is taken whole); out: room for commands, or empty where they are only checked. ends: each
        batch's header goes before its commands, and where the batch ends in `out` goes here.
        Returns (stop, bytes consumed, bytes put in out, what is wrong).
        """
        cdef size_t at = 0
        cdef size_t filled = 0
        cdef Found found = SHORT
        cdef BatchHeader header
        cdef size_t chunk_bytes = chunk.shape[0]
        cdef size_t room = out.shape[0]
        cdef const uint8_t *data = &chunk[0] if chunk_bytes else NULL
        cdef uint8_t *target = &out[0] if room else NULL
        cdef size_t most = ends.shape[0] if ends is not None else 0
        cdef int64_t *end = &ends[0] if most else NULL
        cdef size_t lead = sizeof(header) if most else 0
        cdef size_t taken = 0
        cdef uint8_t *commands
        cdef size_t size
        if self.link.key and (self.aes != NULL) != (room != 0):
            raise ValueError("what is encrypted is decrypted into `out`, if there is a key")
        with nogil:
            while self.link.sequence < last and chunk_bytes - at >= BLOCK_BYTES:
                memcpy(&header, data + at, sizeof(header))
                found = self.look(&header, data + at, chunk_bytes - at)
                if found != WHOLE:
                    break
                size = header.count * RECORD_BYTES if room else 0
                if filled + lead + size > room or (most and taken == most):
                    break
                commands = <uint8_t *>data + at + 128
                if room:
                    commands = target + filled + lead
                found = self.check(&header, data + at, offset + at, commands)
                if found != WHOLE:
                    break
                if most:
                    memcpy(target + filled, &header, lead)
                    end[taken] = filled + lead + size
                filled += lead + size
                taken += 1
                at += batch_bytes(header.count)
                self.link.sequence += header.count
                self.link.epoch = header.epoch
                memcpy(self.link.hash, header.hash, HASH_BYTES)
                self.batches += 1
        if found <= SHORT:
            return EXHAUSTED, at, filled, ""
        if found <= STALE:
            return END, at, filled, ""
        stop = BAD if found <= OLD_BEHIND else SPOILED
        return stop, at, filled, self.words(found, &header)

    cdef Found look(
        self, const BatchHeader *header, const uint8_t *block, size_t left
    ) noexcept nogil:
        """Whether the batch that belongs here begins here; judged by its header alone."""
        if not is_batch_header(header):
            if is_zero(block, BLOCK_BYTES):
                return ZEROS
            if header.magic == BATCH_MAGIC:
                return BAD_HEADER
            return STALE if self.recycled else NO_BATCH
        if header.generation != self.link.generation:
            if self.recycled and header.generation < self.link.generation:
                return STALE
            return OTHER_GENERATION
        if not 1 <= header.count <= MAX_BATCH:
            return BAD_COUNT
        if header.first_sequence != self.link.sequence + 1:
            return OTHER_SEQUENCE
        if memcmp(header.previous, self.link.hash, HASH_BYTES):
            return OTHER_PREVIOUS
        if header.epoch < self.link.epoch:
            return OTHER_EPOCH
        if header.key != self.link.key:
            return OTHER_KEY
        return WHOLE if <size_t>batch_bytes(header.count) <= left else SHORT

    cdef bint is_readable(self) noexcept nogil:
        return self.link.key == 0 or self.aes != NULL

    cdef bint take_piece(
        self, const BatchHeader *header, const uint8_t *commands, size_t at, size_t size
    ) noexcept nogil:
        """Hash a piece of the commands as they were; whether they are numbered one by one."""
        if self.hashes:
            sha256_add(self.sha, commands + at, size)
        return are_numbered(
            <const char *>commands + at, header.first_sequence + at // RECORD_BYTES,
            size // RECORD_BYTES,
        )

    cdef Found check(
        self, const BatchHeader *header, const uint8_t *block, int64_t offset, uint8_t *commands
    ) noexcept nogil:
        """The commands, which are copied, and decrypted there, if not looked at in their place.

        All that reads them goes over one piece after the other: it comes from memory once.
        """
        cdef size_t size = header.count * RECORD_BYTES
        cdef const uint8_t *source = block + 128
        cdef uint8_t nonce[NONCE_BYTES]
        cdef uint8_t hash[HASH_BYTES]
        cdef bint hashes = self.hashes and self.is_readable()
        cdef bint numbered = True
        cdef uint32_t checksum = 0
        cdef size_t at = 0
        cdef size_t some
        if hashes:
            sha256_begin(self.sha)
        while at < size:
            some = min(<size_t>PIECE_BYTES, size - at)
            if commands != source:
                memcpy(commands + at, source + at, some)
            checksum = crc32c(checksum, source + at, some)
            if self.link.key == 0 and not self.take_piece(header, commands, at, some):
                numbered = False
            at += some
        if header.checksum != checksum:
            return BAD_COMMANDS
        if self.aes != NULL:
            batch_nonce(header.generation, offset, nonce)
            if aes_open(
                self.aes, nonce, block + BATCH_HASHED_FROM, sizeof(BatchHeader) - 16 - 16,
                commands, <int>size, header.tag
            ):
                return BAD_TAG
            numbered = self.take_piece(header, commands, 0, size)
        if hashes:
            sha256_add(self.sha, block + BATCH_HASHED_FROM, BATCH_HASHED_TO - BATCH_HASHED_FROM)
            if sha256_end(self.sha, hash) or memcmp(hash, header.hash, HASH_BYTES):
                return BAD_HASH
        if not numbered:
            return BAD_NUMBERS
        if not is_zero(source + size, batch_bytes(header.count) - 128 - size):
            # In a recycled file they may be old: the last zeros did not get to the disk.
            return OLD_BEHIND if self.recycled else BEHIND
        return WHOLE

    cdef str words(self, Found found, const BatchHeader *header):
        """What stands where the next batch should be."""
        if found == NO_BATCH:
            return "bytes that begin no batch"
        if found == BAD_HEADER:
            return "a batch header whose checksum is wrong"
        if found == BAD_COMMANDS:
            return "a batch whose checksum is wrong"
        if found == BAD_COUNT:
            return f"a batch of {header.count} commands"
        if found == OTHER_GENERATION:
            return f"a batch of generation {header.generation}, not {self.link.generation},"
        if found == OTHER_SEQUENCE:
            return f"a batch that begins with command {header.first_sequence}"
        if found == OTHER_PREVIOUS:
            return "a batch that does not follow the one before it"
        if found == OTHER_EPOCH:
            return f"a batch of epoch {header.epoch}, after one of epoch {self.link.epoch},"
        if found == OTHER_KEY:
            return f"a batch encrypted with key {header.key}, not {self.link.key},"
        if found == BAD_TAG:
            return "a batch that this key does not open"
        if found == BAD_HASH:
            return "a batch that is not what was hashed"
        if found == BAD_NUMBERS:
            return "a batch whose commands are not numbered one by one"
        return "a batch with bytes behind its commands"
