"""SCTP: associations through NAT, by hand over raw sockets."""

import socket

import drawings
from lab.sctp import (COOKIE_ACK, COOKIE_ECHO, DATA, INIT, INIT_ACK, SHUTDOWN, SHUTDOWN_ACK, SHUTDOWN_COMPLETE, SctpEnd,
                      SctpPacket)

FROM_CLIENT_THEN_SERVER = [(INIT, "INIT1", INIT_ACK, "C-SENT"), (COOKIE_ECHO, "C-REPLIED", COOKIE_ACK, "ESTABLISHED"),
                           (DATA, "ESTABLISHED", DATA, "ESTABLISHED"), (SHUTDOWN, "S-RECEIVED", SHUTDOWN_ACK, "S-ACK-SENT")]


def balance(net, hook, vip, rips):
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm(f"-A --sctp-service {vip}:3868 -s rr")
    for rip in rips:
        lb.ipvsadm(f"-a --sctp-service {vip}:3868 -r {rip}:9899 -m")
    return lb


def exchange(lb, client, server, own, vip, rip):
    """An association from INIT to SHUTDOWN COMPLETE; every packet arrives with the addresses, ports and checksum of its
    side."""
    def state():
        return [connection.state for connection in lb.connections()]

    for asked, after_question, answered, after_answer in FROM_CLIENT_THEN_SERVER:
        client.send(vip, 3868, asked, "question")
        assert server.receive() == SctpPacket(own, 40000, asked, "question")
        assert state() == [after_question]
        server.send(own, 40000, answered, "answer")
        assert client.receive() == SctpPacket(vip, 3868, answered, "answer")
        assert state() == [after_answer]
    client.send(vip, 3868, SHUTDOWN_COMPLETE)
    assert server.receive().chunk == SHUTDOWN_COMPLETE
    assert state() == ["CLOSED"]


def test_an_association_passes_nat_to_another_port(lab, hook):
    net = drawings.nat(lab)
    lb = balance(net, hook, net.vip, net.rips)
    exchange(lb, SctpEnd(net.client, 40000), SctpEnd(net.servers[1], 9899), "172.16.0.2", net.vip, net.rips[1])


def test_an_association_over_ipv6(lab, hook):
    net = drawings.nat(lab)
    lb = balance(net, hook, f"[{net.vip6}]", [f"[{rip}]" for rip in net.rips6])
    exchange(lb, SctpEnd(net.client, 40000, socket.AF_INET6), SctpEnd(net.servers[1], 9899, socket.AF_INET6),
             "fd00:1::2", net.vip6, net.rips6[1])


def test_an_init_of_a_closed_association_is_scheduled_anew(lab):
    net = drawings.nat(lab)
    lb = balance(net, "tc", net.vip, net.rips)
    client, servers = SctpEnd(net.client, 40000), [SctpEnd(server, 9899) for server in net.servers]
    exchange(lb, client, servers[1], "172.16.0.2", net.vip, net.rips[1])
    exchange(lb, client, servers[0], "172.16.0.2", net.vip, net.rips[0])
    client.send(net.vip, 3868, INIT)
    assert servers[1].receive().chunk == INIT
    real = lb.table()[f"SCTP {net.vip}:3868"].servers
    assert [(server.active, server.inactive) for server in real.values()] == [(0, 0), (0, 1)]
