"""DR: the director changes the frame's MAC addresses only, and never sees the answers."""

import pytest

import drawings
from lab import ask

WEIGHTED_TABLE = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.0.0.13:80 wrr persistent 20
  -> 10.0.0.21:80                 Route   1      0          0         
  -> 10.0.0.22:80                 Route   1      0          0         
"""


def test_the_walkthrough_requests_alternate_and_answers_go_straight_to_the_client(lab, hook):
    net = drawings.route(lab)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("""
        -A -t 10.0.0.13:80 -s rr
        -a -t 10.0.0.13:80 -r 10.0.0.21 -g
        -a -t 10.0.0.13:80 -r 10.0.0.22 -g
    """)
    through_director = net.director.capture_wire("lan", "tcp port 80")
    at_server = net.servers[1].capture("lan", "tcp dst port 80")
    assert net.client.curls("http://10.0.0.13/", 6) == ["rs2", "rs1"] * 3

    request = at_server.wait_for(r"10\.0\.0\.2\.\d+ > 10\.0\.0\.13\.80: Flags \[S\]")
    assert (request.source_mac, request.destination_mac) == (net.director.macs["lan"], net.servers[1].macs["lan"])
    assert "ttl 63" in request
    assert not [packet for packet in through_director.stop() if "10.0.0.13.80 > " in packet]


def test_the_listing_of_the_weighted_walkthrough(lab):
    net = drawings.route(lab)
    net.director.ip("addr del 10.0.0.13/24 dev lan")
    lb = net.director.ballast()
    net.director.ip("addr add 10.0.0.13/24 dev lan")
    lb.ipvsadm("""
        -C
        --set 30 5 60
        -A -t 10.0.0.13:80 -s wrr -p 20
        -a -t 10.0.0.13:80 -r 10.0.0.21:80 -g -w 1
        -a -t 10.0.0.13:80 -r 10.0.0.22:80 -g -w 1
    """)
    assert lb.ipvsadm("-ln") == WEIGHTED_TABLE
    assert lb.ipvsadm("-l --timeout") == "Timeout (tcp tcpfin udp): 30 5 60\n"


def test_ipv6(lab, hook):
    net = drawings.route(lab)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("""
        -A -t [fd00::13]:80 -s rr
        -a -t [fd00::13]:80 -r [fd00::21]:80 -g
        -a -t [fd00::13]:80 -r [fd00::22]:80 -g
    """)
    assert net.client.curls("http://[fd00::13]/", 4) == ["rs2", "rs1"] * 2


def test_udp_over_ipv4_and_ipv6(lab, hook):
    net = drawings.route(lab)
    for server in net.servers:
        server.echo(udp=[53])
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("""
        -A -u 10.0.0.13:53 -s rr
        -a -u 10.0.0.13:53 -r 10.0.0.21 -g
        -a -u 10.0.0.13:53 -r 10.0.0.22 -g
        -A -u [fd00::13]:53 -s rr
        -a -u [fd00::13]:53 -r [fd00::21]:53 -g
        -a -u [fd00::13]:53 -r [fd00::22]:53 -g
    """)
    for vip in (net.vip, net.vip6):
        assert [ask(net.client.udp(vip, 53), "hello") for _ in range(4)] == ["rs2 hello", "rs1 hello"] * 2


def test_a_real_server_that_changes_its_mac_address_is_followed(lab, hook):
    net = drawings.route(lab, servers=1)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("-A -t 10.0.0.13:80 -s rr", "-a -t 10.0.0.13:80 -r 10.0.0.21 -g")
    assert net.client.curl("http://10.0.0.13/") == "rs1"
    server = net.servers[0]
    server.ip("link set lan down", "link set lan address 02:00:00:00:01:77", "link set lan up")
    server.run("ping -c 1 -W 5 10.0.0.1")  # as a machine does that comes back: it is heard
    assert net.client.curl("http://10.0.0.13/") == "rs1"


@pytest.mark.parametrize("vip", ["10.0.0.13", "fd00::13"])
def test_ballast_realserver_sets_up_what_dr_needs_and_undoes_it(lab, vip):
    net = drawings.route(lab, servers=1)
    server = net.servers[0]
    server.ip("addr del 10.0.0.13/32 dev lo", "addr del fd00::13/128 dev lo")
    server.sysctl(ipv4__conf__all__arp_ignore=0, ipv4__conf__all__arp_announce=0)

    def state():
        sysctls = server.run("sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce "
                             "net.ipv4.conf.lo.arp_ignore net.ipv4.conf.lo.arp_announce").stdout
        return server.run("ip -brief addr show lo").stdout + sysctls

    before = state()
    server.ballast_realserver(f"--vip {vip} --method route --dry-run")
    assert state() == before

    lb = net.director.ballast()
    bracketed = f"[{vip}]:80" if ":" in vip else f"{vip}:80"
    rip = f"[{net.rips6[0]}]:80" if ":" in vip else net.rips[0]
    lb.ipvsadm(f"-A -t {bracketed} -s rr", f"-a -t {bracketed} -r {rip} -g")
    server.ballast_realserver(f"--vip {vip} --method route")
    assert net.client.curl(f"http://{bracketed}/") == "rs1"

    server.ballast_realserver("--undo")
    assert state() == before
