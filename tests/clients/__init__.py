"""Tests of the client port."""
