"""Latency histograms. See histogram.pxd."""
from libc.string cimport memset

import numpy as np

cdef int64_t upper_end(int bucket) noexcept nogil:
    """The highest value that falls into a bucket."""
    cdef int shift
    if bucket < EXACT:
        return bucket
    shift = (bucket - EXACT) // STEPS + 1
    return ((<int64_t>(bucket - EXACT) % STEPS + STEPS + 1) << shift) - 1


cdef class Histogram:
    """Counts of values in ns.

    One thread records; others may read at any time and see some recent moment.
    """

    def record(self, int64_t value):
        """Count one value, ns."""
        record(&self.counts, value)

    def record_array(self, const int64_t[::1] values):
        """Count many values, ns."""
        cdef Py_ssize_t i
        with nogil:
            for i in range(values.shape[0]):
                record(&self.counts, values[i])

    def add(self, Histogram other):
        """Count all that another one counted."""
        cdef int i
        for i in range(BUCKETS):
            self.counts.buckets[i] += other.counts.buckets[i]
        self.counts.total += other.counts.total
        self.counts.highest = max(self.counts.highest, other.counts.highest)

    def reset(self):
        memset(&self.counts, 0, sizeof(Counts))

    @property
    def count(self):
        """How many values were counted."""
        return self.counts.total

    @property
    def max(self):
        """The highest value, exactly; 0 where there is none."""
        return self.counts.highest

    def percentile(self, double percent):
        """The value that so many percent of all values do not exceed, to within 1.6 %."""
        cdef uint64_t wanted
        cdef uint64_t seen = 0
        cdef int i
        if not 0 <= percent <= 100:
            raise ValueError(f"a percentile is 0 to 100, not {percent}")
        if self.counts.total == 0:
            return 0
        wanted = max(<uint64_t>1, <uint64_t>(self.counts.total * percent / 100 + 0.5))
        for i in range(BUCKETS):
            seen += self.counts.buckets[i]
            if seen >= wanted:
                return min(upper_end(i), self.counts.highest)
        return self.counts.highest

    def summary(self):
        """{"p50": …, "p90": …, "p99": …, "p999": …, "max": …} in ns."""
        return {
            "p50": self.percentile(50),
            "p90": self.percentile(90),
            "p99": self.percentile(99),
            "p999": self.percentile(99.9),
            "max": self.max,
        }

    def curve(self):
        """(values, share of counts at or below each) of the buckets in use, for a picture."""
        counts = np.array([self.counts.buckets[i] for i in range(BUCKETS)], np.int64)
        used = np.flatnonzero(counts)
        values = np.array([min(upper_end(i), self.counts.highest) for i in used], np.int64)
        return values, np.cumsum(counts[used]) / max(1, counts.sum())
