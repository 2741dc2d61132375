"""FTP: data connections go to the real server of their control connection, whoever opens them."""

import drawings
import pytest

EXTENDED_PASSIVE = ()
PASSIVE = ("--disable-epsv",)
EXTENDED_ACTIVE = ("--ftp-port", "-")
ACTIVE = ("--ftp-port", "-", "--disable-eprt")
WAYS = [EXTENDED_PASSIVE, PASSIVE, EXTENDED_ACTIVE, ACTIVE]


def balance(lb, vip, rips, options, forward):
    lb.ipvsadm(f"-A -t {vip}:21 -s rr {options}", *[f"-a -t {vip}:21 -r {rip} {forward}" for rip in rips])


def transfer_both_ways(lab, client, vip, server, way):
    """Fetches a file of 4 MiB and sends it back; both must arrive whole."""
    original = lab.directory / "files" / "random"
    received = lab.directory / "received"
    client.curl(f"ftp://{vip}/random", *way, "--output", str(received))
    assert received.read_bytes() == original.read_bytes(), way
    name = f"file{'-'.join(way)}"
    client.curl(f"ftp://{vip}/upload/{name}", *way, "--upload-file", str(original))
    assert (server.uploads / name).read_bytes() == original.read_bytes(), way


def test_nat_serves_every_kind_of_data_connection(lab, hook):
    net = drawings.nat(lab)
    for server in net.servers:
        server.vsftpd()
    lb = net.director.ballast(hook=hook)
    balance(lb, net.vip, net.rips, "", "-m")
    for way in WAYS:
        names = [net.client.curl(f"ftp://{net.vip}/name", *way) for _ in range(4)]
        assert names == ["rs2", "rs1"] * 2, way
    counters = lb.counters()
    assert counters["ftp_opened"] == 16
    assert counters["ftp_rewritten"] >= 4


def test_files_pass_nat_whole_and_their_connections_are_listed(lab, hook):
    net = drawings.nat(lab, servers=1)
    server = net.servers[0].vsftpd()
    lb = net.director.ballast(hook=hook)
    balance(lb, net.vip, net.rips, "", "-m")
    for way in WAYS:
        transfer_both_ways(lab, net.client, net.vip, server, way)
    data = [c for c in lb.connections() if not c.virtual.endswith(":21")]
    assert len(data) == 8
    assert sum(c.virtual == f"{net.vip}:20" and c.server == f"{net.rips[0]}:20" for c in data) == 4
    assert sum(c.virtual.removeprefix(net.vip) == c.server.removeprefix(net.rips[0]) for c in data) == 8


def test_a_server_may_open_data_connections_from_any_port(lab, hook):
    net = drawings.nat(lab, servers=1)
    net.servers[0].vsftpd(from_port_20=False)
    lb = net.director.ballast(hook=hook)
    balance(lb, net.vip, net.rips, "", "-m")
    seen = net.client.capture("outside", f"tcp src port 20 and src host {net.vip}")
    assert net.client.curl(f"ftp://{net.vip}/name", *ACTIVE) == "rs1"
    seen.wait_for(r"Flags \[S")


def test_nat_over_ipv6(lab, hook):
    net = drawings.nat(lab)
    for server in net.servers:
        server.vsftpd()
    lb = net.director.ballast(hook=hook)
    balance(lb, f"[{net.vip6}]", [f"[{rip}]:21" for rip in net.rips6], "", "-m")
    for way in (EXTENDED_PASSIVE, EXTENDED_ACTIVE):
        assert [net.client.curl(f"ftp://[{net.vip6}]/name", *way) for _ in range(2)] == ["rs2", "rs1"], way


def test_a_server_on_the_director_itself_is_reached_by_nat_too(lab, hook):
    net = drawings.nat(lab, servers=1)
    server = net.director.vsftpd()
    lb = net.director.ballast(hook=hook)
    balance(lb, net.vip, ["172.16.0.1"], "", "-m")
    for way in WAYS:
        transfer_both_ways(lab, net.client, net.vip, server, way)
    assert lb.counters()["ftp_rewritten"] >= 2


@pytest.mark.parametrize("forward", ["-g", "-i"])
def test_a_persistent_service_takes_passive_data_connections_without_nat(lab, hook, forward):
    net = drawings.route(lab) if forward == "-g" else drawings.tunnel(lab)
    for server in net.servers:
        if forward == "-i":
            server.ballast_realserver(f"--vip {net.vip} --method tunnel --interface inside")
        server.vsftpd()
    lb = net.director.ballast(hook=hook)
    balance(lb, net.vip, net.rips, "-p 60", forward)
    for way in WAYS:
        assert [net.client.curl(f"ftp://{net.vip}/name", *way) for _ in range(2)] == ["rs2", "rs2"], way


@pytest.mark.parametrize("service", ["-f 5", "-t 172.16.3.100:0 -p"])
def test_services_by_mark_and_of_all_ports_serve_ftp_by_nat(lab, hook, service):
    net = drawings.nat(lab, servers=1)
    server = net.servers[0].vsftpd()
    for rule in ("add table inet marks",
                 "add chain inet marks prerouting { type filter hook prerouting priority mangle ; }",
                 "add rule inet marks prerouting tcp dport 21 meta mark set 5"):
        net.director.run(["nft", rule])
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm(f"-A {service} -s rr", f"-a {service.removesuffix(' -p')} -r {net.rips[0]} -m")
    for way in WAYS:
        transfer_both_ways(lab, net.client, net.vip, server, way)
    assert lb.counters()["ftp_rewritten"] >= 2


def test_a_group_serves_ftp_on_its_further_addresses_too(lab):
    net = drawings.nat(lab, servers=1)
    server = net.servers[0].vsftpd()
    lb = net.director.ballast(config="""
        pools: {web: {servers: ["192.168.1.10:0"]}}
        services: {all: {listen: ["172.16.3.100:80/tcp", "172.16.3.100:21/tcp"], forward: nat, pool: web}}
    """)
    transfer_both_ways(lab, net.client, net.vip, server, PASSIVE)
    assert lb.counters()["ftp_rewritten"] >= 2
