"""Clients on the director itself."""

import pytest

import drawings
from lab import ask


def test_nat(lab, hook):
    net = drawings.nat(lab)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("""
        -A -t 172.16.3.100:80 -s rr
        -a -t 172.16.3.100:80 -r 192.168.1.10 -m
        -a -t 172.16.3.100:80 -r 192.168.1.20 -m
        -A -t [fd00:1::100]:80 -s rr
        -a -t [fd00:1::100]:80 -r [fd00:2::10]:80 -m
        -a -t [fd00:1::100]:80 -r [fd00:2::20]:80 -m
    """)
    assert net.director.curls("http://172.16.3.100/", 4) == ["rs2", "rs1"] * 2
    assert net.director.curls("http://[fd00:1::100]/", 4) == ["rs2", "rs1"] * 2
    assert net.client.curls("http://172.16.3.100/", 4) == ["rs2", "rs1"] * 2
    received = lab.directory / "received"
    net.director.curl("http://172.16.3.100/files/random", "--output", str(received))
    assert received.read_bytes() == (lab.directory / "files" / "random").read_bytes()


def test_nat_where_every_source_is_checked(lab):
    net = drawings.nat(lab)
    net.director.sysctl(ipv4__conf__all__rp_filter=1)
    lb = net.director.ballast()
    lb.ipvsadm("-A -t 172.16.3.100:80 -s rr", "-a -t 172.16.3.100:80 -r 192.168.1.10 -m")
    assert net.director.curl("http://172.16.3.100/") == "rs1"


def test_nat_of_datagrams_and_their_pieces(lab):
    net = drawings.nat(lab, servers=1)
    net.servers[0].echo(udp=[53])
    lb = net.director.ballast()
    lb.ipvsadm("-A -u 172.16.3.100:53 -s rr", "-a -u 172.16.3.100:53 -r 192.168.1.10 -m")
    flow = net.director.udp(net.vip, 53)
    assert ask(flow, "hello") == "rs1 hello"
    assert ask(flow, "x" * 1400) == "rs1 " + "x" * 1400


def test_direct_routing_and_tunnels_from_an_address_that_only_the_director_has(lab):
    # From the VIP itself it cannot work, with ip_vs neither: the real server has that address too.
    net = drawings.route(lab)
    lb = net.director.ballast()
    lb.ipvsadm("-A -t [fd00::13]:80 -s rr", "-a -t [fd00::13]:80 -r [fd00::21]:80 -g")
    assert net.director.curl("http://[fd00::13]/", "--interface", "fd00::1") == "rs1"


def test_a_service_on_the_director_is_a_real_server_for_its_own_clients_too(lab):
    net = drawings.nat(lab, servers=1)
    net.director.nginx(ports=(8080,))
    lb = net.director.ballast()
    lb.ipvsadm("""
        -A -t 172.16.3.100:80 -s rr
        -a -t 172.16.3.100:80 -r 172.16.0.1:8080 -m
        -a -t 172.16.3.100:80 -r 192.168.1.10 -m
    """)
    assert net.director.curls("http://172.16.3.100/", 4) == ["rs1", "director"] * 2
    assert net.client.curls("http://172.16.3.100/", 4) == ["rs1", "director"] * 2


def test_a_service_without_a_server_refuses(lab):
    net = drawings.nat(lab, servers=1)
    lb = net.director.ballast()
    lb.ipvsadm("-A -t 172.16.3.100:80 -s rr", "-A -t [fd00:1::100]:80 -s rr")
    for vip in ("172.16.3.100", "fd00:1::100"):
        with pytest.raises(ConnectionRefusedError):
            net.director.connect(vip, 80)
    assert lb.counters()["icmp_unreachable_sent"] >= 2


def test_what_is_for_no_service_is_left_alone_and_stop_sets_everything_back(lab):
    net = drawings.nat(lab, servers=1)
    net.director.nginx(ports=(8080,))
    accept_local = "sysctl -n net.ipv4.conf.lo.accept_local"
    lb = net.director.ballast()
    lb.ipvsadm("-A -t 172.16.3.100:80 -s rr", "-a -t 172.16.3.100:80 -r 192.168.1.10 -m")
    assert net.director.curl("http://172.16.3.100:8080/") == "director"
    assert net.director.curl("http://127.0.0.1:8080/") == "director"
    assert net.director.run(accept_local).stdout.strip() == "1"
    lb.kill()
    assert net.director.curl("http://172.16.3.100/") == "rs1"
    lb.start()
    assert net.director.curl("http://172.16.3.100/") == "rs1"
    lb.stop()
    assert net.director.run(accept_local).stdout.strip() == "0"
    with pytest.raises(ConnectionRefusedError):
        net.director.connect("172.16.3.100", 80)
