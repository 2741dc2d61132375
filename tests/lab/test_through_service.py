"""Checks by the service's own way: the virtual address on the real server answers, or the server is down."""

import json

import drawings
from lab import wait_until

CONFIGURATION = """\
director:
  hook: {hook}
pools:
  web:
    check: {{type: http, path: /, expect: "rs", interval: 200ms, timeout: 400ms, fall: 2, through_service: true}}
    servers: [{servers}]
services:
  www: {{listen: "{vip}:80/tcp", forward: {forward}, scheduler: rr, pool: web}}
"""


def endpoint(address):
    return f"[{address}]:80" if ":" in address else f"{address}:80"


def watch(net, hook, forward, rips, vip):
    servers = ", ".join(f'"{endpoint(rip)}"' for rip in rips)
    vip = f"[{vip}]" if ":" in vip else vip
    return net.director.ballast(config=CONFIGURATION.format(hook=hook, servers=servers, vip=vip, forward=forward),
                                hook=hook)


def states(lb):
    checks = json.loads(lb.command("checks --json").stdout)["checks"]
    return [check["state"] for check in checks if check["last_reason"]]


def wait_for(lb, expected):
    wait_until(lambda: states(lb) == expected, f"the states {expected}", seconds=15)


def put(server, vip, *, there):
    length = 128 if ":" in vip else 32
    server.run(f"ip address {'add' if there else 'del'} {vip}/{length} dev lo")


def check_direct_routing(lab, hook, *, ipv6):
    net = drawings.route(lab)
    rips, vip = (net.rips6, net.vip6) if ipv6 else (net.rips, net.vip)
    # Such a server would send what is not its own back to the director.
    net.servers[0].sysctl(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
    put(net.servers[0], vip, there=False)
    lb = watch(net, hook, "route", rips, vip)
    wait_for(lb, ["down", "up"])
    assert net.director.curl(f"http://{endpoint(rips[0])}/") == "rs1"  # it listens, and answers by its own address
    assert net.client.curls(f"http://{endpoint(vip)}/", 2) == ["rs2"] * 2
    assert f"http {endpoint(rips[1])}/ by {vip}: status 200" in lb.log()

    put(net.servers[0], vip, there=True)
    wait_for(lb, ["up", "up"])
    assert sorted(net.client.curls(f"http://{endpoint(vip)}/", 4)) == ["rs1", "rs1", "rs2", "rs2"]
    net.servers[1].nginx_server.stop()
    wait_for(lb, ["up", "down"])
    assert "connection refused" in lb.log()
    return net, lb


def test_direct_routing(lab, hook):
    net, lb = check_direct_routing(lab, hook, ipv6=False)
    lb.configuration.write_text(lb.configuration.read_text().replace("through_service: true", "rise: 1"))
    lb.command("reload")
    put(net.servers[0], net.vip, there=False)
    wait_until(lambda: "by" not in lb.command("checks").stdout.split("LAST")[0] and states(lb) == ["up", "down"],
               "the server's own address to count again", seconds=15)
    assert "tc" not in net.director.run("tc filter show dev lan egress").stdout


def test_direct_routing_over_ipv6(lab, hook):
    check_direct_routing(lab, hook, ipv6=True)


def test_a_tunnel_that_is_not_unwrapped_and_one_that_is(lab, hook):
    net = drawings.tunnel(lab)
    net.servers[1].ballast_realserver("--vip 10.0.1.100 --method tunnel")
    lb = watch(net, hook, "tunnel", net.rips, net.vip)
    wait_for(lb, ["down", "up"])
    net.servers[0].ballast_realserver("--vip 10.0.1.100 --method tunnel")
    wait_for(lb, ["up", "up"])
    assert sorted(net.client.curls("http://10.0.1.100/", 4)) == ["rs1", "rs1", "rs2", "rs2"]
    put(net.servers[1], net.vip, there=False)
    wait_for(lb, ["up", "down"])


def test_an_answer_to_a_datagram(lab):
    net = drawings.route(lab, servers=2)
    for server in net.servers:
        server.echo(udp=[53])
    put(net.servers[0], net.vip, there=False)
    lb = net.director.ballast(config=f"""
        services:
          echo:
            listen: "{net.vip}:53/udp"
            forward: route
            check: {{type: udp, send: hello, expect: hello, interval: 200ms, timeout: 400ms, through_service: true}}
            servers: ["{net.rips[0]}:53", "{net.rips[1]}:53"]
    """)
    wait_for(lb, ["down", "up"])
    put(net.servers[0], net.vip, there=True)
    wait_for(lb, ["up", "up"])
