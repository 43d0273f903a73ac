"""Setting Driftpaint up on a fresh machine: standard library only."""
