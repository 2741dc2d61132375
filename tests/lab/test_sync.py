"""Connections survive their director: directors tell each other, and ip_vs's daemons by ipvsadm."""

import pytest
from lab import program, wait_until
from two_directors import VIP, cut, draw_nat, draw_route, pair, services, start, sync, wait_for_vip


def same_connections(one, other):
    """Whether the directors have the same connections in the same states, and the same templates."""
    def seen(lb):
        return sorted((each.protocol, each.client, each.virtual, each.server, each.client.endswith(":0") or each.state)
                      for each in lb.connections())
    return seen(one) == seen(other)


# ---- our own protocol


@pytest.mark.parametrize("draw", [draw_nat, draw_route], ids=["nat", "route"])
def test_a_connection_through_one_director_is_known_to_the_other(lab, draw):
    net = pair(lab, draw)
    held = [net.client.connect(VIP, 80) for _ in range(5)]
    wait_until(lambda: [each.state for each in net.second.connections()].count("ESTABLISHED") == 5, "five connections")
    assert same_connections(net.first, net.second)
    assert sum(entry.active for entry in net.second.servers(f"TCP {VIP}:80").values()) == 5
    for sock in held:
        sock.close()
    wait_until(lambda: "ESTABLISHED" not in {each.state for each in net.second.connections()}, "their end")


def test_a_director_that_joins_later_is_told_everything(lab):
    net = draw_nat(lab)
    first = start(net, 0)
    wait_for_vip(net.directors[0])
    held = [net.client.connect(VIP, 80) for _ in range(50)]
    second = start(net, 1)
    wait_until(lambda: len(second.connections()) == len(held), "all connections", seconds=20)
    assert same_connections(first, second)
    assert sync(second)["callers"][0]["state"] == "complete"
    assert sync(second)["callers"][0]["address"] == net.heard[0]


def test_a_client_stays_with_its_server_when_its_director_changes(lab):
    net = pair(lab, draw_nat, service=f"-t {VIP}:80 -s rr -p 300")
    answer = net.client.curl(f"http://{VIP}/")
    wait_until(lambda: any(each.client.endswith(":0") for each in net.second.connections()), "the template")
    assert same_connections(net.first, net.second)
    cut(net)
    assert net.client.curls(f"http://{VIP}/", 3) == [answer] * 3


def test_a_director_with_another_key_is_refused_and_counted(lab):
    net = draw_nat(lab)
    first = start(net, 0)
    second = start(net, 1, key="another secret here")
    wait_for_vip(net.directors[0])
    held = net.client.connect(VIP, 80)
    wait_until(lambda: sync(second)["callers"] and sync(second)["callers"][0]["malformed"] > 1, "refusals")
    assert sync(second)["callers"][0]["taken"] == 0
    assert second.connections() == []
    assert second.log().count(f"{net.heard[0]} says a frame whose tag is wrong") == 1
    wait_until(lambda: "is its sync.key the same?" in first.command("sync").stdout, "the reason")
    held.close()


# ---- a director that is cut off


@pytest.mark.parametrize("draw", [draw_nat, draw_route], ids=["nat", "route"])
def test_a_download_survives_its_director(lab, draw):
    net = pair(lab, draw)
    target = lab.directory / "received"
    download = net.client.start(["curl", "--silent", "--show-error", "--max-time", "60", "--output", str(target),
                                 f"http://{VIP}/files/random?rate=400k"])
    wait_until(lambda: target.exists() and target.stat().st_size > 0, "the first bytes of the download")
    wait_until(lambda: "ESTABLISHED" in {each.state for each in net.second.connections()}, "it on the other director")
    cut(net)
    assert download.running()
    assert download.wait(seconds=60).status == 0
    assert target.read_bytes() == (lab.directory / "files" / "random").read_bytes()
    states = {each.state for each in net.second.connections()}
    assert states & {"FIN_WAIT", "TIME_WAIT"} and "ESTABLISHED" not in states


@pytest.mark.parametrize("draw", [draw_nat, draw_route], ids=["nat", "route"])
def test_who_takes_over_has_the_ends_of_connections_tell_each_other_where_they_stand(lab, draw):
    net = pair(lab, draw)
    held = net.client.connect(VIP, 80)
    port = held.getsockname()[1]
    wait_until(lambda: "ESTABLISHED" in {each.state for each in net.second.connections()}, "it on the other director")
    seen = net.client.capture("outside", f"tcp port {port}")
    server = next(host for host, rip in zip(net.servers, net.rips)
                  if net.second.connections()[0].server == f"{rip}:80")
    asked = server.capture(net.switch, f"tcp port {port}")
    cut(net)
    seen.wait_for(rf"{VIP}\.80 > 172\.16\.0\.2\.{port}: Flags \[S\]")
    seen.wait_for(rf"172\.16\.0\.2\.{port} > {VIP}\.80: Flags \[\.\]")
    asked.wait_for(rf"172\.16\.0\.2\.{port} > .*\.80: Flags \[\.\]")
    if draw is draw_nat:
        asked.wait_for(rf"172\.16\.0\.2\.{port} > .*\.80: Flags \[S\]")
        seen.wait_for(rf"{VIP}\.80 > 172\.16\.0\.2\.{port}: Flags \[\.\]")
    wait_until(lambda: sync(net.second)["prompted"] == 1, "the count")
    assert {each.state for each in net.second.connections()} == {"ESTABLISHED"}
    held.sendall(b"GET / HTTP/1.0\r\n\r\n")
    assert held.recv(100).startswith(b"HTTP/1.1 200")
    held.close()


def test_the_director_that_comes_back_is_told_what_it_missed(lab):
    net = pair(lab, draw_nat)
    before = net.client.connect(VIP, 80)
    wait_until(lambda: len(net.second.connections()) == 1, "the connection")
    cut(net)
    net.first.stop()
    missed = net.client.connect(VIP, 80)
    for switch in net.directors[0].links.values():
        switch.ip(f"link set {net.directors[0].port} up")
    net.first.start()
    services(net.first, net)
    wait_until(lambda: len(net.first.connections()) == 2, "both connections", seconds=20)
    wait_for_vip(net.directors[0])
    for sock in (before, missed):
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 200 OK")


# ---- ip_vs's protocol


def daemons(lb):
    return lb.ipvsadm("-L --daemon")


def line(role, interface="inside", rest="syncid=0, maxlen=1472, group=224.0.0.81, port=8848, ttl=1"):
    return f"{role} sync daemon (mcast={interface}, {rest})\n"


def test_daemons_are_started_listed_and_stopped_as_the_kernels(lab):
    net = draw_nat(lab)
    lb = net.directors[0].ballast(interfaces=["outside", "inside"], connections=4096)
    name = program("ipvsadm")

    def said(arguments):
        outcome = lb.try_ipvsadm(arguments)
        return outcome.status, outcome.stderr.strip()

    assert said("--start-daemon master --mcast-interface inside") == (0, "")
    assert daemons(lb) == line("master")
    assert said("--start-daemon master --mcast-interface inside") == (255, "Daemon has already run")
    assert said("--start-daemon backup --mcast-interface inside --syncid 5") == (0, "")
    backup = line("backup", rest="syncid=5, maxlen=1472, group=224.0.0.81, port=8848, ttl=1")
    assert daemons(lb) == line("master") + backup
    lb.terminate()
    lb.start()
    assert daemons(lb) == line("master") + backup
    assert said("--stop-daemon master") == (0, "")
    assert daemons(lb) == backup
    assert said("--stop-daemon backup") == (0, "")
    assert said("--stop-daemon backup") == (255, "No daemon is running")
    assert said("--start-daemon master --mcast-interface nosuch") == (255, "No such device")
    assert said("--start-daemon nosuch") == (2, "illegal start-daemon parameter specified")
    assert said("--start-daemon") == (255, f"Try `{name} -h' or '{name} --help' for more information.")
    assert said("--start-daemon master --syncid 256") == (2, "illegal syncid specified")
    lb.ipvsadm("--start-daemon master --syncid 255 --mcast-interface outside --sync-maxlen 1400 --mcast-group 224.0.0.100 "
               "--mcast-port 9000 --mcast-ttl 3")
    assert daemons(lb) == line("master", "outside", "syncid=255, maxlen=1400, group=224.0.0.100, port=9000, ttl=3")


@pytest.mark.parametrize("group", ["224.0.0.81", "ff02::81"])
def test_a_master_tells_a_backup_by_ip_vss_protocol(lab, group):
    net = draw_nat(lab)
    both = []
    for number, role in enumerate(("master", "backup")):
        lb = net.directors[number].ballast(interfaces=["outside", "inside"], connections=4096)
        services(lb, net, f"-t {VIP}:80 -s rr -p 300")
        lb.ipvsadm(f"--start-daemon {role} --mcast-interface inside --mcast-group {group} --syncid 7")
        both.append(lb)
    net.directors[0].ip(f"addr add {VIP}/16 dev outside", "addr add 192.168.1.254/24 dev inside")
    held = [net.client.connect(VIP, 80) for _ in range(4)]
    wait_until(lambda: len(both[1].connections()) == len(held) + 1, "four connections and a template")
    assert same_connections(*both)
    assert sync(both[1])["kernel"][0]["malformed"] == 0


def test_another_syncid_and_messages_that_cannot_be_are_counted_and_ignored(lab):
    net = draw_nat(lab)
    lb = net.directors[1].ballast(interfaces=["outside", "inside"], connections=4096)
    services(lb, net)
    lb.ipvsadm("--start-daemon backup --mcast-interface inside --syncid 7")
    sender = net.directors[0].socket(2, 2)
    sender.setsockopt(0, 32, bytes([192, 168, 1, 1]))  # IP_MULTICAST_IF
    for message in (b"", b"\0", bytes.fromhex("0007000800010000") + bytes(8), bytes.fromhex("0008000800010000"),
                    bytes.fromhex("0007000c0101000000060024")):
        sender.sendto(message, ("224.0.0.81", 8848))
    wait_until(lambda: sync(lb)["kernel"][0]["malformed"] >= 4, "refusals")
    assert lb.connections() == []
