"""Tests are sentences about Driftpaint, told through its public doors."""
