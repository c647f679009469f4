"""Failover drills: a whole cluster of real processes on one machine, hurt on purpose."""
