"""The choices of every scheduler, connection by connection, against recordings of ip_vs (tests/golden)."""

import contextlib
import itertools
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from lab import ask, wait_until

GOLDEN = Path(__file__).parents[1] / "golden"
PORT = 80  # of the real servers
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
    return found


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
    """The network in which the recordings were made: hashes depend on the addresses."""
    lab = lab_of_module
    lab.switch("outside")
    lab.switch("inside")
    client = lab.host("client", outside="10.0.1.2/24", gateway="10.0.1.1")
    director = lab.host("director", outside="10.0.1.1/24 10.0.1.100/32", inside="10.0.2.1/24", forwarding=True)
    rips = [f"10.0.2.1{number}" for number in range(1, 5)]
    for number, rip in enumerate(rips, 1):
        lab.host(f"rs{number}", inside=f"{rip}/24", gateway="10.0.2.1").echo(tcp=[PORT])
    client.run("ip route add local 10.9.0.0/16 dev lo")
    director.run("ip route add 10.9.0.0/16 via 10.0.1.2")
    return SimpleNamespace(client=client, vip="10.0.1.100", rips=rips), director.ballast(connections=65536)


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


def sources_that_move():
    """(scheduler, which servers there are, chosen servers) of 40 sources each."""
    lines = (GOLDEN / "sched-hash.txt").read_text().splitlines()
    found = [[field.strip() for field in line.split("|")] for line in lines if line.count("|") == 2]
    return [(scheduler, servers, chosen.split()) for scheduler, servers, chosen in found]


@pytest.mark.parametrize("scheduler, servers, chosen", sources_that_move())
def test_the_sources_that_move_when_a_server_comes_or_goes_are_those_of_ip_vs(balanced, scheduler, servers, chosen):
    net, lb = balanced
    with balance(net, lb, scheduler, [1, 1, 1, 1]) as (client, service):
        rs2 = f"{service} -r {net.rips[1]}:{PORT}"
        lb.ipvsadm(f"-d {rs2}")
        if servers == "rs2 added again":
            lb.ipvsadm(f"-a {rs2} -m -w 1")
        client.play("-s 10.9.0.1 -S q 40")
        assert client.answers == chosen


def columns(listing):
    """The numbers of each real server in a list of thresholds."""
    return [line.split()[2:] for line in listing.splitlines() if re.match(r"  -> \d", line)]


def test_thresholds_are_kept_as_by_ip_vs(balanced):
    net, lb = balanced
    recorded = (GOLDEN / "thresholds.txt").read_text()
    first, second = re.findall(r"^rs\d.*$", recorded, re.M)
    first_list, second_list = [columns(part) for part in recorded.split("Lthreshold")[1:]]
    with balance(net, lb, "rr", [1, 1, 1, 1]) as (client, service):
        lb.ipvsadm(f"-e {service} -r {net.rips[0]}:{PORT} -m -w 1 -x 2 -y 1",
                   f"-e {service} -r {net.rips[1]}:{PORT} -m -w 1 -x 3")
        client.play("o 20")
        assert client.answers == first.split()
        assert columns(lb.ipvsadm(f"-Ln --thresholds {service}")) == first_list
        client.play("c 3 o 4")
        assert client.answers[20:] == second.split()
        assert columns(lb.ipvsadm(f"-Ln --thresholds {service}")) == second_list


# What ip_vs of Linux 6.1 did with two servers and lc; "-x 4 -y 2" is an edit of the first one.
EDITED_THRESHOLDS = [
    ("o 8; -x 4; o 4", "rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs2 rs2 rs2"),
    ("o 8; -x 5; o 4", "rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs2"),
    ("-x 2; o 6; -x 3; o 4", "rs2 rs1 rs2 rs1 rs2 rs2 rs1 rs2 rs2 rs2"),
    ("-x 4; o 8 c 0 c 1 o 2; -x 5; o 3", "rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs2 rs2 rs2 rs2"),
    ("-x 4; o 8; -x 0; o 3", "rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2"),
    ("o 8; -x 2 -y 1; -x 6 -y 1; o 6", "rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs2 rs2 rs2 rs2 rs2"),
    ("o 8; -x 6 -y 5; o 6", "rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs1 rs2 rs2"),
]


@pytest.mark.parametrize("steps, chosen", EDITED_THRESHOLDS)
def test_edited_thresholds_count_at_once_as_by_ip_vs(balanced, steps, chosen):
    net, lb = balanced
    with balance(net, lb, "lc", [1, 1]) as (client, service):
        for step in steps.split("; "):
            if step.startswith("-"):
                lb.ipvsadm(f"-e {service} -r {net.rips[0]}:{PORT} -m -w 1 {step}")
            else:
                client.play(step)
        assert client.answers == chosen.split()


def test_capacity_follows_what_servers_report(balanced):
    net, lb = balanced
    with balance(net, lb, "capacity", [1, 1]) as (client, _):
        lb.command(f"report {net.rips[1]} --load 100")
        client.play("q 20")
        assert client.answers == ["rs1"] * 20


def test_response_time_tries_every_server(balanced):
    net, lb = balanced
    with balance(net, lb, "response-time", [1, 1, 1, 1]) as (client, _):
        client.play("q 4")
        assert client.answers == ["rs4", "rs3", "rs2", "rs1"]
