"""The lab itself, with plain routing: what it draws is there, and nothing stays behind."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import drawings
from lab import CommandFailed, Lab, ask, icmp_error, never_fragment, run, wait_until, want_icmp_errors

pytestmark = pytest.mark.needs_no_ballast


def routed(lab):
    """client -- outside -- router -- inside -- server"""
    lab.switch("outside")
    lab.switch("inside")
    client = lab.host("client", outside="10.0.1.2/24 fd00:1::2/64", gateway="10.0.1.1 fd00:1::1")
    router = lab.host("router", outside="10.0.1.1/24 fd00:1::1/64", inside="10.0.2.1/24 fd00:2::1/64", forwarding=True)
    server = lab.nginx("server", inside="10.0.2.11/24 fd00:2::11/64", gateway="10.0.2.1 fd00:2::1", ports=(80, 8080))
    return client, router, server


def test_a_client_reaches_nginx_through_a_router(lab):
    client, _, _ = routed(lab)
    assert client.curl("http://10.0.2.11/") == "server"
    assert client.curl("http://10.0.2.11:8080/") == "server"
    assert client.curl("http://[fd00:2::11]/") == "server"


def test_downloads_and_uploads_arrive_whole(lab):
    client, _, server = routed(lab)
    sent = lab.directory / "files" / "random"
    client.curl("http://10.0.2.11/files/random", "--output", str(lab.directory / "received"))
    assert (lab.directory / "received").read_bytes() == sent.read_bytes()
    client.curl("http://10.0.2.11/upload/random", "--upload-file", str(sent))
    assert (server.directory / "nginx" / "upload" / "random").read_bytes() == sent.read_bytes()


def test_a_slow_download_is_slow(lab):
    client, _, _ = routed(lab)
    outcome = client.curl("http://10.0.2.11/files/random?rate=1m", "--max-time", "1", "--output", "/dev/null",
                          check=False)
    assert outcome.status == 28  # curl's code for "time is up"


def test_a_failing_curl_raises(lab):
    client, _, _ = routed(lab)
    with pytest.raises(CommandFailed, match="connect to 10.0.2.11 port 81"):
        client.curl("http://10.0.2.11:81/")


@pytest.mark.parametrize("address", ["10.0.2.11", "fd00:2::11"])
def test_echo_answers_over_tcp_and_udp_with_the_name(lab, address):
    client, _, server = routed(lab)
    server.echo(tcp=[7], udp=[7])
    assert ask(client.connect(address, 7), "hello") == "server hello"
    assert ask(client.udp(address, 7), "x" * 4000) == "server " + "x" * 4000


def test_echo_answers_from_the_address_that_was_asked(lab):
    lab.switch("lan")
    client = lab.host("client", lan="10.0.0.2/24", routes=["10.0.0.13/32 via 10.0.0.11"])
    server = lab.host("server", lan="10.0.0.11/24", vip="10.0.0.13")
    server.echo(udp=[7])
    assert ask(client.udp("10.0.0.13", 7), "hello") == "server hello"


def test_hosts_with_a_vip_do_not_answer_arp_for_it(lab):
    lab.switch("lan")
    client = lab.host("client", lan="10.0.0.2/24")
    lab.host("server", lan="10.0.0.11/24", vip="10.0.0.13")
    assert client.run("ping -c1 -W1 10.0.0.11").status == 0
    assert client.run("ping -c1 -W1 10.0.0.13", check=False).status != 0


def test_icmp_errors_are_read_from_the_socket(lab):
    client, _, _ = routed(lab)
    sock = client.udp("10.0.2.11", 9)
    want_icmp_errors(sock)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
    sock.send(b"hello")
    error = icmp_error(sock)
    assert (error.type, error.code, error.offender) == (11, 0, "10.0.1.1")


def test_captures_see_frames_with_the_macs_of_the_drawing(lab):
    client, router, server = routed(lab)
    seen = server.capture("inside", "tcp port 80")
    client.curl("http://10.0.2.11/")
    syn = seen.wait_for(r"Flags \[S\]")
    assert (syn.source_mac, syn.destination_mac) == (router.macs["inside"], server.macs["inside"])
    assert "ttl 63" in syn
    seen.wait_for(r"Flags \[F")


def test_complete_checksums_are_delivered_where_asked_for(lab):
    client, router, _ = routed(lab)
    router.deliver_complete_checksums()
    seen = router.capture("outside", "tcp dst port 80")
    client.curl("http://10.0.2.11/")
    seen.wait_for(r"Flags \[F")
    assert all("correct" in packet and "incorrect" not in packet for packet in seen.stop())


@pytest.mark.parametrize("drawing", [drawings.nat, drawings.route, drawings.tunnel])
def test_in_every_drawing_each_host_reaches_each_real_server_over_both_versions(lab, drawing):
    net = drawing(lab)
    for rip, rip6, server in zip(net.rips, net.rips6, net.servers):
        for asking in (net.client, net.director):
            assert asking.curl(f"http://{rip}/") == server.name
            assert asking.curl(f"http://[{rip6}]/") == server.name


@pytest.mark.parametrize("method", ["nat", "route"])
def test_the_narrow_drawing_answers_full_packets_with_the_mtu_of_its_narrow_link(lab, method):
    net = drawings.narrow(lab, method)
    assert net.client.curl(f"http://{net.rip}/") == "rs1"
    sock = net.server.udp("10.0.8.2", 9)
    want_icmp_errors(sock)
    never_fragment(sock)
    sock.send(bytes(1472))
    error = icmp_error(sock)
    assert (error.type, error.code, error.info) == (3, 4, 1400)


def namespaces():
    return {line.split()[0] for line in run(["ip", "netns", "list"]).stdout.splitlines()}


def test_nothing_is_left_behind():
    with Lab() as lab:
        client, _, server = routed(lab)
        pids = [client.start("sleep 100").pid, server.start("sleep 100").pid]
        assert lab.name in " ".join(namespaces())
        assert lab.directory.is_dir()
    assert lab.name not in " ".join(namespaces())
    assert not lab.directory.exists()
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)


def test_nothing_is_left_behind_by_a_test_that_fails():
    with pytest.raises(ZeroDivisionError), Lab() as lab:
        routed(lab)
        1 / 0
    assert lab.name not in " ".join(namespaces())
    assert not lab.directory.exists()


def test_what_a_killed_lab_left_is_swept_by_the_next_one():
    crashing = """
import os, signal
from pathlib import Path
from lab import Lab, wait_until
lab = Lab()
lab.switch("lan")
sleeper = lab.nginx("server", lan="10.0.0.1/24").start("sleep 100")
wait_until(lambda: Path(f"/proc/{sleeper.pid}/comm").read_text() == "sleep\\n", "it in its namespace")
print(lab.name, lab.directory, sleeper.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    crashed = subprocess.run([sys.executable, "-c", crashing], cwd=Path(__file__).parent, capture_output=True,
                             text=True)
    name, directory, pid = crashed.stdout.split()
    assert name in " ".join(namespaces())
    with Lab():
        assert name not in " ".join(namespaces())
        assert not Path(directory).exists()
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), f"process {pid} to be gone")
