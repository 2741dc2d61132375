"""Services by firewall mark: netfilter marks what it likes, and the director balances what is marked."""

import json

import pytest

import drawings
from lab import ask

MARK_WEB = """\
add table inet marks
add chain inet marks prerouting { type filter hook prerouting priority mangle ; }
add rule inet marks prerouting tcp dport { 80, 81 } meta mark set 5
"""

TWO_NAT_SERVERS = """
    -A -f 5 -s rr
    -a -f 5 -r 192.168.1.10 -m
    -a -f 5 -r 192.168.1.20:8080 -m
"""


def mark(director, rules=MARK_WEB):
    for rule in rules.splitlines():
        director.run(["nft", rule])


def rules_of(host, family="-4"):
    return [(rule["priority"], rule.get("fwmark", "")) for rule in
            json.loads(host.run(["ip", "-json", family, "rule"]).stdout)]


def test_every_marked_port_is_one_service_and_nat_keeps_the_port(lab, hook):
    net = drawings.nat(lab, ports=(80, 81))
    mark(net.director)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm(TWO_NAT_SERVERS)
    urls = ["http://172.16.3.100/", "http://172.16.3.100:81/"] * 2
    assert [net.client.curl(url) for url in urls] == ["rs2", "rs1"] * 2
    assert {connection.server for connection in lb.connections()} == {
        "192.168.1.10:81", "192.168.1.20:80"}
    original = lab.directory / "files" / "random"
    received = lab.directory / "received"
    net.client.curl("http://172.16.3.100/files/random", "--output", str(received))
    assert received.read_bytes() == original.read_bytes()


def test_ipv6(lab, hook):
    net = drawings.nat(lab)
    mark(net.director)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("""
        -A -f 5 -6 -s rr
        -a -f 5 -6 -r [fd00:2::10]:80 -m
        -a -f 5 -6 -r [fd00:2::20]:80 -m
    """)
    assert net.client.curls("http://[fd00:1::100]/", 4) == ["rs2", "rs1"] * 2


def test_direct_routing_of_addresses_that_the_director_does_not_have(lab):
    net = drawings.route(lab)
    for server in net.servers:
        server.run("ip addr add 10.8.0.1/32 dev lo")
    net.client.run("ip route add 10.8.0.0/16 via 10.0.0.1")
    mark(net.director)
    lb = net.director.ballast()
    lb.ipvsadm("""
        -A -f 5 -s rr
        -a -f 5 -r 10.0.0.21 -g
        -a -f 5 -r 10.0.0.22 -g
    """)
    assert [net.client.curl(f"http://{vip}/") for vip in ["10.0.0.13", "10.8.0.1"] * 2] == ["rs2", "rs1"] * 2


def test_the_ttl_goes_down_by_one(lab):
    net = drawings.nat(lab, servers=1)
    mark(net.director)
    lb = net.director.ballast()
    lb.ipvsadm("-A -f 5 -s rr", "-a -f 5 -r 192.168.1.10 -m")
    seen = net.servers[0].capture("inside", "tcp dst port 80")
    assert net.client.curl("http://172.16.3.100/") == "rs1"
    seen.wait_for(r"Flags \[F")
    assert all("ttl 63" in packet for packet in seen.stop())


@pytest.mark.parametrize("vip", ["172.16.3.100", "fd00:1::100"])
def test_a_service_that_has_no_server_refuses(lab, vip):
    net = drawings.nat(lab, servers=1)
    mark(net.director)
    lb = net.director.ballast()
    lb.ipvsadm("-A -f 5 -s rr", "-A -f 5 -6 -s rr")
    with pytest.raises(ConnectionRefusedError):
        net.client.connect(vip, 80)
    assert lb.counters()["icmp_unreachable_sent"] >= 1


def test_marked_packets_that_are_for_no_service_take_their_usual_way(lab):
    net = drawings.nat(lab, servers=1)
    net.servers[0].run("ip addr add 10.8.0.1/32 dev lo")
    net.director.run("ip route add 10.8.0.0/16 via 192.168.1.10")
    mark(net.director, MARK_WEB + "add rule inet marks prerouting meta l4proto icmp meta mark set 5")
    lb = net.director.ballast()
    lb.ipvsadm("-A -f 5 -s rr", "-a -f 5 -r 192.168.1.10 -m")
    net.client.run("ping -c 1 -W 2 172.16.3.100")
    net.client.run("ping -c 1 -W 2 10.8.0.1")


def test_a_mark_that_a_socket_of_the_director_gets_counts_too(lab):
    net = drawings.nat(lab)
    mark(net.director, """\
add table inet marks
add chain inet marks output { type route hook output priority mangle ; }
add rule inet marks output ip daddr 172.16.3.100 tcp dport 80 meta mark set 5""")
    lb = net.director.ballast()
    lb.ipvsadm("-A -f 5 -s rr", "-a -f 5 -r 192.168.1.10 -m", "-a -f 5 -r 192.168.1.20 -m")
    assert net.director.curls("http://172.16.3.100/", 4) == ["rs2", "rs1"] * 2


def test_datagrams_in_pieces(lab):
    net = drawings.nat(lab, servers=1)
    net.servers[0].echo(udp=[53])
    mark(net.director, """\
add table inet marks
add chain inet marks prerouting { type filter hook prerouting priority mangle ; }
add rule inet marks prerouting udp dport 53 meta mark set 5""")
    lb = net.director.ballast()
    lb.ipvsadm("-A -f 5 -s rr", "-a -f 5 -r 192.168.1.10 -m")
    flow = net.client.udp(net.vip, 53)
    assert ask(flow, "small") == "rs1 small"
    assert ask(flow, "x" * 4000) == "rs1 " + "x" * 4000


def beside_all_ports(lab, hook="tc"):
    """A persistent service of all ports on whose address a persistent service by mark has ports 80 and 81."""
    net = drawings.nat(lab, ports=(80, 81, 82))
    mark(net.director)
    net.lb = net.director.ballast(hook=hook)
    for vip, of, rips in (("172.16.3.100:0", "", ["192.168.1.10", "192.168.1.20"]),
                          ("[fd00:1::100]:0", "-6", ["[fd00:2::10]:0", "[fd00:2::20]:0"])):
        net.lb.ipvsadm(f"-A -t {vip} -s rr -p 300", f"-a -t {vip} -r {rips[0]} -m")
        assert net.client.curl(f"http://{vip.removesuffix(':0')}/") == "rs1"
        net.lb.ipvsadm(f"-A -f 5 {of} -s rr -p 300", f"-a -f 5 {of} -r {rips[1]} -m")
    return net


@pytest.mark.parametrize("vip", ["172.16.3.100", "[fd00:1::100]"])
def test_a_mark_goes_before_all_ports_of_an_address(lab, hook, vip):
    net = beside_all_ports(lab, hook)
    seen = net.servers[0].capture("inside", "tcp dst port 82")
    assert [net.client.curl(f"http://{vip}{port}/") for port in ("", ":81", ":82") * 2] == ["rs2", "rs2", "rs1"] * 2
    assert net.client.run(["ping", "-c", "1", "-W", "2", vip.strip("[]")])
    if not vip.startswith("["):
        seen.wait_for(r"Flags \[F")
        assert all("ttl 63" in packet for packet in seen.stop())


def test_beside_marks_the_director_is_a_client_of_all_ports_and_answers_arp(lab):
    net = beside_all_ports(lab)
    for vip in ("172.16.3.100", "[fd00:1::100]"):
        assert net.director.curl(f"http://{vip}:82/") == "rs1"
    net.client.ip("neigh flush all", "route replace 172.16.3.100 dev outside")
    assert net.client.curl("http://172.16.3.100:82/") == "rs1"


def test_rules_for_all_ports_come_and_go_with_marks(lab):
    net = beside_all_ports(lab)

    def destinations():
        return [rule["dst"] for rule in json.loads(net.director.run("ip -json rule").stdout) if "dst" in rule]

    assert destinations() == ["172.16.3.100"]
    net.lb.ipvsadm("-D -f 5")
    assert destinations() == []
    assert net.client.curl("http://172.16.3.100:81/") == "rs1"


def test_device_and_rules_outlive_the_daemon_and_end_with_the_packet_path(lab):
    net = drawings.nat(lab)
    before = rules_of(net.director), rules_of(net.director, "-6")
    mark(net.director)
    lb = net.director.ballast()
    lb.ipvsadm(TWO_NAT_SERVERS, "-A -f 6 -s rr", "-A -f 5 -6 -s rr")
    marked = rules_of(net.director)
    assert [fwmark for _, fwmark in marked if fwmark] == ["0x5", "0x6"]
    lb.kill()
    assert net.client.curl("http://172.16.3.100/") in ("rs1", "rs2")
    lb.start()
    assert rules_of(net.director) == marked
    assert net.client.curl("http://172.16.3.100/") in ("rs1", "rs2")

    lb.ipvsadm("-D -f 6")
    assert [fwmark for _, fwmark in rules_of(net.director) if fwmark] == ["0x5"]
    lb.ipvsadm("-C")
    assert (rules_of(net.director), rules_of(net.director, "-6")) == before
    assert "ballast" not in net.director.run("ip -brief link").stdout

    lb.ipvsadm(TWO_NAT_SERVERS)
    lb.kill()
    lb.command("stop")
    assert rules_of(net.director) == before[0]
    assert "ballast" not in net.director.run("ip -brief link").stdout


def test_rules_of_somebody_else_that_are_in_the_way_are_named(lab):
    net = drawings.nat(lab)
    net.director.run("ip rule add from 10.99.0.0/16 lookup main priority 0")
    lb = net.director.ballast()
    assert lb.try_ipvsadm("-A -f 5 -s rr").status != 0
    assert "priority 0" in lb.log()
    assert lb.table() == {}


def test_forwarding_that_is_switched_off_is_told(lab):
    net = drawings.route(lab, forwarding=False)
    lb = net.director.ballast()
    lb.ipvsadm("-A -f 5 -s rr", "-a -f 5 -r 10.0.0.21 -g")
    assert "packets of fwmark services" in lb.log()
