"""Puts a process together: rings, agents, threads, consumers, the command line."""
