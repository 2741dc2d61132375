"""The connection table grows while connections are open."""

import pytest

import drawings
from lab import CommandFailed, ask, wait_until

CONFIGURATION = """\
director:
  hook: HOOK
  connections: SIZE
services:
  web:
    listen: "172.16.3.100:80/tcp"
    scheduler: rr
    forward: nat
    servers: ["192.168.1.10:80", "192.168.1.20:80"]
  echo:
    listen: "172.16.3.100:7/tcp"
    scheduler: rr
    forward: nat
    persistence: {timeout: 300s}
    servers: ["192.168.1.10:7", "192.168.1.20:7"]
"""
SMALL, LARGE = 2048, 100_000
WEB, ECHO = "TCP 172.16.3.100:80", "TCP 172.16.3.100:7"


def balance(lab, hook):
    net = drawings.nat(lab)
    for server in net.servers:
        server.echo(tcp=[7])
    if hook == "xdp":
        net.director.deliver_complete_checksums()
    net.configuration = CONFIGURATION.replace("HOOK", hook)
    net.lb = net.director.ballast(config=net.configuration.replace("SIZE", str(SMALL)))
    return net


def ask_for(net, size):
    net.lb.configuration.write_text(net.configuration.replace("SIZE", str(size)))
    net.lb.command("reload")


def has_grown(net):
    status = net.lb.status()
    return status["connections_growing_to"] == 0 and status["connections_max"] == LARGE


def counts(net, service):
    """(active, inactive) of each real server of a service."""
    return {server: (entry.active, entry.inactive) for server, entry in net.lb.servers(service).items()}


def active(net):
    return {server: entry[0] for server, entry in counts(net, ECHO).items()}


def download(lab, net):
    """Starts a download of several seconds, and returns it once it is under way."""
    target = lab.directory / "received"
    process = net.client.start(["curl", "--silent", "--show-error", "--max-time", "60", "--output", str(target),
                                "http://172.16.3.100/files/random?rate=200k"])
    wait_until(lambda: target.exists() and target.stat().st_size > 0, "the first bytes of the download")
    return process, target


@pytest.mark.parametrize("dies", [False, True], ids=["", "although the daemon dies on the way"])
def test_the_table_grows_and_keeps_every_connection(lab, hook, dies):
    net = balance(lab, hook)
    held = [net.client.connect(net.vip, 7) for _ in range(200)]
    server = ask(held[0], "before").split()[0]
    assert {ask(sock, "before") for sock in held} == {f"{server} before"}
    process, target = download(lab, net)
    before, listed = active(net), {connection.client for connection in net.lb.connections()}

    ask_for(net, LARGE)
    if dies:
        for _ in range(3):
            net.lb.kill()
            assert {ask(sock, "alone") for sock in held} == {f"{server} alone"}
            net.lb.start()
    assert {ask(sock, "meanwhile") for sock in held} == {f"{server} meanwhile"}
    more = [net.client.connect(net.vip, 7) for _ in range(50)]
    wait_until(lambda: has_grown(net), "the larger table", seconds=60)

    assert {ask(sock, "after") for sock in held + more} == {f"{server} after"}
    for sock in more:
        sock.close()
    wait_until(lambda: active(net) == before, "only what was held before")
    assert listed <= {connection.client for connection in net.lb.connections()}
    assert process.wait(seconds=60).status == 0
    assert target.read_bytes() == (lab.directory / "files" / "random").read_bytes()
    total = sum(sum(entry) for service in (WEB, ECHO) for entry in counts(net, service).values())
    assert total == sum(connection.state not in ("ASSURED", "NONE") for connection in net.lb.connections())


def test_a_smaller_table_is_refused_with_a_remedy(lab):
    net = balance(lab, "tc")
    with pytest.raises(CommandFailed, match=f"connections is {SMALL // 2}.*{SMALL}.*ballast stop"):
        ask_for(net, SMALL // 2)
    assert net.lb.status()["connections_max"] == SMALL


def test_a_grown_table_stays_for_the_next_daemon(lab):
    net = balance(lab, "tc")
    held = net.client.connect(net.vip, 7)
    answer = ask(held, "hello")
    ask_for(net, LARGE)
    wait_until(lambda: has_grown(net), "the larger table", seconds=60)
    net.lb.kill()
    net.lb.start()
    assert net.lb.status()["connections_max"] == LARGE
    assert ask(held, "hello") == answer
