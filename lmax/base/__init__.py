"""Numbers and memory: exact products, hashes, pools. Knows nothing of orders."""
