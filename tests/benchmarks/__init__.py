"""Benchmarks: ratios against a named reference in the same process, never bare times."""
