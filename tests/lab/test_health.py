"""Health checks: servers leave and return, the fallback stands in, and what is known outlives reloads and restarts."""

import json

import pytest

import drawings
from lab import CommandFailed, applications, wait_until

SERVICE = "TCP 172.16.3.100:80"
RS1, RS2, FALLBACK = "192.168.1.10:80", "192.168.1.20:80", "127.0.0.1:80"

CONFIGURATION = """\
director:
  hook: tc
services:
  www:
    listen: "172.16.3.100:80/tcp"
    forward: nat
    scheduler: rr
    check: {{type: http, path: /, expect: "rs", interval: 200ms, timeout: 500ms, fall: 2}}
    fallback: "127.0.0.1:80"
    {more}
    servers: ["192.168.1.10:80", "192.168.1.20:80"{servers}]
"""


def configuration(more="", servers=""):
    return CONFIGURATION.format(more=more, servers=servers)


def watch(lab, more=""):
    """The NAT network, with a sorry server on the director, once both real servers are up."""
    net = drawings.nat(lab)
    net.nginx = [server.nginx_server for server in net.servers]
    lb = net.director.ballast(config=configuration(more))
    wait_for(lb, {RS1: 1, RS2: 1})
    return net, lb


def weights(lb):
    return {server: entry.weight for server, entry in lb.servers(SERVICE).items()}


def wait_for(lb, expected):
    wait_until(lambda: weights(lb) == expected, f"the servers {expected}", seconds=15)


def health(lb):
    return json.loads(lb.command("checks --json").stdout)


def test_servers_that_stop_leave_and_return_and_the_fallback_stands_in(lab):
    net, lb = watch(lab)
    net.director.nginx()
    assert sorted(net.client.curls("http://172.16.3.100/", 4)) == ["rs1", "rs1", "rs2", "rs2"]

    net.nginx[0].stop()
    wait_for(lb, {RS2: 1})
    assert net.client.curls("http://172.16.3.100/", 3) == ["rs2"] * 3

    net.nginx[1].stop()
    wait_for(lb, {FALLBACK: 1})
    assert net.client.curl("http://172.16.3.100/") == "director"

    for nginx in net.nginx:
        nginx.start()
    wait_for(lb, {RS1: 1, RS2: 1})
    assert sorted(net.client.curls("http://172.16.3.100/", 4)) == ["rs1", "rs1", "rs2", "rs2"]
    for line in ("Deleted real server: 192.168.1.10:80 (172.16.3.100:80): http 192.168.1.10:80/: ",
                 "Added fallback server: 127.0.0.1:80 (172.16.3.100:80) (Weight set to 1)",
                 "Added real server: 192.168.1.10:80 (172.16.3.100:80) (Weight set to 1)",
                 "Deleted fallback server: 127.0.0.1:80 (172.16.3.100:80)"):
        assert line in lb.log()


def test_a_quiescent_server_stays_with_weight_0_and_keeps_its_connections(lab):
    net, lb = watch(lab, "on_failure: quiescent")
    net.nginx[0].stop()
    wait_for(lb, {RS1: 0, RS2: 1})
    assert net.client.curls("http://172.16.3.100/", 3) == ["rs2"] * 3
    assert "Quiescent real server: 192.168.1.10:80 (172.16.3.100:80) (Weight set to 0)" in lb.log()
    net.nginx[0].start()
    wait_for(lb, {RS1: 1, RS2: 1})


def test_a_server_that_accepts_and_never_answers_is_down_after_the_timeout(lab):
    net, lb = watch(lab)
    net.nginx[0].hang()
    wait_for(lb, {RS2: 1})
    checks = {check["servers"][0]["server"]: check for check in health(lb)["checks"]}
    assert checks[RS1]["state"] == "down"
    assert checks[RS1]["last_latency_microseconds"] >= 500_000
    net.nginx[0].go_on()
    wait_for(lb, {RS1: 1, RS2: 1})


def test_a_new_server_gets_no_traffic_before_its_first_success(lab):
    net, lb = watch(lab)
    lb.configuration.write_text(configuration(servers=', "192.168.1.30:80"'))
    lb.command("reload")
    wait_until(lambda: [check["state"] for check in health(lb)["checks"]] == ["up", "up", "down"], "the first result")
    assert weights(lb) == {RS1: 1, RS2: 1}
    assert sorted(net.client.curls("http://172.16.3.100/", 4)) == ["rs1", "rs1", "rs2", "rs2"]


def test_a_reload_that_changes_a_check_takes_no_server_out(lab):
    net, lb = watch(lab)
    net.nginx[1].stop()
    wait_for(lb, {RS1: 1})
    lb.configuration.write_text(configuration().replace("interval: 200ms", "interval: 300ms"))
    lb.command("reload")
    assert weights(lb) == {RS1: 1}
    net.nginx[1].start()
    wait_for(lb, {RS1: 1, RS2: 1})


def test_a_restart_of_the_daemon_keeps_the_traffic(lab):
    net, lb = watch(lab)
    net.nginx[1].stop()
    wait_for(lb, {RS1: 1})
    lb.kill()
    assert net.client.curls("http://172.16.3.100/", 2) == ["rs1"] * 2
    lb.start()
    assert weights(lb) == {RS1: 1}
    assert net.client.curls("http://172.16.3.100/", 2) == ["rs1"] * 2
    net.nginx[1].start()
    wait_for(lb, {RS1: 1, RS2: 1})


def test_a_file_in_the_maintenance_directory_takes_a_server_out(lab):
    directory = lab.directory / "maintenance"
    directory.mkdir()
    _, lb = watch(lab, f"maintenance_directory: {directory}")
    (directory / "192.168.1.20").touch()
    wait_for(lb, {RS1: 1})
    (directory / "192.168.1.20").unlink()
    wait_for(lb, {RS1: 1, RS2: 1})


def test_commands_are_run_when_servers_and_the_fallback_change(lab):
    told = lab.directory / "told"
    script = lab.directory / "tell"
    script.write_text(f'#!/bin/sh\necho "$BALLAST_EVENT $BALLAST_SERVER $*" >> {told}\n')
    script.chmod(0o755)
    net, lb = watch(lab, f'down_command: "{script} a \'b c\'"\n    fallback_command: "{script}"')
    net.nginx[0].stop()
    wait_for(lb, {RS2: 1})
    net.nginx[1].stop()
    wait_for(lb, {FALLBACK: 1})
    wait_until(lambda: told.read_text().splitlines()[-3:] == [
        "server_down 192.168.1.10:80 a b c", "server_down 192.168.1.20:80 a b c",
        "fallback_on 127.0.0.1:80 start 172.16.3.100:80 tcp"], "the commands")


def test_what_is_known_is_shown(lab):
    net, lb = watch(lab)
    net.nginx[0].stop()
    wait_for(lb, {RS2: 1})
    listing = lb.command("checks --history").stdout
    assert "TCP  172.16.3.100:80" in listing
    assert "http 192.168.1.10:80/" in listing and "down" in listing
    assert lb.status()["servers_down"] == 1
    assert "Health checks  2; down: 1 real server, 0 services" in lb.command("status").stdout
    metrics = lb.command("metrics").stdout
    assert 'ballast_server_up{service="tcp 172.16.3.100:80",server="192.168.1.10:80"} 0' in metrics


def test_a_broken_check_changes_nothing_and_is_named(lab):
    _, lb = watch(lab)
    lb.configuration.write_text(configuration().replace("type: http", "type: htp"))
    with pytest.raises(CommandFailed, match=r"ballast\.yaml:8.*'htp' is not one of .*did you mean 'http'"):
        lb.command("reload")
    assert weights(lb) == {RS1: 1, RS2: 1}


def test_mail_tells_of_servers_that_leave_and_return(lab):
    net = drawings.nat(lab)
    post = applications.Post(net.client, 2525)
    lb = net.director.ballast(config=configuration(
        'alerts: {to: [ops@example.com, night@example.com], from: lb@example.com, server: "172.16.0.2:2525"}'))
    wait_for(lb, {RS1: 1, RS2: 1})
    wait_until(post.messages, "the mail about the start", seconds=20)
    net.servers[0].nginx_server.stop()
    wait_until(lambda: len(post.messages()) == 2, "the mail about the failure", seconds=30)
    message = post.messages()[1]
    assert (message["To"], message["From"]) == ("ops@example.com, night@example.com", "lb@example.com")
    sentence = "Real server 192.168.1.10:80 (tcp 172.16.3.100:80) is down: http 192.168.1.10:80/: "
    assert sentence in message["Subject"] and sentence in message.get_content()

    net.servers[0].nginx_server.start()
    wait_until(lambda: len(post.messages()) == 3, "the mail about the return", seconds=30)
    assert "Real server 192.168.1.10:80 (tcp 172.16.3.100:80) is up" in post.messages()[2]["Subject"]
    assert "mail to ops@example.com, night@example.com sent" in lb.log()


def test_an_address_leaves_where_no_real_server_answers(lab):
    net = drawings.nat(lab)
    text = configuration() + """vrrp:
  edge:
    interface: outside
    router_id: 51
    interval: 100ms
    addresses: ["172.16.3.200/16"]
    track: [{check: www}]
"""
    lb = net.director.ballast(config=text)

    def holds():
        return "172.16.3.200" in net.director.run("ip -4 address show dev outside").stdout

    wait_until(holds, "the address, with both servers up", seconds=15)
    for server in net.servers:
        server.nginx_server.stop()
    wait_until(lambda: not holds(), "the address to leave", seconds=15)
    net.servers[1].nginx_server.start()
    wait_until(holds, "the address to return", seconds=15)

    lb.configuration.write_text(text.replace("check: www", "check: vww"))
    with pytest.raises(CommandFailed) as refusal:
        lb.command("reload")
    assert "edge tracks the checks of the service 'vww', which is not there; did you mean www?" in \
        refusal.value.outcome.stderr
