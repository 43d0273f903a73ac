"""The tests' front door: `python3 tests [ARGUMENT OF PYTEST ...]` sets everything up and runs all of them.

An old Python must be able to read this file, so that it can be told that it is old.
"""

from __future__ import annotations

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main(arguments: list[str]) -> int:
    """Formatting, lint, types and contracts are tests too, so pytest's last line speaks for everything."""
    sys.path[0] = ROOT
    from installer import bootstrap  # from here on we may be another process, in `.venv`

    bootstrap.ensure("test")
    os.chdir(ROOT)
    import pytest

    return pytest.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
