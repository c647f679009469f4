"""Tests of the room marketdata."""
