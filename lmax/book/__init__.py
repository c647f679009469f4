"""What an order book is made of: levels in order, slots, queues, ids; the book is lmax/_book."""
