"""NAT: the director rewrites addresses and ports both ways."""

import drawings
from lab import ask

TABLE_AFTER_TEN_REQUESTS = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  172.16.3.100:80 rr
  -> 192.168.1.10:80              Masq    1      0          5         
  -> 192.168.1.20:80              Masq    1      0          5         
"""


def test_the_walkthrough_ten_requests_alternate_and_the_table_shows_them(lab):
    net = drawings.nat(lab)
    lb = net.director.ballast()
    lb.ipvsadm("""
        -A -t 172.16.3.100:80 -s rr
        -a -t 172.16.3.100:80 -r 192.168.1.10 -m
        -a -t 172.16.3.100:80 -r 192.168.1.20 -m
    """)
    assert net.client.curls("http://172.16.3.100/", 10) == ["rs2", "rs1"] * 5
    lb.wait_for_table(TABLE_AFTER_TEN_REQUESTS)


def test_a_port_is_mapped_to_another_one(lab, hook):
    net = drawings.nat(lab, ports=(8080,))
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("""
        -A -t 172.16.3.100:80 -s rr
        -a -t 172.16.3.100:80 -r 192.168.1.10:8080 -m
        -a -t 172.16.3.100:80 -r 192.168.1.20:8080 -m
    """)
    assert net.client.curls("http://172.16.3.100/", 4) == ["rs2", "rs1"] * 2


def test_ipv6(lab, hook):
    net = drawings.nat(lab)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("""
        -A -t [fd00:1::100]:80 -s rr
        -a -t [fd00:1::100]:80 -r [fd00:2::10]:80 -m
        -a -t [fd00:1::100]:80 -r [fd00:2::20]:80 -m
    """)
    assert net.client.curls("http://[fd00:1::100]/", 4) == ["rs2", "rs1"] * 2


def test_udp_over_ipv4_and_ipv6(lab, hook):
    net = drawings.nat(lab)
    for server in net.servers:
        server.echo(udp=[53])
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("""
        -A -u 172.16.3.100:5300 -s rr
        -a -u 172.16.3.100:5300 -r 192.168.1.10:53 -m
        -a -u 172.16.3.100:5300 -r 192.168.1.20:53 -m
        -A -u [fd00:1::100]:5300 -s rr
        -a -u [fd00:1::100]:5300 -r [fd00:2::10]:53 -m
        -a -u [fd00:1::100]:5300 -r [fd00:2::20]:53 -m
    """)
    for vip in (net.vip, net.vip6):
        assert [ask(net.client.udp(vip, 5300), "hello") for _ in range(4)] == ["rs2 hello", "rs1 hello"] * 2
    one_flow = net.client.udp(net.vip, 5300)
    assert len({ask(one_flow, f"question {number}").split()[0] for number in range(5)}) == 1


def test_files_arrive_whole_both_ways(lab, hook):
    net = drawings.nat(lab, servers=1)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("-A -t 172.16.3.100:80 -s wlc", "-a -t 172.16.3.100:80 -r 192.168.1.10 -m")
    original = lab.directory / "files" / "random"
    received = lab.directory / "received"
    net.client.curl("http://172.16.3.100/files/random", "--output", str(received))
    assert received.read_bytes() == original.read_bytes()
    net.client.curl("http://172.16.3.100/upload/random", "--upload-file", str(original))
    assert (net.servers[0].directory / "nginx" / "upload" / "random").read_bytes() == original.read_bytes()


def test_checksums_are_right_on_the_wire_and_the_ttl_goes_down_by_one(lab):
    net = drawings.nat(lab, servers=1)
    lb = net.director.ballast(hook="xdp")  # with this hook no checksum on the wire is left to be filled in
    net.servers[0].deliver_complete_checksums()
    lb.ipvsadm("-A -t 172.16.3.100:80 -s rr", "-a -t 172.16.3.100:80 -r 192.168.1.10 -m")
    seen = net.servers[0].capture("inside", "tcp dst port 80")
    assert net.client.curl("http://172.16.3.100/") == "rs1"
    seen.wait_for(r"Flags \[F")
    packets = seen.stop()
    assert all("(correct)" in packet and "ttl 63" in packet and "172.16.0.2" in packet for packet in packets)


def test_a_weight_of_zero_keeps_connections_and_takes_no_new_ones(lab):
    net = drawings.nat(lab)
    for server in net.servers:
        server.echo(tcp=[7])
    lb = net.director.ballast()
    lb.ipvsadm("""
        -A -t 172.16.3.100:7 -s rr
        -a -t 172.16.3.100:7 -r 192.168.1.10 -m
        -a -t 172.16.3.100:7 -r 192.168.1.20 -m
    """)
    held = net.client.connect(net.vip, 7)
    assert ask(held, "one") == "rs2 one"
    lb.ipvsadm("-e -t 172.16.3.100:7 -r 192.168.1.20 -m -w 0")
    assert [ask(net.client.connect(net.vip, 7), "two") for _ in range(3)] == ["rs1 two"] * 3
    assert ask(held, "three") == "rs2 three"
    assert lb.servers("TCP 172.16.3.100:7")["192.168.1.20:7"].active == 1


def test_a_service_on_the_director_itself_is_a_real_server_too(lab, hook):
    net = drawings.nat(lab, servers=1)
    net.director.nginx()
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("""
        -A -t 172.16.3.100:80 -s rr
        -a -t 172.16.3.100:80 -r 172.16.0.1 -g
        -a -t 172.16.3.100:80 -r 192.168.1.10 -m
    """)
    assert net.client.curls("http://172.16.3.100/", 4) == ["rs1", "director"] * 2
