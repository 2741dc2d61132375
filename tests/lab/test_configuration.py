"""The configuration file: services from the start, reloads that change the difference, reloads that change nothing."""

import signal

import pytest

import drawings
from lab import CommandFailed, program, wait_until

CONFIGURATION = """\
director:
  hook: tc
pools:
  web:
    scheduler: wrr
    servers:
      - {address: "192.168.1.10:80", weight: 1}
      - {address: "192.168.1.20:80", weight: 3}
services:
  www:
    listen: "172.16.3.100:80/tcp"
    forward: nat
    pool: web
"""


def test_services_of_the_file_are_there_from_the_start(lab):
    net = drawings.nat(lab)
    lb = net.director.ballast(config=CONFIGURATION)
    assert sorted(net.client.curls("http://172.16.3.100/", 8)) == ["rs1"] * 2 + ["rs2"] * 6
    assert {server: entry.weight for server, entry in lb.servers("TCP 172.16.3.100:80").items()} == {
        "192.168.1.10:80": 1, "192.168.1.20:80": 3}
    assert lb.command(f"check {lb.configuration}").stdout.startswith(f"{lb.configuration}: valid, 1 service with")


def test_an_mss_clamp_lowers_what_syns_announce_and_nothing_else(lab, hook):
    net = drawings.nat(lab)
    clamped = CONFIGURATION.replace("hook: tc", f"hook: {hook}") + "    mss_clamp: 1000\n"
    if hook == "xdp":
        net.director.deliver_complete_checksums()
    net.director.ballast(config=clamped)
    seen = [server.capture("inside", "tcp dst port 80") for server in net.servers]
    assert sorted(net.client.curls("http://172.16.3.100/", 4)) == ["rs1", "rs2", "rs2", "rs2"]
    for capture in seen:
        assert "mss 1000," in capture.wait_for(r"Flags \[S\]")


@pytest.mark.parametrize("way", ["ballast reload", "SIGHUP"])
def test_a_reload_changes_the_files_services_and_leaves_those_of_commands_alone(lab, way):
    net = drawings.nat(lab)
    lb = net.director.ballast(config=CONFIGURATION)
    lb.ipvsadm("-A -u 172.16.3.100:53 -s rr")
    lb.configuration.write_text(CONFIGURATION.replace("weight: 3", "weight: 5"))
    if way == "SIGHUP":
        lb.process.signal(signal.SIGHUP)
    else:
        lb.command("reload")
    wait_until(lambda: lb.servers("TCP 172.16.3.100:80")["192.168.1.20:80"].weight == 5, "the new weight")
    assert list(lb.table()) == ["TCP 172.16.3.100:80", "UDP 172.16.3.100:53"]


def test_a_reload_with_an_error_changes_nothing_and_says_where_it_is(lab):
    net = drawings.nat(lab)
    lb = net.director.ballast(config=CONFIGURATION)
    before = lb.ipvsadm("-Ln")
    lb.configuration.write_text(CONFIGURATION.replace("weight: 3", "weigth: 5"))
    with pytest.raises(CommandFailed, match=r"ballast\.yaml:8.*weigth.*weight"):
        lb.command("reload")
    assert lb.ipvsadm("-Ln") == before
    assert net.client.curl("http://172.16.3.100/") in ("rs1", "rs2")


def test_saved_rules_restore_the_same_table(lab):
    net = drawings.nat(lab)
    lb = net.director.ballast(config=CONFIGURATION)
    lb.ipvsadm("-A -t [fd00:1::100]:80 -s sh -b sh-port", "-a -t [fd00:1::100]:80 -r [fd00:2::10]:80 -m -w 7")
    listing, saved = lb.ipvsadm("-Ln"), lb.ipvsadm("-Sn")
    lb.ipvsadm("-C")
    assert lb.table() == {}
    net.director.run([program("ipvsadm"), "-R"], stdin=saved)
    assert lb.ipvsadm("-Ln") == listing


def test_a_group_of_addresses_is_one_service_whose_servers_keep_the_port(lab, hook):
    net = drawings.nat(lab, ports=(80, 81))
    configuration = f"""\
director: {{hook: {hook}}}
services:
  shop:
    listen: ["172.16.3.100:80/tcp", "172.16.3.100:81/tcp", "172.16.0.1:80/tcp"]
    scheduler: rr
    forward: nat
    servers: [192.168.1.10, 192.168.1.20]
"""
    lb = net.director.ballast(config=configuration)
    urls = ["http://172.16.3.100/", "http://172.16.3.100:81/", "http://172.16.0.1/"] * 2
    assert [net.client.curl(url) for url in urls] == ["rs2", "rs1"] * 3
    assert [line.split()[:2] for line in lb.command("services").stdout.splitlines()[2:5]] == [
        ["TCP", "172.16.3.100:80"], ["TCP", "172.16.3.100:81"], ["TCP", "172.16.0.1:80"]]
    assert set(lb.table()) == {"TCP 172.16.3.100:80"}
    assert "exists" in lb.try_ipvsadm("-A -t 172.16.3.100:81").stderr

    lb.terminate()
    lb.configuration.write_text(configuration.replace(', "172.16.0.1:80/tcp"', ""))
    lb.start()
    assert net.client.curls("http://172.16.3.100:81/", 2) == ["rs2", "rs1"]
    assert net.client.curl("http://172.16.0.1/", check=False).status != 0
