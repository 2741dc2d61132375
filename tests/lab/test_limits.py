"""A full connection table: half-open connections go first, established ones are kept."""

import socket
import struct

import drawings
from lab import ask, wait_until

CONNECTIONS = 1024


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def syn(source, target, port):
    """An IPv4 packet with a TCP SYN."""
    source, target = socket.inet_aton(source), socket.inet_aton(target)

    def tcp(check):
        return struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 0x50, 0x02, 1000, check, 0)

    def ip(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, check, source, target)

    pseudo = source + target + struct.pack("!HH", 6, 20)
    return ip(checksum(ip(0))) + tcp(checksum(pseudo + tcp(0)))


def flood(net, count):
    """SYNs from so many clients that never answer."""
    wire = net.client.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("outside", 0))
    ethernet = b"".join(bytes.fromhex(mac.replace(":", "")) for mac in
                        (net.director.macs["outside"], net.client.macs["outside"])) + b"\x08\x00"
    for number in range(count):
        wire.send(ethernet + syn(f"10.9.{number >> 8}.{number & 255}", net.vip, 7))


def balance(lab, hook):
    net = drawings.nat(lab, servers=1)
    net.director.ip("route add 10.9.0.0/16 via 172.16.0.2")
    net.servers[0].echo(tcp=[7])
    lb = net.director.ballast(hook=hook, connections=CONNECTIONS)
    lb.ipvsadm("-A -t 172.16.3.100:7 -s rr", "-a -t 172.16.3.100:7 -r 192.168.1.10 -m")
    return net, lb


def test_a_flood_of_half_open_connections_harms_neither_established_nor_new_ones(lab, hook):
    net, lb = balance(lab, hook)
    held = [net.client.connect(net.vip, 7) for _ in range(CONNECTIONS // 4)]
    assert {ask(sock, "before") for sock in held} == {"rs1 before"}
    flood(net, 3 * CONNECTIONS)
    assert {ask(sock, "after") for sock in held} == {"rs1 after"}
    assert ask(net.client.connect(net.vip, 7), "new") == "rs1 new"
    assert lb.counters()["table_full_evicted"] > 0
    wait_until(lambda: "full" in lb.log(), "a log line about the full table")
    assert sum("full" in line for line in lb.log().splitlines()) <= 2


def test_a_table_full_of_established_connections_keeps_them_and_refuses_new_ones(lab, hook):
    net, lb = balance(lab, hook)
    held = []
    while len(held) < 2 * CONNECTIONS and lb.counters()["table_full_dropped"] == 0:
        for _ in range(CONNECTIONS // 8):
            try:
                held.append(net.client.connect(net.vip, 7, seconds=0.5))
            except OSError:
                break
    assert len(held) >= CONNECTIONS * 3 // 4
    assert lb.counters()["table_full_dropped"] > 0
    assert {ask(sock, "still here") for sock in held} == {"rs1 still here"}
