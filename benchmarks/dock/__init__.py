"""Benchmarks of the dock server: real processes, real HTTP on the loopback address, learnwares that are published."""
