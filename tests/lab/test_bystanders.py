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


def balanced(director, hook, **settings):
    """A daemon with a service by DR for the VIP of drawings.route()."""
    lb = director.ballast(hook=hook, **settings)
    lb.ipvsadm("-A -t 10.0.0.13:80 -s rr", "-a -t 10.0.0.13:80 -r 10.0.0.21 -g", "-a -t 10.0.0.13:80 -r 10.0.0.22 -g")
    return lb


def test_a_switch_that_floods_gives_packets_to_both_directors_and_one_takes_them(lab, hook):
    net = drawings.route(lab)
    standby = lab.host("standby", lan="10.0.0.3/24", forwarding=True)
    lab.switches["lan"].ip("link set dev switch type bridge ageing_time 0")
    active, passive = balanced(net.director, hook), balanced(standby, hook)
    assert net.client.curls("http://10.0.0.13/", 4) == ["rs2", "rs1"] * 2
    assert active.counters()["connections_created"] == 4
    assert set(passive.counters().values()) == {0}


def test_a_bridge_takes_frames_for_its_own_link_address_by_its_ports(lab, hook):
    net = drawings.route(lab)
    director = net.director
    director.run("ip link add br0 address 02:00:00:00:bb:01 type bridge")
    director.run("ip address flush dev lan")
    director.run("ip link set dev lan master br0")
    for address in ("10.0.0.1/24", "10.0.0.13/24"):
        director.run(f"ip address add {address} dev br0")
    director.run("ip link set dev br0 up")
    for settings in ({}, {"interfaces": ["lan"]}):
        lb = balanced(director, hook if settings else "tc", **settings)
        wait_until(lambda: net.client.curl("http://10.0.0.13/", check=False).status == 0, "the bridge to forward")
        assert sorted(net.client.curls("http://10.0.0.13/", 4)) == ["rs1", "rs1", "rs2", "rs2"]
        assert lb.counters()["connections_created"] >= 5
        lb.stop()


def test_a_macvlan_has_a_link_address_of_its_own(lab, hook):
    net = drawings.route(lab)
    director = net.director
    director.run("ip address del 10.0.0.13/24 dev lan")
    director.run("ip link add vip link lan address 02:00:00:00:bb:02 type macvlan mode bridge")
    director.run("ip address add 10.0.0.13/24 dev vip")
    director.run("ip link set dev vip up")
    director.sysctl(ipv4__conf__all__arp_ignore=1)
    for settings in ({}, {"interfaces": ["lan"]}):
        lb = balanced(director, hook if settings else "tc", **settings)
        assert net.client.curls("http://10.0.0.13/", 4) == ["rs2", "rs1"] * 2
        assert lb.counters()["connections_created"] == 4
        lb.stop()


def test_an_interface_whose_link_address_changes(lab, hook):
    net = drawings.route(lab)
    lb = balanced(net.director, hook)
    assert net.client.curl("http://10.0.0.13/") == "rs2"
    lb.kill()  # the programs do without the daemon
    net.director.run("ip link set dev lan address 02:00:00:00:bb:03")
    net.client.run("ip neigh flush all")
    assert net.client.curls("http://10.0.0.13/", 4) == ["rs1", "rs2"] * 2
    lb.start()
    assert net.client.curls("http://10.0.0.13/", 4) == ["rs1", "rs2"] * 2


def test_an_interface_that_comes_later(lab, hook):
    net = drawings.nat(lab)
    director = net.director
    director.run("ip link set dev outside down")
    director.run("ip address flush dev outside")
    lb = director.ballast(hook=hook)
    lb.ipvsadm("-A -t 172.16.3.100:80 -s rr", "-a -t 172.16.3.100:80 -r 192.168.1.10 -m")
    director.run("ip link set dev outside up")
    for address in ("172.16.0.1/16", "172.16.3.100/16"):
        director.run(f"ip address add {address} dev outside")
    wait_until(lambda: "outside" in lb.command("status").stdout, "the hook")
    assert net.client.curls("http://172.16.3.100/", 4) == ["rs1"] * 4
    assert lb.counters()["connections_created"] == 4
