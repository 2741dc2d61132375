"""ICMP errors follow the connection that they are about."""

import socket

import pytest

import drawings
from lab import IcmpError, ask, icmp_error, want_icmp_errors


@pytest.mark.parametrize("version", [4, 6])
def test_a_port_unreachable_of_a_real_server_behind_nat_reaches_the_clients_socket(lab, hook, version):
    net = drawings.nat(lab, servers=1)
    lb = net.director.ballast(hook=hook)
    vip, rip = (net.vip, net.rips[0]) if version == 4 else (net.vip6, net.rips6[0])
    service, real = (f"{vip}:53", f"{rip}:5353") if version == 4 else (f"[{vip}]:53", f"[{rip}]:5353")
    lb.ipvsadm(f"-A -u {service} -s rr", f"-a -u {service} -r {real} -m")
    sock = net.client.udp(vip, 53)
    want_icmp_errors(sock)
    sock.send(b"hello")
    error = icmp_error(sock)
    assert (error.type, error.code) == ((3, 3) if version == 4 else (1, 4))
    assert error.offender == vip  # the real server's address is not shown to clients


@pytest.mark.parametrize("method", ["-m", "-g"])
def test_a_ttl_of_one_ends_at_the_director(lab, hook, method):
    net = drawings.nat(lab, servers=1) if method == "-m" else drawings.route(lab, servers=1)
    net.servers[0].echo(udp=[53])
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm(f"-A -u {net.vip}:53 -s rr", f"-a -u {net.vip}:53 -r {net.rips[0]} {method}")
    sock = net.client.udp(net.vip, 53)
    want_icmp_errors(sock)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
    sock.send(b"hello")
    assert icmp_error(sock) == IcmpError(type=11, code=0, info=0, offender=net.vip)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 2)
    assert ask(sock, "hello") == "rs1 hello"


def test_a_service_without_servers_refuses_at_once(lab, hook):
    net = drawings.nat(lab, servers=1)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("-A -t 172.16.3.100:80 -s rr", "-A -u 172.16.3.100:53 -s rr", "-A -t [fd00:1::100]:80 -s rr")
    for vip in (net.vip, net.vip6):
        with pytest.raises(ConnectionRefusedError):
            net.client.connect(vip, 80)
    with pytest.raises(ConnectionRefusedError):
        ask(net.client.udp(net.vip, 53), "hello")
    assert lb.counters()["no_server"] >= 3
    lb.ipvsadm("-a -t 172.16.3.100:80 -r 192.168.1.10 -m -w 0")
    with pytest.raises(ConnectionRefusedError):
        net.client.connect(net.vip, 80)


@pytest.mark.parametrize("method", ["nat", "route"])
def test_fragmentation_needed_on_the_way_to_the_client_reaches_the_real_server(lab, hook, method):
    net = drawings.narrow(lab, method)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("-A -t 10.0.1.100:80 -s rr", f"-a -t 10.0.1.100:80 -r {net.rip} {'-m' if method == 'nat' else '-g'}")
    received = lab.directory / "received"
    net.client.curl("http://10.0.1.100/files/random", "--output", str(received))
    assert received.read_bytes() == (lab.directory / "files" / "random").read_bytes()
    assert lb.counters()["icmp_relayed_to_server"] > 0


def test_the_vip_answers_pings_itself(lab, hook):
    net = drawings.nat(lab, servers=1)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("-A -t 172.16.3.100:80 -s rr", "-a -t 172.16.3.100:80 -r 192.168.1.10 -m")
    assert net.client.run("ping -c 2 -i 0.05 -W 2 172.16.3.100").status == 0
