"""Changes of many services in one step: ipvsadm-restore and ballast apply under traffic."""

import threading

import drawings
import pytest
from lab import CommandFailed, program

VIP = "172.16.3.100"
RULES = """\
-A -t 172.16.3.100:80 -s rr
-a -t 172.16.3.100:80 -r 192.168.1.10:80 -m -w 1
-a -t 172.16.3.100:80 -r 192.168.1.20:80 -m -w 1
"""
OTHER = """\
-A -u 172.16.3.100:53 -s wlc
-A -t 172.16.3.100:80 -s wrr
-a -t 172.16.3.100:80 -r 192.168.1.20:80 -m -w 3
-a -t 172.16.3.100:80 -r 192.168.1.10:80 -m -w 2
"""


class Loop:
    """A client that connects, asks and closes, over and over."""

    def __init__(self, client):
        self.client, self.done, self.failed = client, 0, []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.is_set():
            try:
                with self.client.connect(VIP, 80) as connection:
                    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    answer = b""
                    while chunk := connection.recv(4096):
                        answer += chunk
                assert b"200 OK" in answer, answer
                self.done += 1
            except (OSError, AssertionError) as error:
                self.failed.append(repr(error))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def restore(director, rules):
    director.run([program("ballast"), "ipvsadm-restore"], stdin=rules)


def test_a_restore_refuses_no_connection(lab, hook):
    net = drawings.nat(lab)
    lb = net.director.ballast(hook=hook)
    restore(net.director, RULES)
    with net.client.connect(VIP, 80) as held, Loop(net.client) as loop:
        for turn in range(50):
            restore(net.director, (OTHER, RULES)[turn % 2])
        held.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b"200 OK" in held.recv(4096)
    assert loop.failed == []
    assert loop.done > 0
    assert lb.ipvsadm("-Sn") == RULES
    assert lb.counters().get("no_server", 0) == 0
    stats = lb.ipvsadm(f"-Ln --stats --exact -t {VIP}:80").splitlines()
    assert int(stats[2].split()[2]) == loop.done + 1, "the service kept its counters"


def test_a_restore_with_an_error_ends_where_the_real_one_does(lab):
    net = drawings.nat(lab)
    lb = net.director.ballast()
    restore(net.director, OTHER)
    outcome = net.director.run(
        [program("ballast"), "ipvsadm-restore"], stdin=RULES + "-A -t nonsense\n-A -f 7\n", check=False
    )
    assert outcome.status != 0
    assert lb.ipvsadm("-Sn") == RULES


def test_apply_shows_what_changes_and_changes_it_in_one_step(lab):
    net = drawings.nat(lab)
    lb = net.director.ballast()
    restore(net.director, RULES)
    wanted = lab.directory / "wanted"
    wanted.write_text(OTHER)
    difference = """\
~ tcp 172.16.3.100:80  scheduler rr -> wrr
  ~ 192.168.1.20:80  weight 1 -> 3
  ~ 192.168.1.10:80  weight 1 -> 2
  ~ order of the real servers
+ udp 172.16.3.100:53  scheduler wlc
"""
    assert sorted(lb.command(f"apply {wanted} --dry-run").stdout.splitlines()[:-1]) == sorted(difference.splitlines())
    assert lb.ipvsadm("-Sn") == RULES
    lb.command(f"apply {wanted}")
    assert "TCP  172.16.3.100:80 wrr" in lb.ipvsadm("-Ln")
    wanted.write_text(RULES + "-a -t 172.16.3.100:80 -r 192.168.1.30 -m -w 99999999999\n")
    before = lb.ipvsadm("-Sn")
    with pytest.raises(CommandFailed, match=r"wanted:4: "):
        lb.command(f"apply {wanted}")
    assert lb.ipvsadm("-Sn") == before


def test_a_first_service_can_come_directly_after_the_last_one_went(lab):
    net = drawings.nat(lab)
    lb = net.director.ballast()
    for _ in range(50):
        lb.ipvsadm("-A -t 172.16.3.100:80 -s rr", "-D -t 172.16.3.100:80")
    assert lb.table() == {}
