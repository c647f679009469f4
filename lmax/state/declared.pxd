# Written by `python -m lmax.schema`: the digest of all structs of the state (lmax/declarations.py).
cdef extern from *:
    """
    #define LMAX_DECLARED "074e651245d5cf19163edca70f78eaf4"
    """
    const char *DECLARED "LMAX_DECLARED"
