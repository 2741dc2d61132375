"""The real ldirectord beside ours: the same file must make the same table, by the same operations.

ldirectord runs the `ipvsadm` that it finds in its directory. Here that one notes how it was called and hands over to
ours, so that the original drives a packet path as it would drive the kernel's.
"""

import re
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


# Files with checks, and what must be in the table while both servers answer, without the first, without both, and with
# both again: "server": weight. CHECK is a command that connects to the real server.
RS1, RS2, LOCAL = "10.0.0.21:80", "10.0.0.22:80", "127.0.0.1:80"
WATCHED = {
    "negotiate": ("""
        checktimeout=2
        checkinterval=1
        quiescent=no
        virtual=10.0.0.13:80
            real=10.0.0.21:80 gate 3
            real=10.0.0.22:80 gate
            fallback=127.0.0.1:80 gate
            service=http
            checktype=negotiate
            request="index.html"
            receive="rs[0-9]"
            scheduler=wrr
            persistent=600
        """, [{RS1: 3, RS2: 1}, {RS2: 1}, {LOCAL: 1}, {RS1: 3, RS2: 1}]),
    "connect-quiescent": ("""
        checktimeout=2
        checkinterval=1
        virtual=10.0.0.13:80
            real=10.0.0.21:80 masq 3
            real=10.0.0.22:80 masq
            fallback=127.0.0.1:80 gate
            quiescent=yes
            checktype=connect
            checkcount=2
        """, [{RS1: 3, RS2: 1}, {RS1: 0, RS2: 1}, {RS1: 0, RS2: 0, LOCAL: 1}, {RS1: 3, RS2: 1}]),
    "no-fallback": ("""
        checktimeout=2
        checkinterval=1
        virtual=10.0.0.13:80
            real=10.0.0.21:80 ipip
            real=10.0.0.22:80 ipip
            quiescent=no
            service=http
            checktype=2
            failurecount=2
            request="index.html"
        """, [{RS1: 1, RS2: 1}, {RS2: 1}, {}, {RS1: 1, RS2: 1}]),
    "own-request": ("""
        checktimeout=2
        checkinterval=1
        quiescent=no
        fallback=127.0.0.1:80 gate
        virtual=10.0.0.13:80
            real=10.0.0.21:80 gate 1 "index.html", "rs1"
            real=10.0.0.22:80 gate 1 "index.html", "never there"
            service=http
            checktype=negotiate
        """, [{RS1: 1}, {LOCAL: 1}, {LOCAL: 1}, {RS1: 1}]),
    "external": ("""
        checktimeout=2
        checkinterval=1
        quiescent=no
        virtual=10.0.0.13:80
            real=10.0.0.21:80 gate 2
            real=10.0.0.22:80 gate
            fallback=127.0.0.1:80 gate
            checktype=external
            checkcommand=CHECK
        """, [{RS1: 2, RS2: 1}, {RS2: 1}, {LOCAL: 1}, {RS1: 2, RS2: 1}]),
}


def stop_and_start(nginx):
    """The script that both go through: a step before each value."""
    yield
    nginx[0].stop()
    yield
    nginx[1].stop()
    yield
    for server in nginx:
        server.start()
    yield


@pytest.mark.parametrize("name", WATCHED)
def test_when_servers_die_and_return_the_tables_go_through_the_same_states(lab, name):
    lab.switch("lan")
    original, ours = director(lab, "original", 2), director(lab, "ours", 1)
    nginx = [lab.nginx(f"rs{number}", lan=f"10.0.0.2{number}/24").nginx_server for number in (1, 2)]
    text, states = WATCHED[name]
    path = ours.directory / f"watched-{name}.cf"
    check = ours.directory / "check"
    check.write_text('#!/bin/bash\n[ "$1:$2" = 10.0.0.13:80 ] && : 2>/dev/null </dev/tcp/"$3"/"$4"\n')
    check.chmod(0o755)
    path.write_text(textwrap.dedent(text).lstrip().replace("CHECK", str(check)))
    driven = original.ballast()
    operations = start_original(original, path)
    wait_until(lambda: operations.exists() and "-A " in operations.read_text(), "ldirectord's first service")
    daemon = ours.ballast(arguments=f"--ldirectord {path}")
    before, theirs_before, ours_before = {}, 0, 0
    for state, _ in zip(states, stop_and_start(nginx), strict=True):
        for one in (driven, daemon):
            wait_until(lambda: weights(one) == state, f"{state} on {one.host.name}", seconds=30)
        assert rules(daemon) == rules(driven), operations.read_text()
        theirs, own = operations_of_original(operations), operations_of(daemon)
        if before:
            compare(theirs[theirs_before:], own[ours_before:])
        before, theirs_before, ours_before = state, len(theirs), len(own)


def compare(theirs, own):
    """A server that fails is one step, whose operations have an order. Those that come back do so in the order in which
    their checks happen to end; the fallback goes behind the first of them."""
    returning = [server for _, server, weight in theirs if weight > 0 and server != LOCAL]
    if len(returning) < 2:
        assert own == theirs
    else:
        assert sorted(own) == sorted(theirs)


def operations_of_original(path):
    """What ldirectord changed by the `ipvsadm` in its directory: (-a, -d or -e, server, weight), without what changes
    nothing."""
    made, table = [], {}
    for line in path.read_text().splitlines():
        words = line.split()
        if words[0] not in ("-a", "-d", "-e"):
            continue
        server = words[words.index("-r") + 1]
        weight = int(words[words.index("-w") + 1]) if words[0] != "-d" else 0
        if words[0] == "-e" and table.get(server) == weight:
            continue
        made.append((words[0], server, weight))
        table[server] = weight
        if words[0] == "-d":
            del table[server]
    return made


def operations_of(daemon):
    """The same of ours: each line stands for what the director was handed, lines of one moment for one step."""
    words = {"Added": "-a", "Deleted": "-d", "Quiescent": "-e", "Restored": "-e"}
    lines = re.findall(r"notice  (\w+) (?:real|fallback) server: (\S+) \(\S+\)(?: \(Weight set to (\d+)\))?", daemon.log())
    return [(words[verb], server, int(weight or 0)) for verb, server, weight in lines]


def weights(daemon):
    return {server: entry.weight for server, entry in daemon.servers("TCP 10.0.0.13:80").items()}


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
