"""The choices of every scheduler, connection by connection, against recordings of ip_vs (tests/golden/sched-*.txt)."""

import contextlib
import itertools
import re
from pathlib import Path

import pytest

import drawings
from lab import ask, wait_until

GOLDEN = Path(__file__).parents[1] / "golden"
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "sed", "nq", "sh")
PORT = 7  # of the real servers
# Every case has a service port of its own: a server that comes back to a service has its old connections back.
ports = itertools.count(1001)


def recordings(name):
    """(scheduler and flags, weights, steps, chosen servers, counts) of each recording in a file."""
    found = []
    for line in (GOLDEN / name).read_text().splitlines():
        if match := re.match(r"    \S+ w=(\d+) act=(\d+) inact=(\d+)$", line):
            found[-1][4].append(tuple(map(int, match.groups())))
        elif len(fields := [field.strip() for field in line.split("|")]) == 5:
            found.append((fields[0], [int(weight) for weight in fields[2].split(",")], fields[3], fields[4].split(), []))
    return [each for each in found if each[0].split()[0] in SCHEDULERS]


def cases(name):
    return [pytest.param(*each, id=f"{each[0]} {','.join(map(str, each[1]))} {each[2]}") for each in recordings(name)]


class Client:
    """Opens and closes connections as a recording says."""

    def __init__(self, net, lb, port):
        self.net, self.lb, self.port = net, lb, port
        self.held, self.answers = [], []
        self.source, self.source_port, self.next_source = None, 0, False

    def connect(self):
        sock = self.net.client.socket(2, 1)
        sock.settimeout(5)
        sock.setsockopt(1, 2, 1)  # SO_REUSEADDR
        if self.source:
            sock.bind((f"10.9.{self.source >> 8}.{self.source & 255}", self.source_port))
            self.source += self.next_source
            self.source_port += bool(self.source_port)
        try:
            sock.connect((self.net.vip, self.port))
        except ConnectionRefusedError:
            self.answers.append("REFUSED")
            return None
        self.answers.append(ask(sock, "x").split()[0])
        return sock

    def play(self, steps):
        words = iter(steps.split())
        for word in words:
            match word:
                case "-s":
                    parts = next(words).split(".")
                    self.source = int(parts[2]) << 8 | int(parts[3])
                case "-S":
                    self.next_source = True
                case "-P":
                    self.source_port = int(next(words))
                case "-t":
                    next(words)
                case "q":
                    for _ in range(int(next(words))):
                        if sock := self.connect():
                            sock.close()
                case "o":
                    self.held += [self.connect() for _ in range(int(next(words)))]
                case "c":
                    self.held[int(next(words))].close()
                    self.settle()

    def close(self):
        """Ends every connection while the service is still there: a real server that keeps one open would answer the same
        client port's next SYN, of another case, with a challenge."""
        for sock in self.held:
            if sock:
                sock.close()
        self.held = []
        self.settle()

    def settle(self):
        """A close has reached the director when no connection is counted active that is not held open."""
        open_ones = sum(sock is not None and sock.fileno() >= 0 for sock in self.held)
        wait_until(lambda: sum(server.active for server in self.lb.servers(f"TCP {self.net.vip}:{self.port}").values()) == open_ones,
                   "the director to see the connections closed")


@pytest.fixture(scope="module")
def balanced(lab_of_module):
    net = drawings.nat(lab_of_module, servers=4)
    for server in net.servers:
        server.echo(tcp=[PORT])
    net.client.run("ip route add local 10.9.0.0/16 dev lo")
    net.director.run("ip route add 10.9.0.0/16 via 172.16.0.2")
    return net, net.director.ballast(connections=65536)


@contextlib.contextmanager
def balance(net, lb, scheduler, weights):
    """Makes a service in the place of the last one; gives its client and what names it to ipvsadm."""
    port = next(ports)
    name, *flags = scheduler.split()
    service = f"-t {net.vip}:{port}"
    lines = [f"-A {service} -s {name}" + (f" -b {flags[0]}" if flags else "")]
    lines += [f"-a {service} -r {rip}:{PORT} -m -w {weight}" for rip, weight in zip(net.rips, weights)]
    lb.ipvsadm("-C", *lines)
    client = Client(net, lb, port)
    yield client, service
    client.close()


@pytest.mark.parametrize("scheduler, weights, steps, chosen, counts",
                         [case for name in ("sched-basic.txt", "sched-hash.txt") for case in cases(name)
                          if ";" not in case.values[2]])
def test_the_choices_and_counts_are_those_of_ip_vs(balanced, scheduler, weights, steps, chosen, counts):
    net, lb = balanced
    with balance(net, lb, scheduler, weights) as (client, _):
        client.play(steps)
        assert client.answers == chosen
        client.settle()
        servers = lb.servers(f"TCP {net.vip}:{client.port}")
        found = [servers[f"{rip}:{PORT}"] for rip, _ in zip(net.rips, weights)]
        assert [(server.weight, server.active, server.inactive) for server in found] == counts


@pytest.mark.parametrize("scheduler, weights, steps, chosen, counts",
                         [case for case in cases("sched-basic.txt") if ";" in case.values[2]])
def test_the_choices_follow_edits_as_those_of_ip_vs_do(balanced, scheduler, weights, steps, chosen, counts):
    net, lb = balanced
    with balance(net, lb, scheduler, weights) as (client, service):
        for step in steps.split("; "):
            if match := re.fullmatch(r"(add )?rs(\d) w=(\d+)", step):
                verb = "-a" if match[1] else "-e"
                lb.ipvsadm(f"{verb} {service} -r {net.rips[int(match[2]) - 1]}:{PORT} -m -w {match[3]}")
            elif match := re.fullmatch(r"del rs(\d)", step):
                lb.ipvsadm(f"-d {service} -r {net.rips[int(match[1]) - 1]}:{PORT}")
            else:
                client.play(step)
        assert client.answers == chosen
