"""The public Python API: an embedded engine, a bare book, exact prices."""
