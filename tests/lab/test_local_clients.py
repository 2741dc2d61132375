"""Clients on the director itself."""

import pytest

import drawings
from lab import ask, wait_until


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


def routed_vip(lab, method):
    """A VIP that is routed to the director but is not its address; its own sockets would send to it by the gateway.

        gateway 10.0.1.254 ---- outside ---- director ---- inside ---- rs1, rs2: 10.0.2.11, .12
             10.9.0.100 is routed to the director, 10.0.1.1    10.0.2.1
    """
    lab.switch("outside")
    lab.switch("inside")
    client = lab.host("client", outside="10.0.1.254/24 fd00:1::fe/64", forwarding=True,
                      routes=["10.9.0.0/16 via 10.0.1.1", "fd00:9::/64 via fd00:1::1"])
    director = lab.host("director", outside="10.0.1.1/24 fd00:1::1/64", inside="10.0.2.1/24 fd00:2::1/64",
                        gateway="10.0.1.254 fd00:1::fe", forwarding=True)
    vip = {} if method == "-m" else {"vip": "10.9.0.100 fd00:9::100"}
    servers = [lab.nginx(f"rs{number}", inside=f"10.0.2.1{number}/24 fd00:2::1{number}/64",
                         gateway="10.0.2.1 fd00:2::1", **vip) for number in (1, 2)]
    if method == "-i":
        for server in servers:
            server.ballast_realserver("--vip 10.9.0.100 --vip fd00:9::100 --method tunnel")
    return client, director, servers


@pytest.mark.parametrize("method", ["-m", "-g", "-i"])
def test_a_vip_that_the_director_does_not_have(lab, hook, method):
    client, director, _ = routed_vip(lab, method)
    lb = director.ballast(hook=hook)
    lb.ipvsadm(f"""
        -A -t 10.9.0.100:80 -s rr
        -a -t 10.9.0.100:80 -r 10.0.2.11 {method}
        -a -t 10.9.0.100:80 -r 10.0.2.12 {method}
        -A -t [fd00:9::100]:80 -s rr
        -a -t [fd00:9::100]:80 -r [fd00:2::11]:80 {method}
        -a -t [fd00:9::100]:80 -r [fd00:2::12]:80 {method}
    """)
    received = lab.directory / "received"
    for vip in ("10.9.0.100", "[fd00:9::100]"):
        assert director.curls(f"http://{vip}/", 4) == ["rs2", "rs1"] * 2
        assert client.curls(f"http://{vip}/", 4) == ["rs2", "rs1"] * 2
        director.curl(f"http://{vip}/files/random", "--output", str(received))
        assert received.read_bytes() == (lab.directory / "files" / "random").read_bytes()
    lb.kill()
    assert sorted(director.curls("http://10.9.0.100/", 2)) == ["rs1", "rs2"]


def test_a_vip_that_the_director_does_not_have_where_every_source_is_checked(lab):
    client, director, servers = routed_vip(lab, "-m")
    director.sysctl(ipv4__conf__all__rp_filter=1)
    servers[0].echo(udp=[53])
    director.nginx(ports=(8080,))
    lb = director.ballast()
    lb.ipvsadm("""
        -A -t 10.9.0.100:80 -s rr
        -a -t 10.9.0.100:80 -r 10.0.2.11 -m
        -a -t 10.9.0.100:80 -r 10.0.1.1:8080 -m
        -A -u 10.9.0.100:53 -s rr
        -a -u 10.9.0.100:53 -r 10.0.2.11 -m
        -A -t 10.9.0.100:81 -s rr
    """)
    assert director.curls("http://10.9.0.100/", 4) == ["director", "rs1"] * 2
    assert client.curls("http://10.9.0.100/", 4) == ["director", "rs1"] * 2
    assert ask(director.udp("10.9.0.100", 53), "x" * 4000) == "rs1 " + "x" * 4000
    with pytest.raises(ConnectionRefusedError):
        director.connect("10.9.0.100", 81)
    # What is for no service goes its usual way.
    client.run("ip address add 10.9.0.100/32 dev lo")
    client.run("ip route del 10.9.0.0/16")
    client.echo(tcp=[22])
    assert ask(director.connect("10.9.0.100", 22), "hello") == "client hello"
    loose = "sysctl -n net.ipv4.conf.lo.rp_filter"
    assert director.run(loose).stdout.strip() == "2"
    lb.stop()
    assert director.run(loose).stdout.strip() == "0"


def test_a_vip_that_comes_to_the_director_and_goes(lab):
    _, director, _ = routed_vip(lab, "-m")
    lb = director.ballast()
    lb.ipvsadm("-A -t 10.9.0.100:80 -s rr", "-a -t 10.9.0.100:80 -r 10.0.2.11 -m")
    assert director.curl("http://10.9.0.100/") == "rs1"
    for change in ("add", "del"):
        director.run(f"ip address {change} 10.9.0.100/32 dev outside")
        wait_until(lambda: director.run("curl -s -m 1 http://10.9.0.100/", check=False).stdout == "rs1\n", "an answer")
        assert director.curls("http://10.9.0.100/", 5) == ["rs1"] * 5
