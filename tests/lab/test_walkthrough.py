"""The walkthrough of the handbooks, with the files in examples/ as they are: servers die and return, the director
stands in for them, and the YAML that `ballast convert` prints does the same."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from lab import wait_until

EXAMPLES = Path(__file__).parents[2] / "examples"
VIP = "172.16.3.100"
SERVICE = f"TCP {VIP}:80"
RS1, RS2, RS3, FALLBACK = "172.16.3.11:80", "172.16.3.12:80", "172.16.3.13:80", "127.0.0.1:80"
BOTH = {RS1: 1, RS2: 1}


def walkthrough(lab, vip=f"{VIP}/16"):
    """One segment, called as the interface in the examples; every machine has nginx, the director for the fallback.

        client 172.16.3.2 ----+---- director 172.16.3.1, VIP 172.16.3.100
                            eth0
                              +---- rs1 172.16.3.11, rs2 172.16.3.12, VIP on lo
    """
    lab.switch("eth0")
    client = lab.host("client", eth0="172.16.3.2/16")
    director = lab.nginx("director", eth0=f"172.16.3.1/16 {vip}", forwarding=True)
    servers = [lab.nginx(f"rs{number}", eth0=f"172.16.3.1{number}/16", vip=VIP) for number in (1, 2)]
    return SimpleNamespace(client=client, director=director, nginx=[server.nginx_server for server in servers])


def run_ldirectord_file(lab, **changes):
    """The walkthrough with examples/ldirectord.cf, keywords set to other values as told, once both servers are up."""
    net = walkthrough(lab)
    file = net.director.directory / "ldirectord.cf"
    text = (EXAMPLES / file.name).read_text()
    for keyword, value in changes.items():
        text, changed = re.subn(rf"(?m)^(\s*{keyword}=).*$", rf"\g<1>{value}", text)
        assert changed == 1
    replace(file, text)
    lb = net.director.ballast(arguments=f"--ldirectord {file}")
    wait_for(lb, BOTH)
    return net, lb, file


def replace(file, text):
    """Writes the file as editors do: nobody ever reads the half of it."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(file)


def weights(lb):
    return {server: entry.weight for server, entry in lb.servers(SERVICE).items()}


def wait_for(lb, expected):
    wait_until(lambda: weights(lb) == expected, f"the servers {expected}", seconds=30)


def stop_and_start(net):
    """The script of the walkthrough: yields the servers that must be there at first and after each step."""
    yield BOTH
    net.nginx[0].stop()
    yield {RS2: 1}
    net.nginx[1].stop()
    yield {FALLBACK: 1}
    for nginx in net.nginx:
        nginx.start()
    yield BOTH


def test_ldirectords_file_works_as_written(lab):
    net, lb, _ = run_ldirectord_file(lab)
    service = lb.table()[SERVICE]
    assert (service.scheduler, service.flags) == ("rr", "persistent 600")
    assert {server.forward for server in service.servers.values()} == {"Route"}
    answers = []
    for expected in stop_and_start(net):
        wait_for(lb, expected)
        answers.append(net.client.curl(f"http://{VIP}/index.html"))
    assert answers[1:3] == ["rs2", "director"]
    assert answers[3] in ("rs1", "rs2")


def test_with_quiescent_a_dead_server_stays_with_weight_0(lab):
    net, lb, _ = run_ldirectord_file(lab, quiescent="yes")
    net.nginx[0].stop()
    wait_for(lb, {RS1: 0, RS2: 1})
    net.nginx[1].stop()
    wait_for(lb, {RS1: 0, RS2: 0, FALLBACK: 1})
    for nginx in net.nginx:
        nginx.start()
    wait_for(lb, BOTH)


def test_with_autoreload_the_file_is_followed(lab):
    net, lb, file = run_ldirectord_file(lab)
    lab.nginx("rs3", eth0="172.16.3.13/16", vip=VIP)
    text = file.read_text()
    replace(file, text.replace(f"real={RS2} gate", f"real={RS2} gate 5\n    real={RS3} gate 2"))
    wait_for(lb, {RS1: 1, RS2: 5, RS3: 2})
    replace(file, text.replace(f"    real={RS1} gate\n", ""))
    wait_for(lb, {RS2: 1})
    net.nginx[1].stop()
    wait_for(lb, {FALLBACK: 1})


def test_after_a_broken_edit_servers_still_leave_and_return(lab):
    net, lb, file = run_ldirectord_file(lab)
    text = file.read_text()
    replace(file, text.replace("scheduler=rr", "schedular=wlc").replace(f"    real={RS2} gate\n", ""))
    wait_until(lambda: "did you mean 'scheduler'" in lb.log(), "the mistake in the log", seconds=30)
    assert lb.table()[SERVICE].scheduler == "rr"
    for expected in stop_and_start(net):
        wait_for(lb, expected)
    replace(file, text.replace("scheduler=rr", "scheduler=wlc"))
    wait_until(lambda: lb.table()[SERVICE].scheduler == "wlc", "the mended file", seconds=30)


def test_keepalived_conf_works_as_written(lab):
    net = walkthrough(lab, vip="")
    lb = net.director.ballast(arguments=f"--keepalived {EXAMPLES / 'keepalived.conf'}")
    wait_until(lambda: has_vip(net.director), "the address", seconds=30)
    assert lb.table()[SERVICE].flags == "persistent 600"
    answers = []
    for expected in stop_and_start(net):
        wait_for(lb, expected)
        answers.append(net.client.curl(f"http://{VIP}/index.html"))
    assert answers[1:3] == ["rs2", "director"]
    assert has_vip(net.director)


def has_vip(host):
    return f" {VIP}/16 " in host.run("ip -4 addr show dev eth0").stdout


@pytest.mark.parametrize("name", ["ldirectord.cf", "keepalived.conf"])
def test_the_converted_file_does_what_the_file_does(lab, name):
    net = walkthrough(lab, vip="")
    beside = lab.nginx("converted", eth0="172.16.3.3/16", forwarding=True)
    of_file = net.director.ballast(arguments=f"--{Path(name).stem} {EXAMPLES / name}")
    converted = of_file.command(f"convert {EXAMPLES / name}").stdout
    yaml = beside.directory / "converted.yaml"
    yaml.write_text(converted)
    assert ": valid, " in of_file.command(f"check {yaml}").stdout
    of_yaml = beside.ballast(arguments=f"-c {yaml}")
    for expected in stop_and_start(net):
        wait_for(of_file, expected)
        wait_for(of_yaml, expected)
        assert of_yaml.ipvsadm("-Sn") == of_file.ipvsadm("-Sn")
