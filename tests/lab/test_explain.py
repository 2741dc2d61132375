"""`ballast explain`: what the director would do with a packet, and that asking changes nothing."""

import json
import re
from pathlib import Path

import drawings
from lab import ask, program

CLIENT = "172.16.0.2"


def explained(director, arguments, *, check=True):
    return director.run([program("ballast"), "explain", *arguments.split()], check=check)


def lines(director, arguments):
    """What it prints: the text behind each label. Rows of the table of servers are under "servers"."""
    told = {"servers": []}
    for line in explained(director, arguments).stdout.splitlines():
        label, words = line[:12].strip(), line[12:]
        if label:
            told[label] = words
        else:
            told["servers"].append(" ".join(words.split()))
    return told


def balance(net, *commands, hook="tc", **director):
    net.lb = net.director.ballast(hook=hook, **director)
    net.lb.ipvsadm(*commands)
    return net.lb


def test_a_first_packet_to_a_service_by_nat(lab, hook):
    net = drawings.nat(lab)
    balance(net, f"-A -t {net.vip}:80 -s wlc", f"-a -t {net.vip}:80 -r {net.rips[0]}:8080 -m -w 3",
            f"-a -t {net.vip}:80 -r {net.rips[1]} -m -w 0", hook=hook)
    told = lines(net.director, f"--from 10.9.8.7:5555 --interface outside --to {net.vip}:80")
    assert told["packet"] == f"TCP 10.9.8.7:5555 > {net.vip}:80 [S], 44 bytes, on outside (hook {hook})"
    assert told["service"] == f"tcp {net.vip}:80 wlc"
    assert told["connection"] == (
        f"none yet; would be opened: SYN_RECV, expires in 01:00, server {net.rips[0]}:8080")
    assert told["scheduler"] == f"wlc chose {net.rips[0]}:8080 (taking connections: 1 of 2)"
    assert told["servers"][1:] == [f"{net.rips[1]}:80 Masq 0 0 0 quiescent", f"{net.rips[0]}:8080 Masq 3 0 0 chosen"]
    assert told["rewrite"] == f"destination {net.vip}:80 -> {net.rips[0]}:8080, TTL 64 -> 63"
    assert re.fullmatch(rf"inside, gateway {net.rips[0]}, MAC 02:.* \(kept by the daemon\)", told["next hop"])
    assert told["verdict"] == ("forwarded, XDP_REDIRECT" if hook == "xdp" else "forwarded, TC_ACT_REDIRECT")
    assert told["counters"] == "forwarded_nat, connections_created"
    assert "why" not in told


def test_what_it_says_is_what_happens(lab, hook):
    net = drawings.nat(lab)
    net.servers[0].echo(tcp=[7])
    net.servers[1].echo(tcp=[7])
    balance(net, f"-A -t {net.vip}:7 -s rr", *[f"-a -t {net.vip}:7 -r {rip} -m" for rip in net.rips], hook=hook)
    for _ in range(3):
        told = lines(net.director, f"--from {CLIENT}:999 --to {net.vip}:7")
        chosen = re.match(r"rr chose (\S+):7 ", told["scheduler"])[1]
        assert ask(net.client.connect(net.vip, 7), "x") == f"rs{net.rips.index(chosen) + 1} x"


def test_both_directions_of_a_connection(lab, hook):
    net = drawings.nat(lab, servers=1)
    net.servers[0].echo(tcp=[7])
    balance(net, f"-A -t {net.vip}:7 -s wlc", f"-a -t {net.vip}:7 -r {net.rips[0]} -m", hook=hook)
    held = net.client.connect(net.vip, 7)
    assert ask(held, "hello") == "rs1 hello"
    port = held.getsockname()[1]
    net.lb.kill()
    told = lines(net.director, f"--from {CLIENT}:{port} --to {net.vip}:7")
    assert f"> {net.vip}:7 [.]," in told["packet"]
    assert re.match(rf"ESTABLISHED, expires in 1\d:\d\d, server {net.rips[0]}:7", told["connection"])
    assert told["counters"] == "forwarded_nat"
    assert "scheduler" not in told
    told = lines(net.director, f"--from {net.rips[0]}:7 --to {CLIENT}:{port}")
    assert told["service"] == f"tcp {net.vip}:7 wlc"
    assert "this is a reply" in told["connection"]
    assert told["rewrite"] == f"source {net.rips[0]}:7 -> {net.vip}:7, TTL 64 -> 63"
    assert told["next hop"].startswith(f"outside, gateway {CLIENT}, MAC ")
    assert told["counters"] == "replies_nat"
    told = lines(net.director, f"--from {CLIENT}:{port} --to {net.vip}:7 --flags rst")
    assert "then CLOSE, expires in 00:10" in told["connection"]


def test_direct_routing_and_ipv6(lab, hook):
    net = drawings.route(lab)
    balance(net, f"-A -t {net.vip}:80 -s sh", f"-a -t {net.vip}:80 -r {net.rips[0]} -g",
            f"-A -u [{net.vip6}]:53 -s rr", f"-a -u [{net.vip6}]:53 -r [{net.rips6[1]}]:53 -g", hook=hook)
    told = lines(net.director, f"--from 10.0.0.2:5555 --to {net.vip}:80")
    assert told["rewrite"] == "TTL 64 -> 63"
    assert told["counters"] == "forwarded_route, connections_created"
    told = lines(net.director, f"--from [fd00::2]:5555 --to [{net.vip6}]:53 --protocol udp")
    assert told["service"] == f"udp [{net.vip6}]:53 rr"
    assert told["rewrite"] == "hop limit 64 -> 63"
    assert told["next hop"].startswith(f"lan, gateway {net.rips6[1]}, MAC 02:")


def test_a_tunnel_and_a_packet_too_big_for_it(lab, hook):
    net = drawings.tunnel(lab)
    balance(net, f"-A -t {net.vip}:80 -s rr", f"-a -t {net.vip}:80 -r {net.rips[0]} -i", hook=hook)
    told = lines(net.director, f"--from 10.0.1.2:5555 --to {net.vip}:80")
    assert told["rewrite"] == f"TTL 64 -> 63, outer header IPIP 10.0.1.1 > {net.rips[0]}, 20 bytes"
    assert told["next hop"].startswith("outside, gateway 10.0.1.254, MAC ")
    assert told["counters"].startswith("forwarded_tunnel")
    told = lines(net.director, f"--from 10.0.1.2:5555 --to {net.vip}:80 --length 1500 --df")
    assert told["answer"] == f"ICMP {net.vip} > 10.0.1.2: fragmentation needed, MTU 1480"
    assert told["verdict"].startswith("answered, ")
    assert told["why"] == "packets dropped because they do not fit the way to the real server"
    assert "mss_clamp" in told["what to do"]


def test_packets_that_do_not_go_on_and_why(lab, hook):
    net = drawings.nat(lab)
    balance(net, f"-A -t {net.vip}:80 -s wlc", f"-a -t {net.vip}:80 -r {net.rips[0]} -m -w 0",
            f"-A -t {net.vip}:81 -s wlc", f"-a -t {net.vip}:81 -r {net.rips[0]} -m", hook=hook)
    told = lines(net.director, f"--from {CLIENT}:5555 --to {net.vip}:80")
    assert told["scheduler"] == "wlc chose none (taking connections: 0 of 1)"
    assert told["answer"] == f"ICMP {net.vip} > {CLIENT}: port unreachable"
    assert told["why"].startswith("new connections refused because no real server")
    assert "no_server" in told["counters"]
    told = lines(net.director, f"--from {CLIENT}:5555 --to {net.vip}:81 --ttl 1")
    assert told["answer"] == f"ICMP {net.vip} > {CLIENT}: time exceeded"
    told = lines(net.director, f"--from {CLIENT}:5555 --to {net.vip}:81 --flags ack")
    assert told["why"].startswith("no connection is known, and this packet starts none")
    told = lines(net.director, f"--from {CLIENT}:5555 --to {net.vip}:82")
    assert (told["service"], told["counters"]) == ("none", "none")
    assert "none takes this protocol and port" in told["why"]
    assert told["verdict"].endswith("passed to the kernel, TC_ACT_UNSPEC")
    told = lines(net.director, f"--from {CLIENT} --to {net.vip} --protocol icmp")
    assert told["why"].startswith("only ICMP errors")


def test_a_persistent_client_stays_where_its_template_says(lab, hook):
    net = drawings.nat(lab)
    for server in net.servers:
        server.echo(tcp=[7])
    balance(net, f"-A -t {net.vip}:7 -s rr -p 360 -M 255.255.0.0",
            *[f"-a -t {net.vip}:7 -r {rip} -m" for rip in net.rips], hook=hook)
    question = f"--from {CLIENT}:5555 --to {net.vip}:7"
    told = lines(net.director, question)
    assert told["service"] == f"tcp {net.vip}:7 rr persistent 360 mask 255.255.0.0"
    assert told["template"].startswith("none yet; would be entered: client 172.16.0.0, server ")
    answer = ask(net.client.connect(net.vip, 7), "x")
    server = net.rips[int(answer[2]) - 1]
    for _ in range(2):
        told = lines(net.director, question)
        assert re.match(rf"client 172.16.0.0, server {server}, holds 1 connection, expires in 0[56]:\d\d", told["template"])
        assert told["scheduler"] == "not asked, the template decides (taking connections: 2 of 2)"
        assert told["connection"].endswith(f"server {server}:7")


def test_protocols_without_flags_and_services_that_keep_nothing(lab):
    net = drawings.nat(lab, servers=1)
    balance(net, f"-A -u {net.vip}:53 -s rr -o", f"-a -u {net.vip}:53 -r {net.rips[0]} -m",
            f"-A --sctp-service {net.vip}:7 -s rr", f"-a --sctp-service {net.vip}:7 -r {net.rips[0]} -m")
    told = lines(net.director, f"--from {CLIENT}:5555 --to {net.vip}:53 --protocol udp")
    assert told["service"] == f"udp {net.vip}:53 rr ops"
    assert told["connection"].endswith(f"UDP, expires in 05:00, server {net.rips[0]}:53, for this packet alone")
    told = lines(net.director, f"--from {CLIENT}:5555 --to {net.vip}:7 --protocol sctp")
    assert "would be opened: INIT1, expires in 00:04" in told["connection"]


def test_a_packet_that_xdp_leaves_to_tc_meets_both(lab):
    net = drawings.nat(lab, servers=1)
    balance(net, f"-A -t {net.vip}:80 -s wlc", f"-a -t {net.vip}:80 -r 192.168.1.77 -m", hook="xdp")
    told = lines(net.director, f"--from {CLIENT}:5555 --to {net.vip}:80")
    assert told["packet"].endswith("(hook xdp, then tc)")
    assert told["next hop"].startswith("inside, gateway 192.168.1.77, not resolved")
    assert told["verdict"] == "passed to the kernel, XDP_PASS; then forwarded, TC_ACT_REDIRECT"
    assert "punted" in told["counters"]


def test_a_server_on_the_director_and_its_replies(lab):
    net = drawings.nat(lab, servers=1)
    net.director.echo(tcp=[8007])
    balance(net, f"-A -t {net.vip}:7 -s wlc", f"-a -t {net.vip}:7 -r 192.168.1.254:8007 -m")
    held = net.client.connect(net.vip, 7)
    assert ask(held, "x") == "director x"
    port = held.getsockname()[1]
    told = lines(net.director, f"--from {CLIENT}:{port} --to {net.vip}:7")
    assert told["next hop"] == "this machine"
    assert told["verdict"] == "changed and passed to the kernel, TC_ACT_UNSPEC"
    assert "why" not in told
    told = lines(net.director, f"--from 192.168.1.254:8007 --to {CLIENT}:{port}")
    assert told["packet"].endswith("out of outside (hook tc-out)")
    assert told["rewrite"] == f"source 192.168.1.254:8007 -> {net.vip}:7"
    assert told["counters"] == "replies_nat"


def test_marked_packets_and_those_of_the_directors_own_sockets(lab):
    net = drawings.nat(lab, servers=1)
    balance(net, "-A -f 5 -s rr", f"-a -f 5 -r {net.rips[0]} -m",
            f"-A -t {net.vip}:80 -s rr", f"-a -t {net.vip}:80 -r {net.rips[0]} -m")
    told = lines(net.director, f"--from {CLIENT}:5555 --to {net.vip}:81 --mark 5")
    assert told["packet"].endswith("out of ballast-mark (hook tc-out)")
    assert told["service"] == "fwmark 5 rr"
    assert told["rewrite"] == f"destination {net.vip}:81 -> {net.rips[0]}:81, TTL 64 -> 63"
    told = lines(net.director, f"--from {net.vip}:5555 --to {net.vip}:80")
    assert told["packet"].endswith("out of lo (hook tc-out)")
    assert told["counters"] == "forwarded_nat, connections_created"


def state(lb):
    """All that the packet path holds. Its daemon is dead, so nobody else writes to it."""
    pins = [path / "ballast" / lb.host.namespace for path in (Path("/run/ballast/bpf"), Path("/sys/fs/bpf"))]
    directory = next(path for path in pins if path.exists())
    held = {}
    for pin in sorted(directory.iterdir()):
        if pin.name in ("live", "sweep", "captured", "changes") or pin.name.startswith(("tc-", "xdp-", "out-")):
            continue
        held[pin.name] = lb.host.run(f"bpftool --json map dump pinned {pin}").stdout
    return held


def test_asking_changes_nothing(lab, hook):
    net = drawings.nat(lab)
    for server in net.servers:
        server.echo(tcp=[7, 8])
    balance(net, f"-A -t {net.vip}:7 -s rr", *[f"-a -t {net.vip}:7 -r {rip} -m" for rip in net.rips],
            f"-A -t {net.vip}:8 -s wrr -p 360", *[f"-a -t {net.vip}:8 -r {rip} -m" for rip in net.rips],
            hook=hook, connections=64, services=4, servers=8)
    held = net.client.connect(net.vip, 7), net.client.connect(net.vip, 8)
    assert [ask(each, "x")[-1] for each in held] == ["x", "x"]
    net.lb.kill()
    before = state(net.lb)
    for question in (f"--from {CLIENT}:5555 --to {net.vip}:7", f"--from {CLIENT}:5555 --to {net.vip}:8",
                     f"--from {CLIENT}:5555 --to {net.vip}:7 --ttl 1",
                     f"--from {CLIENT}:{held[0].getsockname()[1]} --to {net.vip}:7 --flags rst",
                     f"--from {CLIENT}:{held[1].getsockname()[1]} --to {net.vip}:8"):
        explained(net.director, question)
    after = state(net.lb)
    assert {"connections", "cursors", "chunks", "servers", "counters", "icmp_tokens", "settings"} <= set(before)
    assert {name for name in before if before[name] != after[name]} == set()


def test_json_has_the_same(lab):
    net = drawings.nat(lab, servers=1)
    balance(net, f"-A -t {net.vip}:80 -s wlc", f"-a -t {net.vip}:80 -r {net.rips[0]} -m")
    told = json.loads(explained(net.director, f"--from {CLIENT}:5555 --to {net.vip}:80 --json").stdout)
    assert (told["service"], told["scheduler"], told["scheduled"]) == (f"tcp {net.vip}:80", "wlc", True)
    assert told["opened"]["server"] == f"{net.rips[0]}:80"
    assert [each["chosen"] for each in told["candidates"]] == [True]
    assert told["counters"] == ["forwarded_nat", "connections_created"]


def test_wrong_questions_are_answered_with_what_to_do(lab):
    net = drawings.nat(lab, servers=1)
    refused = explained(net.director, f"--from {CLIENT}:5555 --to {net.vip}:80", check=False)
    assert refused.status == 1 and "no packet path of instance" in refused.stderr
    balance(net, f"-A -t {net.vip}:80 -s wlc", interfaces=["outside"])
    refused = explained(net.director, f"--from {net.rips[0]}:80 --to {CLIENT}:5555", check=False)
    assert refused.status == 1 and "no packet program is on inside" in refused.stderr
    refused = explained(net.director, f"--from {CLIENT}:5555 --to {net.vip}:80 --interface inside7", check=False)
    assert (refused.status, refused.stderr) == (1, "ballast explain: --interface inside7: there is no such interface\n")
    refused = explained(net.director, f"--from {CLIENT}:5555 --to {net.vip}", check=False)
    assert refused.status != 0 and f"--to {net.vip}: must be an address and a port" in refused.stderr
