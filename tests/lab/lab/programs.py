"""Where the programs under test are."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def program(name):
    """Path of a built program: $BALLAST_BUILD/NAME, else build/release/NAME of this checkout."""
    return Path(os.environ.get("BALLAST_BUILD", REPOSITORY / "build" / "release")) / name


def ballast_built():
    return program("ballast").exists() and program("ipvsadm").exists()
