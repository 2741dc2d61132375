"""The packet path outlives the daemon."""

import time
from pathlib import Path

import pytest

import drawings
from lab import CommandFailed, ask, wait_until

SERVICE = "TCP 172.16.3.100:80"


def balance(net, **settings):
    lb = net.director.ballast(**settings)
    lb.ipvsadm("""
        -A -t 172.16.3.100:80 -s rr
        -a -t 172.16.3.100:80 -r 192.168.1.10 -m
        -a -t 172.16.3.100:80 -r 192.168.1.20 -m
    """)
    return lb


def download(lab, net):
    """Starts a download of several seconds, and returns it once it is under way."""
    target = lab.directory / "received"
    process = net.client.start(["curl", "--silent", "--show-error", "--max-time", "60", "--output", str(target),
                                "http://172.16.3.100/files/random?rate=300k"])
    wait_until(lambda: target.exists() and target.stat().st_size > 0, "the first bytes of the download")
    return process, target


def test_a_daemon_killed_during_a_download_is_not_missed_and_the_next_one_takes_over(lab, hook):
    net = drawings.nat(lab)
    lb = balance(net, hook=hook)
    assert net.client.curls("http://172.16.3.100/", 4) == ["rs2", "rs1"] * 2
    process, target = download(lab, net)
    scheduled_before, table_before = lb.scheduled(), lb.table()
    lb.kill()

    answers = net.client.curls("http://172.16.3.100/", 6)
    assert sorted(answers) == ["rs1"] * 3 + ["rs2"] * 3
    assert process.running()  # the download spans all of this

    lb.start()
    assert lb.status()["adopted"] is True
    assert {(server, entry.forward, entry.weight) for server, entry in lb.servers(SERVICE).items()} == {
        (server, entry.forward, entry.weight) for server, entry in table_before[SERVICE].servers.items()}
    assert sum(lb.scheduled().values()) == sum(scheduled_before.values()) + 6
    assert sum(entry.active for entry in lb.servers(SERVICE).values()) == 1
    assert "ESTABLISHED" in [connection.state for connection in lb.connections()]
    assert process.running()

    assert process.wait(seconds=60).status == 0
    assert target.read_bytes() == (lab.directory / "files" / "random").read_bytes()
    wait_until(lambda: not any(entry.active for entry in lb.servers(SERVICE).values()), "the download to be inactive")


def test_a_daemon_that_is_terminated_leaves_the_packet_path_running(lab):
    net = drawings.nat(lab)
    lb = balance(net)
    assert net.client.curl("http://172.16.3.100/") == "rs2"
    lb.terminate()
    assert net.client.curl("http://172.16.3.100/") == "rs1"
    assert lb.try_ipvsadm("-Ln").status != 0
    lb.start()
    assert lb.servers(SERVICE)["192.168.1.10:80"].weight == 1


def test_services_can_be_changed_after_a_restart(lab):
    net = drawings.nat(lab)
    lb = balance(net)
    lb.kill()
    lb.start()
    lb.ipvsadm("-d -t 172.16.3.100:80 -r 192.168.1.20")
    assert net.client.curls("http://172.16.3.100/", 3) == ["rs1"] * 3
    lb.ipvsadm("-a -t 172.16.3.100:80 -r 192.168.1.20 -m")
    assert sorted(net.client.curls("http://172.16.3.100/", 4)) == ["rs1", "rs1", "rs2", "rs2"]
    lb.ipvsadm("-D -t 172.16.3.100:80")
    with pytest.raises(CommandFailed):
        net.client.curl("http://172.16.3.100/")


def pin_directory(host):
    """Where the host's daemon, named after its network namespace, pins programs and maps."""
    mounts = [Path("/run/ballast/bpf"), Path("/sys/fs/bpf")]
    found = [mount / "ballast" / host.namespace.replace(".", ",") for mount in mounts]
    return next(directory for directory in found if directory.exists())


@pytest.mark.parametrize("end", ["while it runs", "after it was killed"])
def test_ballast_stop_takes_the_packet_path_down(lab, hook, end):
    net = drawings.nat(lab)
    lb = balance(net, hook=hook)
    assert net.client.curl("http://172.16.3.100/") == "rs2"
    pins = pin_directory(net.director)
    assert any(pins.iterdir())
    if end == "after it was killed":
        lb.kill()
    lb.stop()
    assert not pins.exists()
    assert not Path("/run/ballast", net.director.namespace).exists()
    with pytest.raises(CommandFailed, match="connect to"):
        net.client.curl("http://172.16.3.100/")
    lb.start()
    assert lb.status()["adopted"] is False
    assert lb.table() == {}


def test_direct_routing_outlives_the_daemon_on_a_director_that_does_not_forward(lab, hook):
    net = drawings.route(lab, forwarding=False)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm("-A -t 10.0.0.13:80 -s rr", "-a -t 10.0.0.13:80 -r 10.0.0.21 -g", "-a -t 10.0.0.13:80 -r 10.0.0.22 -g")
    for server in net.servers:
        server.ballast_realserver("--vip 10.0.0.13 --interface lan")
    assert net.client.curls("http://10.0.0.13/", 2) == ["rs2", "rs1"]
    lb.kill()
    time.sleep(2.5)  # longer than the daemon's word about next hops counts
    assert net.client.curls("http://10.0.0.13/", 4) == ["rs2", "rs1"] * 2


def test_connections_expire_while_no_daemon_runs(lab):
    net = drawings.nat(lab, servers=1)
    net.servers[0].echo(udp=[53])
    lb = net.director.ballast(connections=1024)
    lb.ipvsadm("--set 0 0 1", "-A -u 172.16.3.100:53 -s rr", "-a -u 172.16.3.100:53 -r 192.168.1.10 -m")
    # Twice as many flows as the table has room for, with pauses longer than their timeout: it must empty itself.
    lb.kill()
    for _ in range(4):
        sockets = [net.client.udp(net.vip, 53) for _ in range(500)]
        assert {ask(sock, "hello") for sock in sockets} == {"rs1 hello"}
        time.sleep(1.5)
    lb.start()
    assert lb.counters()["table_full_dropped"] == 0
    assert len(lb.connections()) < 1000
