"""A single order book for research: no accounts, no money, no files, no threads."""

from lmax._orderbook import OrderBook

__all__ = ["OrderBook"]
