"""What is counted and listed while traffic flows."""

import json

import drawings
from lab import ask, wait_until

SERVICE = "TCP 172.16.3.100:7"


def balance(lab, scheduler="rr", **settings):
    net = drawings.nat(lab)
    for server in net.servers:
        server.echo(tcp=[7])
    net.lb = net.director.ballast(**settings)
    net.lb.ipvsadm(f"""
        -A -t 172.16.3.100:7 -s {scheduler}
        -a -t 172.16.3.100:7 -r 192.168.1.10 -m
        -a -t 172.16.3.100:7 -r 192.168.1.20 -m
    """)
    return net


def test_active_and_inactive_connections_are_exact(lab, hook):
    net = balance(lab, hook=hook)
    held = [net.client.connect(net.vip, 7) for _ in range(10)]
    assert {ask(sock, "hello") for sock in held} == {"rs1 hello", "rs2 hello"}
    servers = net.lb.servers(SERVICE)
    assert [(entry.active, entry.inactive) for entry in servers.values()] == [(5, 0), (5, 0)]
    for sock in held[:4]:
        sock.close()
    wait_until(lambda: {(entry.active, entry.inactive) for entry in net.lb.servers(SERVICE).values()} == {(3, 2)},
               "four connections to be inactive")


def test_least_connections_prefers_the_idle_server(lab):
    net = balance(lab, "lc")
    first = net.client.connect(net.vip, 7)
    busy = ask(first, "hello").split()[0]
    held = [net.client.connect(net.vip, 7)]
    assert ask(held[0], "hello").split()[0] != busy
    assert [entry.active for entry in net.lb.servers(SERVICE).values()] == [1, 1]


def test_the_connection_list_shows_who_talks_to_whom(lab):
    net = balance(lab)
    held = net.client.connect(net.vip, 7)
    assert ask(held, "hello") == "rs2 hello"
    (connection,) = net.lb.connections()
    client = "172.16.0.2:" + str(held.getsockname()[1])
    assert (connection.protocol, connection.state) == ("TCP", "ESTABLISHED")
    assert (connection.client, connection.virtual, connection.server) == (client, "172.16.3.100:7", "192.168.1.20:7")
    assert connection.expires in ("15:00", "14:59")
    held.close()
    wait_until(lambda: net.lb.connections()[0].state == "TIME_WAIT", "the connection to be closed")


def test_connections_and_counters_come_as_json_too(lab):
    net = balance(lab)
    held = net.client.connect(net.vip, 7)
    assert ask(held, "hello") == "rs2 hello"
    (connection,) = json.loads(net.lb.command("connections --json").stdout)
    assert "192.168.1.20" in json.dumps(connection)
    assert net.lb.counters()["connections_created"] == 1
    assert net.lb.counters()["forwarded_nat"] >= 3


def test_statistics_count_packets_and_bytes_of_both_directions_and_can_be_zeroed(lab):
    net = balance(lab)
    for _ in range(4):
        assert ask(net.client.connect(net.vip, 7), "x" * 1000).endswith("x" * 1000)

    def totals():
        line = next(line for line in net.lb.ipvsadm("-Ln --stats --exact").splitlines() if line.startswith("TCP"))
        return [int(word) for word in line.split()[2:]]

    connections, packets_in, packets_out, bytes_in, bytes_out = wait_until(
        lambda: (seen := totals())[0] == 4 and seen, "the statistics to be up to date")
    assert packets_in >= 12 and packets_out >= 8
    assert bytes_in >= 4000 and bytes_out >= 4000
    net.lb.ipvsadm("-Z")
    assert totals()[0] == 0
