"""The real ldirectord beside ours: the same file must make the same table.

ldirectord runs the `ipvsadm` that it finds in its directory. Here that one notes how it was called and hands over to
ours, so that the original drives a packet path as it would drive the kernel's.
"""

import shutil
import textwrap

import pytest

from lab import wait_until
from lab.programs import program

pytestmark = pytest.mark.skipif(shutil.which("ldirectord") is None, reason="ldirectord is not installed")

# Servers are there without a check, so that the table says what was read and nothing else.
FILES = {
    "usual": """
        checktimeout=3
        virtual=10.0.0.13:80
            real=10.0.0.21:80 gate
            real=10.0.0.22:80 gate 5
            fallback=127.0.0.1:80 gate
            checktype=on
            scheduler=rr
            persistent=600
            protocol=tcp
        """,
    "forwarding": """
        virtual=10.0.0.13:80
            real=10.0.0.21:8080 masq 3
            real=10.0.0.22:80 ipip 0 l:5 u:10
            real=10.0.0.23:http gate 2 "index.html", "hello"
            checktype=on
        """,
    "defaults": """
        virtual=10.0.0.13:53
        \treal=10.0.0.21 gate
        \tchecktype=on
        virtual=10.0.0.13:https
        \treal=10.0.0.21 masq
        \tchecktype=on
        """,
    "ranges": """
        # A range, and a comment in a block.
        virtual=10.0.0.13:80
            # here
            real=10.0.0.21->10.0.0.24:80 gate 7
            checktype=on
            scheduler=sh
            schedflags=sh-port
        """,
    "marks": """
        virtual=7
            real=10.0.0.21 gate
            real=10.0.0.22 gate 2
            checktype=on
            scheduler=lc
            persistent=300
            netmask=255.255.255.0
        virtual6=8
            real6=[fd00::21] gate
            checktype=on
        """,
    "ipv6": """
        virtual6=[fd00::13]:80
            real6=[fd00::21]:80 gate
            real6=[fd00::22]:8080 masq 4
            checktype=on
            scheduler=wlc
            persistent=60
            netmask=64
        """,
    "udp": """
        virtual=10.0.0.13:5000
            real=10.0.0.21:5000 gate
            protocol=udp
            ops=yes
            checktype=on
        """,
    "never": """
        virtual=10.0.0.13:80
            real=10.0.0.21:80 gate
            checktype=off
        """,
}


def director(lab, name, number):
    return lab.host(name, lan=f"10.0.0.{number}/24 10.0.0.13/32 fd00::{number}/64 fd00::13/128")


def start_original(host, path):
    """Runs ldirectord in a directory of its own. Its operations are in `operations` there."""
    place = host.directory / "original"
    place.mkdir()
    stub = place / "ipvsadm"
    stub.write_text(f'#!/bin/sh\necho "$*" >>{place}/operations\nexec {program("ipvsadm")} "$@"\n')
    stub.chmod(0o755)
    host.start(["sh", "-c", f"cd {place} && exec ldirectord -d {path} start"])
    return place / "operations"


def rules(daemon):
    """The table as rules, servers in the order of their addresses: ldirectord takes them from a hash."""
    return sorted(daemon.ipvsadm("-S -n").splitlines())


@pytest.mark.parametrize("name", FILES)
def test_a_file_makes_the_table_that_ldirectord_makes(lab, name):
    lab.switch("lan")
    original, ours = director(lab, "original", 2), director(lab, "ours", 1)
    path = ours.directory / f"oracle-{name}.cf"
    path.write_text(textwrap.dedent(FILES[name]).lstrip())
    driven = original.ballast()
    operations = start_original(original, path)
    wait_until(lambda: operations.exists() and "-A " in operations.read_text(), "ldirectord's first service")
    daemon = ours.ballast(arguments=f"--ldirectord {path}")
    try:
        wait_until(lambda: rules(driven) == rules(daemon), "the same table")
    except AssertionError:
        assert rules(daemon) == rules(driven), operations.read_text()


def test_an_edit_is_followed_and_a_broken_one_changes_nothing(lab):
    lab.switch("lan")
    host = director(lab, "ours", 1)
    path = host.directory / "followed.cf"
    service = "autoreload=yes\nvirtual=10.0.0.13:80\n    checktype=on\n    scheduler=rr\n"

    def write(text):
        fresh = path.with_suffix(".new")
        fresh.write_text(text)
        fresh.rename(path)

    write(service + "    real=10.0.0.21:80 gate\n")
    daemon = host.ballast(arguments=f"--ldirectord {path}")
    write(service + "    real=10.0.0.21:80 gate\n    real=10.0.0.22:80 gate 5\n")
    wait_until(lambda: len(daemon.servers("TCP 10.0.0.13:80")) == 2, "the server that was added")

    write(service + "    reel=10.0.0.21:80 gate\n")
    wait_until(lambda: "did you mean 'real'" in daemon.log(), "the mistake in the log")
    assert set(daemon.servers("TCP 10.0.0.13:80")) == {"10.0.0.21:80", "10.0.0.22:80"}

    write(service + "    real=10.0.0.22:80 gate 5\n")
    wait_until(lambda: set(daemon.servers("TCP 10.0.0.13:80")) == {"10.0.0.22:80"}, "the mended file")
    assert daemon.log().count("did you mean 'real'") == 1
