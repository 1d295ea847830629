"""Faults of every kind, thrown at running comparisons: python -m tests.faults --rounds 60.

A round starts `python -m benchmarks.run`, strikes at some instant (a kill, a full disk, a flipped bit, …) and checks how the
run ended. Several rounds hit one output folder, which the same command then completes. It must hold what an unbroken run of
that command gives: every figure, picture, curve and weight, to the byte; nothing that was whole before a fault may be lost.
"""
