"""Clients that stay with their real server, and services that keep nothing."""

import drawings
from lab import ask

SERVICE = "TCP 172.16.3.100:7"


def balance(lab, service="-t 172.16.3.100:7 -s rr -p 300", hook="tc", port=7):
    net = drawings.nat(lab)
    net.client.ip("route add local 10.9.0.0/16 dev lo")
    net.director.ip("route add 10.9.0.0/16 via 172.16.0.2")
    for server in net.servers:
        server.echo(tcp=[7, 8], udp=[7])
    name = " ".join(service.split()[:2])
    net.lb = net.director.ballast(hook=hook)
    net.lb.ipvsadm(f"-A {service}", *[f"-a {name} -r {rip}{f':{port}' if port else ''} -m" for rip in net.rips])
    return net


def answer(net, source, port=7):
    with net.client.socket(2, 1) as sock:
        sock.settimeout(5)
        sock.bind((source, 0))
        sock.connect((net.vip, port))
        return ask(sock, "x").split()[0]


def test_a_client_stays_with_its_server_and_others_are_balanced(lab, hook):
    net = balance(lab, hook=hook)
    assert [answer(net, "10.9.0.1") for _ in range(4)] == ["rs2"] * 4
    assert [answer(net, "10.9.0.2") for _ in range(3)] == ["rs1"] * 3
    assert answer(net, "10.9.0.3") == "rs2"
    templates = {connection.client: connection for connection in net.lb.connections() if connection.client.endswith(":0")}
    assert {client: (each.state, each.virtual, each.server) for client, each in templates.items()} == {
        "10.9.0.1:0": ("ASSURED", "172.16.3.100:7", "192.168.1.20:7"),
        "10.9.0.2:0": ("ASSURED", "172.16.3.100:7", "192.168.1.10:7"),
        "10.9.0.3:0": ("ASSURED", "172.16.3.100:7", "192.168.1.20:7")}
    listed = net.lb.ipvsadm("-Ln --persistent-conn").splitlines()[4:]
    assert [line.split()[3] for line in listed] == ["1", "2"]


def test_a_daemon_that_starts_again_knows_who_belongs_to_whom(lab):
    net = balance(lab)
    assert answer(net, "10.9.0.1") == "rs2"
    net.lb.kill()
    assert answer(net, "10.9.0.1") == "rs2"
    net.lb.start()
    assert answer(net, "10.9.0.1") == "rs2"
    assert answer(net, "10.9.0.2") == "rs1"


def test_a_netmask_makes_one_client_of_a_network(lab):
    net = balance(lab, "-t 172.16.3.100:7 -s rr -p 300 -M 255.255.255.0")
    assert [answer(net, source) for source in ("10.9.1.1", "10.9.1.200", "10.9.2.1", "10.9.1.7")] == ["rs2", "rs2", "rs1", "rs2"]


def test_a_service_of_all_ports_keeps_a_client_on_one_server(lab, hook):
    net = balance(lab, "-t 172.16.3.100:0 -s rr -p 300", hook=hook, port=None)
    assert [answer(net, "10.9.0.1", port) for port in (7, 8, 7)] == ["rs2"] * 3
    assert [answer(net, "10.9.0.2", port) for port in (8, 7, 8)] == ["rs1"] * 3


def test_every_datagram_of_a_one_packet_service_is_scheduled_anew_and_leaves_nothing(lab):
    net = balance(lab, "-u 172.16.3.100:7 -s rr -o")
    flow = net.client.udp(net.vip, 7)
    for _ in range(6):
        flow.send(b"x")
    names = [line.split()[1] for line in net.lb.ipvsadm("-Ln -u 172.16.3.100:7").splitlines() if "->" in line][1:]
    assert names == ["192.168.1.10:7", "192.168.1.20:7"]
    assert net.lb.connections() == []
    assert list(net.lb.scheduled().values()) == [3, 3]


def test_a_server_comes_back_with_its_connections_and_a_new_service_counts_from_zero(lab):
    net = balance(lab)
    held = net.client.connect(net.vip, 7)
    assert ask(held, "hello") == "rs2 hello"
    net.lb.ipvsadm("-D -t 172.16.3.100:7", "-A -t 172.16.3.100:7 -s rr", "-a -t 172.16.3.100:7 -r 192.168.1.20 -m")
    assert net.lb.servers(SERVICE)["192.168.1.20:7"].active == 1
    assert list(net.lb.scheduled().values()) == [0]
    assert ask(held, "again") == "rs2 again"
