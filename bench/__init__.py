"""Reproducible benchmarks: every figure stands next to a floor that was measured in the same run."""
