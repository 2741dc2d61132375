"""The real server's side of DR and TUN: `ballast realserver`, and the packet programs that it attaches.

    sender: tunnel 10.0.2.1, fd00:2::1 ------ server: eth0 10.0.2.11, fd00:2::11
            client 10.9.0.1, fd00:9::1                VIP  10.0.0.13, fd00::13 (by `ballast realserver`)

The sender is director and client at once: what it sends to a VIP goes through a tunnel, the answers come back directly.
"""

import hashlib
import itertools
import os
import re
import socket
import struct
import subprocess
import threading
from pathlib import Path

import pytest

from lab.namespace import entered, settle_carrier
from lab.process import wait_until
from lab.programs import program

ETH_P_ALL, ETH_P_IP, ETH_P_ARP, ETH_P_IPV6 = 0x0003, 0x0800, 0x0806, 0x86DD
SERVER_MAC, SENDER_MAC = "02:00:00:00:02:11", "02:00:00:00:02:01"
VIP, CLIENT, TUNNEL, RIP = ({4: "10.0.0.13", 6: "fd00::13"}, {4: "10.9.0.1", 6: "fd00:9::1"},
                            {4: "10.0.2.1", 6: "fd00:2::1"}, {4: "10.0.2.11", 6: "fd00:2::11"})
FAMILIES = list(itertools.product((4, 6), (4, 6)))
BPF_SOURCE = Path(__file__).with_name("encapsulate.bpf.c")
_numbers = itertools.count()


def run(command, *, check=True):
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


class Pair:
    """The two machines of the drawing."""

    def __init__(self):
        prefix = f"realsrv-{os.getpid()}-{next(_numbers)}"
        self.sender, self.server = f"{prefix}-s", f"{prefix}-r"

    def build(self):
        for name in (self.sender, self.server):
            run(f"ip netns add {name}")
        run(f"ip -n {self.sender} link add tunnel address {SENDER_MAC} type veth "
            f"peer name eth0 address {SERVER_MAC} netns {self.server}")
        for name, device, addresses in ((self.sender, "tunnel", TUNNEL), (self.server, "eth0", RIP)):
            run(f"ip -n {name} link set lo up; ip -n {name} link set {device} up")
            run(f"ip -n {name} addr add {addresses[4]}/24 dev {device}; "
                f"ip -n {name} addr add {addresses[6]}/64 dev {device} nodad")
        settle_carrier(self.sender, "tunnel")
        settle_carrier(self.server, "eth0")
        wait_until(lambda: "tentative" not in self.on_server("ip addr").stdout, "the server's link-local address")
        for family in (4, 6):
            run(f"ip -n {self.server} route add default via {TUNNEL[family]}")
            run(f"ip -n {self.sender} addr add {CLIENT[family]} dev lo {'nodad' if family == 6 else ''}")
            run(f"ip -n {self.sender} route add {VIP[family]} via {RIP[family]} src {CLIENT[family]}")
        run(f"ip -n {self.sender} neigh add {RIP[4]} lladdr {SERVER_MAC} dev tunnel; "
            f"ip -n {self.sender} neigh add {RIP[6]} lladdr {SERVER_MAC} dev tunnel")
        with entered(self.sender):
            self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.wire.bind(("tunnel", 0))
        self.wire.settimeout(10)

    def close(self):
        for name in (self.sender, self.server):
            run(f"ip netns del {name}", check=False)
            Path(f"/run/ballast/realserver-{name}.json").unlink(missing_ok=True)

    def on_server(self, command, **options):
        return run(f"ip netns exec {self.server} {command}", **options)

    def ballast(self, arguments, **options):
        return self.on_server(f"{program('ballast')} realserver {arguments}", **options)

    def counters(self):
        """The counters that are not zero, by name."""
        lines = re.findall(r"^([a-z_]+): (\d+)$", self.ballast("--status").stdout, re.MULTILINE)
        return {name: int(value) for name, value in lines if value != "0"}

    def state(self):
        """All that a set-up may change."""
        lines = [self.on_server(command).stdout for command in (
            "ip addr", "ip link show lo", "sysctl -a -r net.ipv4.conf", "tc qdisc show", "tc filter show dev eth0 ingress",
            "tc filter show dev eth0 egress")]
        return re.sub(r"(valid|preferred)_lft.*", "", "\n".join(lines))

    def send(self, ethertype, packet):
        self.wire.send(mac(SERVER_MAC) + mac(SENDER_MAC) + struct.pack("!H", ethertype) + packet)

    def send_ip(self, packet):
        self.send(ETH_P_IPV6 if packet[0] >> 4 == 6 else ETH_P_IP, packet)

    def receive(self, wanted):
        """The first frame from the server that `wanted` says yes to."""
        while True:
            frame = self.wire.recv(65535)
            if frame[6:12] == mac(SERVER_MAC) and wanted(frame):
                return frame

    def socket(self, namespace, family, kind, address, port):
        with entered(namespace):
            made = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, kind)
        made.settimeout(10)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        return made


@pytest.fixture
def pair():
    made = Pair()
    try:
        made.build()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def wrappers(tmp_path_factory):
    """Gives the object file of the director's tunnel end, compiled once for each kind and outer family."""
    directory = tmp_path_factory.mktemp("wrappers")

    def compiled(kind, outer):
        made = directory / f"{kind}{outer}.o"
        if not made.exists():
            run(f"clang-19 -O2 -g -target bpf -mcpu=v3 -I/usr/include/$(uname -m)-linux-gnu -DOUTER={outer} "
                f"-DTUNNEL_{kind.upper()} -c {BPF_SOURCE} -o {made}")
        return made

    return compiled


# ---- packets


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, destination, protocol, payload, *, traffic_class=0, flags=0x4000):
    if ":" in source:
        return struct.pack("!IHBB", 6 << 28 | traffic_class << 20, len(payload), protocol, 64) + packed(source) + packed(
            destination) + payload
    header = struct.pack("!BBHHHBBH", 0x45, traffic_class, 20 + len(payload), 7, flags, 64, protocol, 0)
    header += packed(source) + packed(destination)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def pseudo_header(source, destination, protocol, length):
    return packed(source) + packed(destination) + struct.pack("!II", length, protocol)


def udp(source, source_port, destination, destination_port, payload):
    """A datagram with a right checksum."""
    datagram = struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload
    total = checksum(pseudo_header(source, destination, 17, len(datagram)) + datagram) or 0xFFFF
    return datagram[:6] + struct.pack("!H", total) + datagram[8:]


def number(inner):
    return 41 if inner[0] >> 4 == 6 else 4


def ethertype(inner):
    return ETH_P_IPV6 if inner[0] >> 4 == 6 else ETH_P_IP


def outer_udp(payload, port=6080):
    return struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload


def gre_with_checksum(inner):
    bare = struct.pack("!HHHH", 0x8000, ethertype(inner), 0, 0) + inner
    return bare[:4] + struct.pack("!H", checksum(bare)) + bare[6:]


TUNNELS = {
    "ipip": lambda inner: (number(inner), inner),
    "gue": lambda inner: (17, outer_udp(struct.pack("!BBH", 0, number(inner), 0) + inner)),
    "gue-bare": lambda inner: (17, outer_udp(inner)),
    "gre": lambda inner: (47, struct.pack("!HH", 0, ethertype(inner)) + inner),
    "gre-checksum": lambda inner: (47, gre_with_checksum(inner)),
}


def tunnelled(kind, outer, inner, **header):
    protocol, payload = TUNNELS[kind](inner)
    return ip(TUNNEL[outer], RIP[outer], protocol, payload, **header)


def question(family, payload=b"hello", **header):
    return ip(CLIENT[family], VIP[family], 17, udp(CLIENT[family], 5000, VIP[family], 5300, payload), **header)


# ---- tunnels


def set_up(pair, more=""):
    return pair.ballast(f"--vip {VIP[4]} --vip {VIP[6]} --method tunnel {more}")


@pytest.mark.parametrize("outer,inner", FAMILIES)
@pytest.mark.parametrize("kind", TUNNELS)
def test_a_datagram_through_the_tunnel_is_answered_directly(pair, kind, outer, inner):
    set_up(pair)
    server = pair.socket(pair.server, inner, socket.SOCK_DGRAM, VIP[inner], 5300)
    client = pair.socket(pair.sender, inner, socket.SOCK_DGRAM, CLIENT[inner], 5000)
    pair.send_ip(tunnelled(kind, outer, question(inner)))
    data, peer = server.recvfrom(100)
    assert (data, peer[:2]) == (b"hello", (CLIENT[inner], 5000))
    server.sendto(b"answer", peer)
    data, peer = client.recvfrom(100)
    assert (data, peer[:2]) == (b"answer", (VIP[inner], 5300))
    assert pair.counters() == {f"decapsulated_{kind.split('-')[0]}": 1}


def test_strict_reverse_path_filtering_lets_the_tunnel_through(pair):
    pair.on_server("sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.eth0.rp_filter=1")
    assert "rp_filter is strict on eth0; left so" in set_up(pair).stdout
    server = pair.socket(pair.server, 4, socket.SOCK_DGRAM, VIP[4], 5300)
    pair.send_ip(tunnelled("ipip", 4, question(4)))
    assert server.recv(100) == b"hello"


def test_strict_reverse_path_filtering_is_loosened_where_clients_are_reached_elsewhere(pair):
    pair.on_server("sysctl -qw net.ipv4.conf.all.rp_filter=1")
    pair.on_server("ip link add eth1 type veth peer name eth1peer")
    pair.on_server("sh -c 'ip link set eth1 up; ip link set eth1peer up; ip addr add 10.0.9.1/24 dev eth1; "
                   "ip route replace default via 10.0.9.9 dev eth1'")
    before = pair.state()
    set_up(pair, "--interface eth0")
    server = pair.socket(pair.server, 4, socket.SOCK_DGRAM, VIP[4], 5300)
    pair.send_ip(tunnelled("ipip", 4, question(4)))
    assert server.recv(100) == b"hello"
    pair.ballast("--undo")
    assert pair.state() == before


@pytest.mark.parametrize("outer,inner", FAMILIES)
@pytest.mark.parametrize("kind", ["ipip", "gue", "gre"])
def test_an_upload_of_merged_segments_arrives_whole(pair, wrappers, kind, outer, inner):
    set_up(pair, "--mss 1360")
    run(f"ip netns exec {pair.sender} tc qdisc add dev tunnel clsact")
    run(f"ip netns exec {pair.sender} tc filter add dev tunnel egress bpf direct-action "
        f"object-file {wrappers(kind, outer)} section tc")

    listener = pair.socket(pair.server, inner, socket.SOCK_STREAM, VIP[inner], 8000)
    listener.listen()
    received = hashlib.sha256()

    def serve():
        connection, _ = listener.accept()
        connection.settimeout(10)
        while data := connection.recv(1 << 16):
            received.update(data)
        connection.sendall(b"done")
        connection.close()

    server = threading.Thread(target=serve)
    server.start()
    body = os.urandom(1 << 20) * 4
    client = pair.socket(pair.sender, inner, socket.SOCK_STREAM, CLIENT[inner], 0)
    client.connect((VIP[inner], 8000))
    assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= 1360
    client.sendall(body)
    client.shutdown(socket.SHUT_WR)
    assert client.recv(10) == b"done"
    server.join(10)
    assert received.digest() == hashlib.sha256(body).digest()
    counters = pair.counters()
    assert counters["mss_clamped"] >= 1
    assert 0 < counters[f"decapsulated_{kind}"] < len(body) / 1360 / 2, "packets arrived one by one"
    assert counters.keys() == {"mss_clamped", f"decapsulated_{kind}"}


def test_a_checksum_left_to_the_remote_end_is_filled_in(pair):
    set_up(pair)
    server = pair.socket(pair.server, 4, socket.SOCK_DGRAM, VIP[4], 5300)
    datagram = udp(CLIENT[4], 5000, VIP[4], 5300, bytes(range(200)))
    started = ~checksum(pseudo_header(CLIENT[4], VIP[4], 17, len(datagram))) & 0xFFFF
    inner = ip(CLIENT[4], VIP[4], 17, datagram[:6] + struct.pack("!H", started) + datagram[8:])
    header = struct.pack("!BBHIHH", 2, 4, 1, 0x80000000, 20, 26)
    pair.send_ip(ip(TUNNEL[4], RIP[4], 17, outer_udp(header + inner)))
    assert server.recv(300) == bytes(range(200))


@pytest.mark.parametrize("family", [4, 6])
def test_congestion_on_the_way_is_told_to_the_server(pair, family):
    set_up(pair)
    server = pair.socket(pair.server, family, socket.SOCK_DGRAM, VIP[family], 5300)
    server.setsockopt(*((socket.IPPROTO_IP, socket.IP_RECVTOS, 1) if family == 4 else
                        (socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)))
    pair.send_ip(tunnelled("ipip", 4, question(family, b"not ECN-capable"), traffic_class=3))
    pair.send_ip(tunnelled("ipip", 4, question(family, b"capable", traffic_class=0xB8 | 2), traffic_class=3))
    data, ancillary, _, _ = server.recvmsg(100, 100)
    assert (data, ancillary[0][2][0]) == (b"capable", 0xB8 | 3)
    assert pair.counters() == {"decapsulated_ipip": 1, "dropped_ecn": 1}


def test_what_is_not_for_us_passes_untouched_and_is_counted(pair):
    set_up(pair)
    seen = pair.socket(pair.server, 4, socket.SOCK_DGRAM, RIP[4], 6080)
    control = outer_udp(struct.pack("!BBH", 0x20, 4, 0) + question(4))
    pair.send_ip(ip(TUNNEL[4], RIP[4], 17, control))
    assert seen.recv(200) == control[8:]
    other = ip(CLIENT[4], "10.0.0.99", 17, udp(CLIENT[4], 5000, "10.0.0.99", 5300, b"hi"))
    pair.send_ip(tunnelled("gue", 4, other))
    assert seen.recv(200) == struct.pack("!BBH", 0, 4, 0) + other
    pair.send_ip(ip(TUNNEL[4], "10.0.2.12", 4, question(4)))
    pair.send_ip(tunnelled("ipip", 4, question(4), flags=0x2000))
    pair.send_ip(tunnelled("gue", 4, question(4)[:20]))
    assert seen.recv(200) == struct.pack("!BBH", 0, 4, 0) + question(4)[:20]
    assert pair.counters() == {"passed_unsupported": 1, "passed_not_for_vip": 1, "passed_not_local": 1,
                               "passed_fragment": 1, "passed_malformed": 1}


# ---- the command


def test_a_second_run_changes_nothing(pair):
    assert "this real server is ready" in set_up(pair, "--mss 1400").stdout
    state, status = pair.state(), pair.ballast("--status").stdout
    assert "nothing to do" in set_up(pair, "--mss 1400").stdout
    assert (pair.state(), pair.ballast("--status").stdout) == (state, status)


@pytest.mark.parametrize("arguments", ["--method route", "--method tunnel", "--method tunnel --mss 1400"])
def test_undo_leaves_the_machine_as_it_was(pair, arguments):
    pair.on_server("sysctl -qw net.ipv4.conf.lo.arp_ignore=5")
    before = pair.state()
    command = f"--vip {VIP[4]} --vip {VIP[6]} {arguments}"
    pair.ballast(f"{command} --dry-run")
    assert pair.state() == before
    pair.ballast(command)
    assert pair.state() != before
    pair.ballast("--undo")
    assert pair.state() == before
    assert "nothing to undo" in pair.ballast("--undo").stdout


def test_undo_takes_several_runs_back_at_once(pair):
    before = pair.state()
    pair.ballast(f"--vip {VIP[4]} --method route")
    pair.ballast(f"--vip {VIP[6]} --method tunnel --mss 1400")
    pair.ballast(f"--vip {VIP[4]} --method tunnel")
    assert f"VIP {VIP[4]}: tunnel, on lo" in pair.ballast("--status").stdout
    pair.ballast("--undo")
    assert pair.state() == before


def test_undo_also_switches_lo_off_again(pair):
    pair.on_server("ip addr flush dev lo")
    pair.on_server("ip link set lo down")
    before = pair.state()
    set_up(pair)
    pair.ballast("--undo")
    assert pair.state() == before


def test_a_dry_run_prints_commands_that_do_the_same(pair):
    commands = pair.ballast(f"--vip {VIP[4]} --vip {VIP[6]} --dry-run").stdout
    before = pair.state()
    for line in commands.splitlines():
        pair.on_server(f"sh -c '{line}'")
    by_hand = pair.state()
    assert by_hand != before
    assert "nothing to do" in pair.ballast(f"--vip {VIP[4]} --vip {VIP[6]}").stdout
    assert pair.state() == by_hand


def test_a_failure_takes_back_what_was_done(pair):
    before = pair.state()
    outcome = pair.on_server(f"setpriv --bounding-set=-sys_admin,-bpf {program('ballast')} realserver "
                             f"--vip {VIP[4]} --method tunnel", check=False)
    assert outcome.returncode == 1
    assert "the kernel refuses the packet programs" in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert pair.state() == before
    assert "nothing to undo" in pair.ballast("--undo").stdout


@pytest.mark.parametrize("arguments,words", [
    ("--vip 10.0.0", "--vip 10.0.0: not an IPv4 or IPv6 address"),
    ("--vip 10.0.0.13 --interface eth7", "there is no interface eth7; there are"),
    ("--vip 10.0.2.11", "ip addr del 10.0.2.11/24 dev eth0"),
    ("--vip 127.0.0.1", "127.0.0.1 cannot be a VIP"),
    ("--method tunnel", "no VIP given"),
])
def test_a_refusal_is_one_line_and_changes_nothing(pair, arguments, words):
    before = pair.state()
    outcome = pair.ballast(arguments, check=False)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("ballast realserver: ") and outcome.stderr.count("\n") == 1
    assert words in outcome.stderr
    assert pair.state() == before


def foreign_filter(wrappers, priority):
    return (f"tc filter add dev eth0 ingress prio {priority} bpf direct-action "
            f"object-file {wrappers('ipip', 4)} section tc")


def test_a_foreign_filter_in_our_place_is_left_there(pair, wrappers):
    pair.on_server("tc qdisc add dev eth0 clsact")
    pair.on_server(foreign_filter(wrappers, 10))
    before = pair.state()
    outcome = pair.ballast(f"--vip {VIP[4]} --method tunnel", check=False)
    assert outcome.returncode == 1
    assert "tc filter show dev eth0 ingress" in outcome.stderr
    assert pair.state() == before


def test_other_filters_and_their_hook_outlive_us(pair, wrappers):
    set_up(pair)
    pair.on_server(foreign_filter(wrappers, 20))
    assert "clsact qdisc of eth0 stays" in pair.ballast("--undo").stdout
    filters = pair.on_server("tc filter show dev eth0 ingress").stdout
    assert "pref 20" in filters and "ballast" not in filters


def test_an_ordinary_user_is_told_to_be_root(pair):
    outcome = pair.on_server(f"setpriv --reuid 65534 --clear-groups {program('ballast')} realserver --vip {VIP[4]}",
                             check=False)
    assert outcome.returncode == 1
    assert "run it as root" in outcome.stderr


def test_nobody_but_the_director_answers_for_the_vip(pair):
    pair.ballast(f"--vip {VIP[4]} --vip {VIP[6]} --method route")
    for wanted in (VIP[4], RIP[4]):
        pair.send(ETH_P_ARP, struct.pack("!HHBBH", 1, ETH_P_IP, 6, 4, 1) + mac(SENDER_MAC) + packed(TUNNEL[4]) + bytes(6)
                  + packed(wanted))
    reply = pair.receive(lambda frame: frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2")
    assert socket.inet_ntop(socket.AF_INET, reply[28:32]) == RIP[4]

    for wanted in (VIP[6], RIP[6]):
        message = struct.pack("!BBHI", 135, 0, 0, 0) + packed(wanted) + b"\1\1" + mac(SENDER_MAC)
        total = checksum(pseudo_header(TUNNEL[6], RIP[6], 58, len(message)) + message)
        packet = ip(TUNNEL[6], RIP[6], 58, message[:2] + struct.pack("!H", total) + message[4:])
        pair.send_ip(packet[:7] + b"\xff" + packet[8:])
    reply = pair.receive(lambda frame: frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] == 136)
    assert socket.inet_ntop(socket.AF_INET6, reply[62:78]) == RIP[6]
