"""Fixtures of the lab tests."""

import os

import pytest

from lab import Lab, ballast_built


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        pytest.exit("the lab makes network namespaces: run it as root", returncode=4)
    if not ballast_built():
        for item in items:
            if "needs_no_ballast" not in item.keywords:
                item.add_marker(pytest.mark.skip(reason="build/release/ballast is not built: run make"))


@pytest.fixture
def lab():
    """A lab for one test. What it looked like in the end is shown when the test fails."""
    made = Lab()
    try:
        yield made
        print(made.describe())
    finally:
        problems = made.close()
    assert not problems, "the lab did not come down cleanly:\n" + "\n".join(problems)


@pytest.fixture(params=["tc", "xdp"])
def hook(request):
    """Where the packet program sits: tests that use this run once for each."""
    return request.param


@pytest.fixture(scope="module")
def lab_of_module():
    """A lab that the tests of a file share."""
    made = Lab()
    try:
        yield made
    finally:
        problems = made.close()
    assert not problems, "the lab did not come down cleanly:\n" + "\n".join(problems)
