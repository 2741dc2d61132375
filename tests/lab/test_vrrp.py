"""VRRP: who has the address, beside the real keepalived and beside another Ballast."""

import json
import os
import re
import signal
import time

import pytest
from lab import applications
from lab.keepalived import Keepalived, instance
from lab.process import wait_until

VIP = "10.0.0.100"
LEASE = 2.0  # seconds: the default


def two_hosts(lab):
    lab.switch("lan")
    first = lab.host("first", lan="10.0.0.1/24 fd00::1/64")
    second = lab.host("second", lan="10.0.0.2/24 fd00::2/64")
    return first, second


def vrrp(host, *, rest="", **settings):
    """Ballast with one instance called edge."""
    settings = {"interface": "lan", "router_id": 51, "priority": 100, "interval": "100ms",
                "addresses": [f"{VIP}/24"], "announce": {"delay": "1s"}} | settings
    section = json.dumps({"edge": settings} | (json.loads(rest) if rest else {}))
    return host.ballast(config=f"director: {{interfaces: [lan], hook: tc, connections: 4096}}\nvrrp: {section}\n")


def keepalived(host, **settings):
    daemon = Keepalived(host, instance(**({"interval": 0.1} | settings)))
    daemon.start()
    return daemon


def has(host, address=VIP, interface="lan"):
    return re.search(rf"\b{re.escape(address)}/", host.run(f"ip addr show dev {interface}", check=False).stdout) is not None


def wait_for_holder(holder, other, address=VIP, interface="lan"):
    wait_until(lambda: has(holder, address, interface) and not has(other, address, interface),
               f"{address} on {holder.name} alone")


def state(ballast, name="edge"):
    found = [one for one in json.loads(ballast.command("vrrp --json").stdout)["instances"] if one["name"] == name]
    return found[0]


PAIRS = {
    "v3": ({"version": 3}, {"version": 3}),
    "v3-unicast": ({"version": 3, "peers": ["10.0.0.2"]},
                   {"version": 3, "extra": "unicast_src_ip 10.0.0.2\nunicast_peer {\n 10.0.0.1\n}"}),
    "v2": ({"version": 2, "interval": "1s"}, {"version": 2, "interval": 1}),
    "v2-password": ({"version": 2, "interval": "1s", "authentication": {"type": "password", "password": "secret"}},
                    {"version": 2, "interval": 1, "extra": "authentication {\n auth_type PASS\n auth_pass secret\n}"}),
    "ipv6": ({"addresses": ["fe80::100/64", "fd00::100/64"]}, {"addresses": ["fe80::100/64", "fd00::100/64"]}),
    "ipv6-unicast": ({"addresses": ["fd00::100/64"], "peers": ["fd00::2"], "source": "fd00::1"},
                     {"addresses": ["fd00::100/64"], "extra": "unicast_src_ip fd00::2\nunicast_peer {\n fd00::1\n}"}),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_keepalived_takes_over_and_gives_back(lab, pair):
    first, second = two_hosts(lab)
    ours, theirs = PAIRS[pair]
    vip = "fd00::100" if "ipv6" in pair else VIP
    peer = keepalived(second, priority=100, **theirs)
    ballast = vrrp(first, priority=150, **ours)
    wait_for_holder(first, second, vip)
    assert state(ballast)["state"] == "active"
    ballast.terminate()
    wait_for_holder(second, first, vip)
    ballast.start()
    wait_for_holder(first, second, vip)
    assert "rror" not in peer.log()


@pytest.mark.parametrize("pair", PAIRS)
def test_ballast_takes_over_from_keepalived_and_gives_back(lab, pair):
    first, second = two_hosts(lab)
    ours, theirs = PAIRS[pair]
    vip = "fd00::100" if "ipv6" in pair else VIP
    ballast = vrrp(first, priority=100, **ours)
    peer = keepalived(second, priority=150, **theirs)
    wait_for_holder(second, first, vip)
    wait_until(lambda: state(ballast)["active_priority"] == 150, "keepalived's advertisements")
    assert all(count["value"] == 0 for count in state(ballast)["refused"])
    peer.stop()
    wait_for_holder(first, second, vip)
    peer.start()
    wait_for_holder(second, first, vip)
    assert state(ballast)["state"] == "backup"


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_director_that_hangs_or_dies_loses_its_address(lab, number):
    first, second = two_hosts(lab)
    ballast = vrrp(first, priority=150)
    vrrp(second, priority=100)
    wait_for_holder(first, second)
    pid = json.loads(ballast.command("status --json").stdout)["pid"]
    begun = time.monotonic()
    os.kill(pid, number)
    try:
        wait_until(lambda: not has(first), "the end of the lease")
        assert time.monotonic() - begun < LEASE
        wait_for_holder(second, first)
    finally:
        os.kill(pid, signal.SIGKILL if number == signal.SIGKILL else signal.SIGCONT)
    if number == signal.SIGSTOP:
        wait_for_holder(first, second)


def test_without_preempt_the_one_that_has_it_keeps_it(lab):
    first, second = two_hosts(lab)
    ballast = vrrp(first, priority=150, preempt=False)
    vrrp(second, priority=100)
    wait_for_holder(first, second)
    ballast.terminate()
    wait_for_holder(second, first)
    ballast.start()
    wait_until(lambda: state(ballast)["active_priority"] == 100, "the other one's advertisements")
    assert has(second) and not has(first)


def test_an_instance_is_handed_over_by_a_command(lab):
    first, second = two_hosts(lab)
    ballast = vrrp(first, priority=150)
    vrrp(second, priority=100)
    wait_for_holder(first, second)
    ballast.command("vrrp edge --resign")
    wait_for_holder(second, first)
    assert "resigned" in ballast.command("vrrp edge").stdout
    ballast.command("vrrp edge --reclaim")
    wait_for_holder(first, second)


def test_a_tracked_script_and_a_tracked_file_change_priorities(lab):
    first, second = two_hosts(lab)
    good, number = first.directory / "good", first.directory / "number"
    good.touch()
    ballast = vrrp(first, priority=150,
                   track=[{"script": "web"}, {"file": "number"}],
                   rest=json.dumps({"scripts": {"web": {"command": f"test -e {good}", "interval": "100ms", "weight": -60}},
                                    "files": {"number": {"path": str(number)}}}))
    vrrp(second, priority=100)
    wait_for_holder(first, second)
    good.unlink()
    wait_for_holder(second, first)
    assert state(ballast)["because"] == ["script web -60"]
    good.touch()
    wait_for_holder(first, second)
    number.write_text("-70\n")
    wait_for_holder(second, first)


def test_a_director_that_does_not_balance_any_more_leaves(lab):
    lab.switch("wan")
    lab.switch("lan")
    first = lab.host("first", lan="10.0.0.1/24", wan="10.0.9.1/24")
    second = lab.host("second", lan="10.0.0.2/24")
    config = {"director": {"interfaces": ["lan", "wan"], "hook": "tc", "connections": 4096},
              "vrrp": {"edge": {"interface": "lan", "router_id": 51, "priority": 150, "interval": "100ms",
                                "addresses": [f"{VIP}/24"], "track": [{"director": "alive"}]}}}
    ballast = first.ballast(config=json.dumps(config))
    vrrp(second, priority=100)
    wait_for_holder(first, second)
    first.ip("link del wan")
    wait_for_holder(second, first)
    assert "director" in state(ballast)["why"]
    assert "packets are not balanced: interface wan is gone" in ballast.log()
    first.ip("link add wan type veth peer name nowhere", "link set nowhere up", "addr add 10.0.9.1/24 dev wan", "link set wan up")
    wait_for_holder(first, second)


def test_nothing_is_lost_when_a_director_leaves(lab):
    first, second = two_hosts(lab)
    client = lab.host("client", lan="10.0.0.9/24")
    ballast = vrrp(first, priority=150, interval="1s")
    vrrp(second, priority=100, interval="1s")
    wait_for_holder(first, second)
    pings = client.start(f"ping -i 0.01 -W 1 {VIP}")
    pings.wait_for_output("icmp_seq=20 ")
    ballast.terminate()
    wait_for_holder(second, first)
    heard = len(re.findall("bytes from", pings.output()))
    wait_until(lambda: len(re.findall("bytes from", pings.output())) > heard + 20, "answers of the other director")
    sequence = [int(number) for number in re.findall(r"icmp_seq=(\d+)", pings.output())]
    lost = max(after - before - 1 for before, after in zip(sequence, sequence[1:]))
    assert lost < 20, f"{lost} pings, 10 ms apart, were lost in a row"  # the skew alone is 600 ms


def test_a_sync_group_moves_together_when_an_interface_goes_down(lab):
    lab.switch("lan")
    lab.switch("wan")
    daemons, hosts = [], []
    for number, priority in ((1, 150), (2, 100)):
        host = lab.host(f"director{number}", lan=f"10.0.0.{number}/24", wan=f"10.0.9.{number}/24")
        rest = {"groups": {"both": {"instances": ["edge", "out"]}},
                "out": {"interface": "wan", "router_id": 52, "priority": priority, "interval": "100ms",
                        "addresses": ["10.0.9.100/24"]}}
        daemons.append(vrrp(host, priority=priority, rest=json.dumps(rest)))
        hosts.append(host)
    wait_for_holder(hosts[0], hosts[1])
    wait_for_holder(hosts[0], hosts[1], "10.0.9.100", "wan")
    hosts[0].ip("link set wan down")
    wait_for_holder(hosts[1], hosts[0])
    wait_until(lambda: has(hosts[1], "10.0.9.100", "wan"), "the other address")
    assert "down" in state(daemons[0], "out")["why"]
    hosts[0].ip("link set wan up")
    wait_for_holder(hosts[0], hosts[1])
    wait_for_holder(hosts[0], hosts[1], "10.0.9.100", "wan")


def test_an_address_that_somebody_removes_is_put_back(lab):
    first, second = two_hosts(lab)
    ballast = vrrp(first, priority=150)
    wait_until(lambda: has(first), "the address")
    first.ip(f"addr del {VIP}/24 dev lan")
    wait_until(lambda: has(first), "the address again")
    mended = {count["name"]: count["value"] for count in state(ballast)["counters"]}["mended"]
    assert mended == 1


def test_the_virtual_mac_address_moves_with_the_address(lab):
    lab.switch("lan")
    client = lab.host("client", lan="10.0.0.9/24")
    first = lab.host("first", lan="10.0.0.1/24")
    second = lab.host("second", lan="10.0.0.2/24")
    ballast = vrrp(first, priority=150, virtual_mac=True)
    vrrp(second, priority=100, virtual_mac=True)
    wait_for_holder(first, second, interface="vrrp.51")
    client.run(f"ping -c 1 -W 2 {VIP}")
    assert "00:00:5e:00:01:33" in client.run(f"ip neigh show {VIP}").stdout
    ballast.terminate()
    wait_until(lambda: has(second, interface="vrrp.51"), "the address on the other director")
    client.run(f"ping -c 1 -W 2 {VIP}")
    assert "00:00:5e:00:01:33" in client.run(f"ip neigh show {VIP}").stdout


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_routers_with_virtual_mac_addresses_hear_each_other(lab, family):
    first, second = two_hosts(lab)
    vip, device = (VIP, "vrrp.51") if family == "ipv4" else ("fd00::100", "vrrp6.51")
    settings = {"virtual_mac": True, "addresses": [f"{vip}/{24 if family == 'ipv4' else 64}"]}
    low = vrrp(second, priority=100, **settings)
    wait_until(lambda: has(second, vip, device), "the address on the second")
    high = vrrp(first, priority=150, **settings)
    wait_for_holder(first, second, vip, device)
    assert state(low)["active_priority"] == 150
    high.command("vrrp edge --resign")
    wait_for_holder(second, first, vip, device)
    high.command("vrrp edge --reclaim")
    wait_for_holder(first, second, vip, device)
    assert "cannot send" not in high.log() + low.log()


def test_virtual_mac_addresses_are_those_of_keepalived(lab):
    first, second = two_hosts(lab)
    ballast = vrrp(first, priority=150, virtual_mac=True)
    peer = keepalived(second, priority=100, extra="use_vmac vrrp.51")
    wait_for_holder(first, second, interface="vrrp.51")
    ballast.command("vrrp edge --resign")
    wait_for_holder(second, first, interface="vrrp.51")
    ballast.command("vrrp edge --reclaim")
    wait_for_holder(first, second, interface="vrrp.51")
    peer.stop()


def test_a_virtual_mac_device_that_somebody_removes_is_made_again(lab):
    first, _ = two_hosts(lab)
    ballast = vrrp(first, virtual_mac=True)
    wait_until(lambda: has(first, interface="vrrp.51"), "the address")
    first.ip("link del vrrp.51")
    wait_until(lambda: "somebody removed vrrp.51: made again" in ballast.log(), "a line about it")
    wait_until(lambda: has(first, interface="vrrp.51"), "the address on the new device")
    assert state(ballast)["state"] == "active"


def test_clients_find_the_active_router_after_a_split(lab):
    first, second = two_hosts(lab)
    client = lab.host("client", lan="10.0.0.9/24")
    vrrp(first, priority=150)
    vrrp(second, priority=100)
    wait_for_holder(first, second)
    switch = first.links["lan"]
    switch.ip(f"link set {first.port} nomaster")
    wait_until(lambda: has(second), "the address on both")
    client.run(f"ping -c 1 -W 2 {VIP}")
    switch.ip(f"link set {first.port} master switch")
    wait_for_holder(first, second)
    wait_until(lambda: client.run(f"ping -c 1 -W 1 {VIP}", check=False).status == 0, "an answer", seconds=2)


def test_a_lease_can_be_changed_while_it_runs(lab):
    first, _ = two_hosts(lab)
    ballast = vrrp(first, lease=0)
    wait_until(lambda: has(first), "the address")
    configured = ballast.configuration.read_text()
    for lease in ("2s", "0", "2s"):
        ballast.configuration.write_text(configured.replace('"lease": 0', f'"lease": "{lease}"'))
        assert "1 virtual router changed" in ballast.command("reload").stdout
        time.sleep(2.5)
        assert has(first)
        assert state(ballast)["state"] == "active"
    assert "put back" not in ballast.log() and "did not run" not in ballast.log()


def test_an_instance_that_resigned_does_not_preempt_after_a_reload_that_starts_it_anew(lab):
    first, second = two_hosts(lab)
    ballast = vrrp(first, priority=150)
    vrrp(second, priority=100)
    wait_for_holder(first, second)
    ballast.command("vrrp edge --resign")
    wait_for_holder(second, first)
    configured = ballast.configuration.read_text()
    ballast.configuration.write_text(configured.replace('"priority": 150', '"priority": 150, "source": "10.0.0.1"'))
    assert "1 virtual router changed" in ballast.command("reload").stdout
    wait_until(lambda: state(ballast)["active_priority"] == 100, "advertisements of the other one")
    time.sleep(1)
    assert state(ballast)["resigned"] and has(second) and not has(first)


def test_what_is_removed_of_routes_and_rules_is_put_back(lab):
    first, _ = two_hosts(lab)
    vrrp(first, routes=["10.9.0.0/16 via 10.0.0.254"], rules=["from 10.9.0.0/16 table 7"])
    wait_until(lambda: has(first), "the address")
    first.ip("route del 10.9.0.0/16", "rule del from 10.9.0.0/16 table 7")
    wait_until(lambda: "10.9.0.0/16 via" in first.run("ip route").stdout, "the route")
    wait_until(lambda: "from 10.9.0.0/16" in first.run("ip rule").stdout, "the rule")


def test_a_reload_refuses_an_interface_that_is_not_there(lab):
    first, _ = two_hosts(lab)
    ballast = vrrp(first)
    wait_until(lambda: has(first), "the address")
    ballast.configuration.write_text(ballast.configuration.read_text().replace('"interface": "lan"', '"interface": "lam"'))
    assert "there is no interface lam" in ballast.command("reload", check=False).stderr
    assert has(first) and state(ballast)["state"] == "active"


def test_an_active_router_that_does_not_accept_answers_for_its_addresses_and_takes_nothing(lab):
    first, client = two_hosts(lab)
    lab.nginx("web", lan="10.0.0.11/24", vip=VIP)
    first.nginx()
    ballast = vrrp(first, accept=False, excluded_addresses=["fd00::100/64"])
    ballast.ipvsadm(f"-A -t {VIP}:80 -s rr", f"-a -t {VIP}:80 -r 10.0.0.11 -g")

    def dropped():
        return sum(int(count) for count in re.findall(r"counter packets (\d+)", first.run("nft list ruleset").stdout))

    wait_until(lambda: has(first) and VIP in first.run("nft list ruleset").stdout, "an active router that drops")
    assert client.run(f"ping -c 2 -i 0.05 -W 1 {VIP}", check=False).status == 1
    assert client.run("ping -c 2 -i 0.05 -W 1 fd00::100", check=False).status == 1
    assert dropped() == 4
    neighbours = client.run("ip neigh show dev lan").stdout
    assert all(re.search(rf"^{address} lladdr", neighbours, re.M) for address in (VIP, "fd00::100")), neighbours
    assert client.curl(f"http://{VIP}/") == "web"
    assert client.run("ping -c 1 -W 1 10.0.0.1").status == 0
    assert first.run(f"ping -c 1 -W 1 {VIP}").status == 0

    ballast.command("vrrp edge --resign")
    wait_until(lambda: VIP not in first.run("nft list ruleset").stdout, "a backup that refuses nothing")
    ballast.command("vrrp edge --reclaim")
    wait_until(lambda: VIP in first.run("nft list ruleset").stdout, "an active router again")
    ballast.kill()
    wait_until(lambda: "ballast" not in first.run("nft list ruleset").stdout, "the end of the daemon's table")


def test_routes_rules_and_commands_follow_the_state(lab):
    first, _ = two_hosts(lab)
    log, fifo = first.directory / "events", first.directory / "fifo"
    script = first.directory / "notify"
    script.write_text(f"#!/bin/sh\necho \"$@\" >> {log}\n")
    script.chmod(0o755)
    ballast = vrrp(first, priority=150,
                   routes=["10.77.0.0/16 via 10.0.0.2 table 7", "throw 10.78.0.0/16 table 7",
                           "10.79.0.0/16 table 7 nexthop via 10.0.0.2 weight 2 nexthop via 10.0.0.3",
                           "fd79::/64 table 7 nexthop via fd00::2 nexthop via fd00::3 dev lan"],
                   rules=["from 10.77.0.0/16 table 7 priority 100"], notify={"any": str(script)},
                   rest=json.dumps({"notify_fifo": str(fifo)}))
    wait_until(lambda: has(first), "the address")
    routes = first.run("ip route show table 7").stdout
    assert "10.77.0.0/16 via 10.0.0.2" in routes
    assert "throw 10.78.0.0/16" in routes
    assert re.search(r"10\.79\.0\.0/16 .*\n\s+nexthop via 10\.0\.0\.2 dev lan weight 2 *\n"
                     r"\s+nexthop via 10\.0\.0\.3 dev lan weight 1", routes)
    assert re.search(r"nexthop via fd00::3 dev lan", first.run("ip -6 route show table 7").stdout)
    assert "from 10.77.0.0/16 lookup 7" in first.run("ip rule").stdout
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    ballast.terminate()
    lines = os.read(reader, 4096).decode().splitlines() if reader else []
    os.close(reader)
    assert first.run("ip route show table 7", check=False).stdout == ""
    assert first.run("ip -6 route show table 7", check=False).stdout == ""
    events = log.read_text().splitlines()
    assert events == ["INSTANCE edge BACKUP 150", "INSTANCE edge MASTER 150", "INSTANCE edge STOP 150"]
    assert lines in ([], [f'INSTANCE "edge" {word} 150' for word in ("BACKUP", "MASTER", "STOP")])


def test_mail_and_the_sync_daemon_follow_an_instance_of_a_keepalived_conf(lab):
    first, second = two_hosts(lab)
    post = applications.Post(second, 2525)
    file = lab.directory / "keepalived.conf"
    file.write_text("""global_defs {
    notification_email { ops@example.com }
    notification_email_from lb@example.com
    smtp_server 10.0.0.2:2525
    smtp_alert_vrrp
    lvs_sync_daemon lan inst edge id 7
}
vrrp_instance edge {
    interface lan
    virtual_router_id 51
    priority 100
    advert_int 0.1
    virtual_ipaddress { 10.0.0.100/24 }
}
""")
    ballast = first.ballast(arguments=f"--keepalived {file}")

    def role():
        return ballast.ipvsadm("-L --daemon").split()[0]

    wait_until(lambda: has(first) and role() == "master", "a master of both kinds", seconds=20)
    wait_until(lambda: any("edge is MASTER" in mail["Subject"] for mail in post.messages()), "mail", seconds=20)
    ballast.command("vrrp edge --resign")
    wait_until(lambda: not has(first) and role() == "backup", "a backup of both kinds", seconds=20)
    ballast.command("vrrp edge --reclaim")
    wait_until(lambda: has(first) and role() == "master", "both to return", seconds=20)


def test_malformed_advertisements_are_counted_and_ignored(lab):
    first, second = two_hosts(lab)
    ballast = vrrp(first, priority=150)
    wait_until(lambda: state(ballast)["state"] == "active", "the active state")
    import socket
    sender = second.socket(socket.AF_INET, socket.SOCK_RAW, 112)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.0.0.2"))
    for _ in range(3):
        sender.sendto(bytes.fromhex("3133ff01000affff0a000064"), ("224.0.0.18", 0))
    refused = lambda: {count["name"]: count["value"] for count in state(ballast)["refused"]}
    wait_until(lambda: refused()["checksum"] == 3, "three refusals")
    assert state(ballast)["state"] == "active"
    assert ballast.log().count("its checksum is wrong") == 1
