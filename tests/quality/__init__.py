"""How good the starter model is, in figures and sheets: `python -m tests.quality`."""
