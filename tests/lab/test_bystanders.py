"""What is no one's service passes as if Ballast were not there."""

import pytest

import drawings
from lab import ask, wait_until


@pytest.fixture
def net(lab, hook):
    net = drawings.nat(lab)
    net.director.echo(tcp=[22], udp=[123])
    net.servers[0].echo(tcp=[22], udp=[123])
    net.lb = net.director.ballast(hook=hook)
    net.lb.ipvsadm("""
        -A -t 172.16.3.100:80 -s rr
        -a -t 172.16.3.100:80 -r 192.168.1.10 -m
        -a -t 172.16.3.100:80 -r 192.168.1.20 -m
        -A -t [fd00:1::100]:80 -s rr
        -a -t [fd00:1::100]:80 -r [fd00:2::10]:80 -m
    """)
    assert net.client.curl("http://172.16.3.100/") == "rs2"
    return net


@pytest.mark.parametrize("address", ["172.16.0.1", "172.16.3.100", "fd00:1::1", "fd00:1::100"])
def test_the_directors_own_servers_answer_on_its_addresses_and_on_the_vip(net, address):
    assert net.client.run(f"ping -c 1 -W 2 {address}").status == 0
    assert ask(net.client.connect(address, 22), "hello") == "director hello"
    assert ask(net.client.udp(address, 123), "hello") == "director hello"


@pytest.mark.parametrize("address", ["192.168.1.10", "fd00:2::10"])
def test_plainly_routed_traffic_goes_through(net, address):
    assert net.client.run(f"ping -c 1 -W 2 {address}").status == 0
    assert ask(net.client.connect(address, 22), "hello") == "rs1 hello"
    assert ask(net.client.udp(address, 123), "x" * 4000) == "rs1 " + "x" * 4000
    assert net.client.curl(f"http://[{address}]/" if ":" in address else f"http://{address}/") == "rs1"


def test_real_servers_reach_the_outside_and_the_director(net):
    net.client.echo(tcp=[22], udp=[123])
    server = net.servers[0]
    assert ask(server.connect("172.16.0.2", 22), "hello") == "client hello"
    assert ask(server.udp("172.16.0.2", 123), "hello") == "client hello"
    assert ask(server.connect("192.168.1.254", 22), "hello") == "director hello"


def test_a_port_without_a_service_is_refused_by_the_director_itself(net):
    with pytest.raises(ConnectionRefusedError):
        net.client.connect("172.16.3.100", 81)


def test_ssh_like_connections_stay_when_services_come_and_go(net):
    held = net.client.connect("172.16.0.1", 22)
    assert ask(held, "one") == "director one"
    net.lb.ipvsadm("-C", "-A -t 172.16.0.1:8080 -s rr", "-a -t 172.16.0.1:8080 -r 192.168.1.10:80 -m")
    assert ask(held, "two") == "director two"
    assert net.client.curl("http://172.16.0.1:8080/") == "rs1"
    net.lb.stop()
    assert ask(held, "three") == "director three"
    wait_until(lambda: not net.lb.process.running(), "the daemon to be gone")
