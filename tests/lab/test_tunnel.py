"""TUN: packets are wrapped for a real server anywhere, which `ballast realserver` sets up to unwrap them."""

import socket

import pytest

import drawings
from lab import IcmpError, icmp_error, never_fragment, want_icmp_errors

TUNNELS = {"ipip": "", "gue": "--tun-type gue --tun-port 6080 --tun-nocsum", "gre": "--tun-type gre --tun-nocsum"}
OVERHEAD = {"ipip": 20, "gue": 20 + 8 + 4, "gre": 20 + 4}
ON_THE_WIRE = {"ipip": "proto IPIP", "gue": r"\.6080: UDP", "gre": "proto GRE"}


@pytest.fixture(params=list(TUNNELS))
def kind(request):
    return request.param


def balance(lab, net, kind, *, vip="10.0.1.100", rips=None, **settings):
    """Starts the director with one TCP service that tunnels to all real servers, and sets them up."""
    lb = net.director.ballast(**settings)
    service = f"[{vip}]:80" if ":" in vip else f"{vip}:80"
    lb.ipvsadm(f"-A -t {service} -s rr")
    for rip, server in zip(rips or net.rips, net.servers):
        server.ballast_realserver(f"--vip {vip} --method tunnel --interface inside")
        real = f"[{rip}]:80" if ":" in rip else rip
        lb.ipvsadm(f"-a -t {service} -r {real} -i {TUNNELS[kind]}")
    return lb


def test_the_walkthrough_requests_alternate_and_are_wrapped(lab, hook, kind):
    net = drawings.tunnel(lab)
    balance(lab, net, kind, hook=hook)
    wire = net.director.capture_wire("outside", "dst 10.0.3.12")
    assert net.client.curls("http://10.0.1.100/", 4) == ["rs2", "rs1"] * 2
    wire.wait_for(ON_THE_WIRE[kind])


def test_ipv6_in_ipv6(lab, hook, kind):
    net = drawings.tunnel(lab)
    balance(lab, net, kind, vip=net.vip6, rips=net.rips6, hook=hook)
    assert net.client.curls("http://[fd00:1::100]/", 4) == ["rs2", "rs1"] * 2


@pytest.mark.parametrize("inner", ["IPv4 in IPv6", "IPv6 in IPv4"])
def test_one_family_in_the_other(lab, inner):
    net = drawings.tunnel(lab)
    if inner == "IPv4 in IPv6":
        balance(lab, net, "ipip", rips=net.rips6)
        assert net.client.curls("http://10.0.1.100/", 4) == ["rs2", "rs1"] * 2
    else:
        balance(lab, net, "ipip", vip=net.vip6)
        assert net.client.curls("http://[fd00:1::100]/", 4) == ["rs2", "rs1"] * 2


def test_an_upload_completes_although_full_packets_do_not_fit(lab, hook, kind):
    net = drawings.tunnel(lab, servers=1)
    lb = balance(lab, net, kind, hook=hook)
    original = lab.directory / "files" / "random"
    net.client.curl("http://10.0.1.100/upload/random", "--upload-file", str(original))
    assert (net.servers[0].directory / "nginx" / "upload" / "random").read_bytes() == original.read_bytes()
    assert lb.counters()["icmp_too_big_sent"] > 0


def test_a_datagram_that_does_not_fit_brings_the_mtu_that_would(lab, hook, kind):
    net = drawings.tunnel(lab, servers=1)
    lb = balance(lab, net, kind, hook=hook)
    lb.ipvsadm("-A -u 10.0.1.100:53 -s rr", f"-a -u 10.0.1.100:53 -r 10.0.3.11 -i {TUNNELS[kind]}")
    sock = net.client.udp(net.vip, 53)
    want_icmp_errors(sock)
    never_fragment(sock)
    sock.send(bytes(1472))
    error = icmp_error(sock)
    assert (error.type, error.code, error.info) == (3, 4, 1500 - OVERHEAD[kind])


def test_the_ttl_is_copied_to_the_outer_header_and_used_up_as_by_a_router(lab):
    net = drawings.tunnel(lab, servers=1)
    lb = balance(lab, net, "ipip")
    net.servers[0].echo(udp=[53])
    wire = net.director.capture_wire("outside", "dst 10.0.3.11")
    lb.ipvsadm("-A -u 10.0.1.100:53 -s rr", "-a -u 10.0.1.100:53 -r 10.0.3.11 -i")
    sock = net.client.udp(net.vip, 53)
    want_icmp_errors(sock)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 10)
    sock.send(b"hello")
    assert "ttl 9," in wire.wait_for("proto IPIP")
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
    sock.send(b"hello")
    assert icmp_error(sock) == IcmpError(type=11, code=0, info=0, offender="10.0.1.100")


def test_ballast_realserver_undoes_what_it_did(lab):
    net = drawings.tunnel(lab, servers=1)
    server = net.servers[0]

    def state():
        return server.run("ip -brief addr show lo").stdout + server.run("bpftool net show").stdout

    before = state()
    server.ballast_realserver("--vip 10.0.1.100 --method tunnel --interface inside --dry-run")
    assert state() == before
    server.ballast_realserver("--vip 10.0.1.100 --method tunnel --interface inside")
    assert "10.0.1.100/32" in state()
    server.ballast_realserver("--undo")
    assert state() == before
