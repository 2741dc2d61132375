"""IPv4 fragments follow their first one, and answers in fragments find back."""

import pytest

import drawings
from lab import ask


def balance(lab, method, hook):
    net = drawings.nat(lab) if method == "-m" else drawings.route(lab)
    for server in net.servers:
        server.echo(udp=[53])
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm(f"-A -u {net.vip}:53 -s rr")
    for rip in net.rips:
        lb.ipvsadm(f"-a -u {net.vip}:53 -r {rip} {method}")
    return net, lb


@pytest.mark.parametrize("method", ["-m", "-g"])
def test_datagrams_of_many_fragments_arrive_whole_at_one_server(lab, hook, method):
    net, lb = balance(lab, method, hook)
    for number in range(4):
        question = f"{number}" * 4000
        assert ask(net.client.udp(net.vip, 53), question) == f"rs{2 - number % 2} {question}"
    assert lb.counters()["fragment_without_first"] == 0


def test_a_flow_mixes_whole_and_fragmented_datagrams(lab, hook):
    net, _ = balance(lab, "-m", hook)
    sock = net.client.udp(net.vip, 53)
    for size in (10, 4000, 20, 9000, 1472, 1473):
        assert ask(sock, "x" * size) == "rs2 " + "x" * size
