"""Two directors with the same services that tell each other of their connections, and share addresses by VRRP."""

import json
from types import SimpleNamespace

from lab import wait_until

VIP = "172.16.3.100"
PORT = 8849
KEY = "a secret of this lab"


def draw_nat(lab):
    """Behind NAT the real servers' gateway is an address that moves as the VIP does.

        client ---- outside ----+---- first  ----+---- inside ---- rs1, rs2
        172.16.0.2              |                |                 gateway 192.168.1.254
                                +---- second ----+
    """
    lab.switch("outside")
    lab.switch("inside")
    client = lab.host("client", outside="172.16.0.2/16")
    directors = [lab.host(name, outside=f"172.16.0.{11 + number}/16", inside=f"192.168.1.{1 + number}/24", forwarding=True)
                 for number, name in enumerate(("first", "second"))]
    real = [lab.nginx(f"rs{number}", inside=f"192.168.1.{number}0/24", gateway="192.168.1.254") for number in (1, 2)]
    return SimpleNamespace(client=client, directors=directors, servers=real, flag="-m", switch="inside",
                           rips=["192.168.1.10", "192.168.1.20"], heard=["192.168.1.1", "192.168.1.2"],
                           moving={"outside": f"{VIP}/16", "inside": "192.168.1.254/24"})


def draw_route(lab):
    """DR: everything on one segment, the VIP on lo of the real servers."""
    lab.switch("outside")
    client = lab.host("client", outside="172.16.0.2/16")
    directors = [lab.host(name, outside=f"172.16.0.{11 + number}/16") for number, name in enumerate(("first", "second"))]
    real = [lab.nginx(f"rs{number}", outside=f"172.16.0.{number}0/16", vip=VIP) for number in (3, 4)]
    return SimpleNamespace(client=client, directors=directors, servers=real, flag="-g", switch="outside",
                           rips=["172.16.0.30", "172.16.0.40"], heard=["172.16.0.11", "172.16.0.12"],
                           moving={"outside": f"{VIP}/16"})


def services(lb, net, service=f"-t {VIP}:80 -s rr"):
    name = " ".join(service.split()[:2])
    lb.ipvsadm(f"-A {service}", *[f"-a {name} -r {rip} {net.flag}" for rip in net.rips])


def configuration(net, number, *, key=KEY, interval="100ms", priorities=(200, 100), connections=16384,
                  prompt=True):
    """Director 0 or 1 of the two; 0 has the moving addresses while it lives."""
    instances = {name: {"interface": name, "router_id": 51 + place, "priority": priorities[number], "interval": interval,
                        "addresses": [address]} for place, (name, address) in enumerate(net.moving.items())}
    groups = {"groups": {"all": {"instances": list(net.moving)}}} if len(instances) > 1 else {}
    sync = {"listen": f"{net.heard[number]}:{PORT}", "peers": [f"{net.heard[1 - number]}:{PORT}"], "key": key,
            "prompt": prompt}
    sections = {"director": {"interfaces": list(net.moving), "hook": "tc", "connections": connections},
                "vrrp": instances | groups, "sync": sync}
    return "".join(f"{name}: {json.dumps(section)}\n" for name, section in sections.items())


def start(net, number, *, service=f"-t {VIP}:80 -s rr", **settings):
    lb = net.directors[number].ballast(config=configuration(net, number, **settings))
    services(lb, net, service)
    return lb


def sync(lb):
    """What `ballast sync` says."""
    return json.loads(lb.command("sync --json").stdout)


def has_vip(host):
    return f" {VIP}/" in host.run("ip addr show dev outside").stdout


def wait_for_vip(host):
    wait_until(lambda: has_vip(host), f"{VIP} on {host.name}", seconds=20)


def pair(lab, draw, **settings):
    """Both directors, the first one with the addresses, each connected to the other one."""
    net = draw(lab)
    net.first = start(net, 0, **settings)
    wait_for_vip(net.directors[0])
    net.second = start(net, 1, **settings)
    wait_until(lambda: all([peer["state"] for peer in sync(lb)["peers"]] == ["complete"] for lb in (net.first, net.second)),
               "two directors that know everything of each other", seconds=20)
    return net


def kill_and_cut(net):
    """SIGKILL of the first director's daemon and the cables out: the packet path lives on in the kernel, unheard."""
    dead = net.directors[0]
    net.first.kill()
    for switch in dead.links.values():
        switch.ip(f"link set {dead.port} down")


def cut(net):
    """kill_and_cut(), and the other director has the address."""
    kill_and_cut(net)
    wait_for_vip(net.directors[1])
