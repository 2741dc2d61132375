"""`ballast capture`: what the packet program saw and sent."""

import re

import drawings
import pytest
from lab import CommandFailed, program

CLIENT = "172.16.0.2"


def start_capture(director, arguments):
    process = director.start([program("ballast"), "capture", *arguments.split()])
    process.wait_for_output("^capturing")
    return process


def nat_service(net, **director):
    lb = net.director.ballast(**director)
    lb.ipvsadm(f"""
        -A -t {net.vip}:80 -s rr
        -a -t {net.vip}:80 -r {net.rips[0]} -m
    """)
    return lb


def read(host, file):
    """The packets of a file as tcpdump prints them."""
    return host.run(["tcpdump", "-n", "-r", file]).stdout


def test_a_recording_has_each_packet_as_it_came_and_as_it_was_sent(lab, hook):
    net = drawings.nat(lab, servers=1)
    nat_service(net, hook=hook)
    file = net.director.directory / "nat.pcapng"
    capture = start_capture(net.director, f"-w {file} --virtual {net.vip}:80")
    assert net.client.curl(f"http://{net.vip}/") == "rs1"
    capture.stop()
    assert re.search(r"^\d+ packets captured, 0 lost$", capture.output(), re.MULTILINE)
    packets = read(net.director, file)
    client, virtual, real = rf"{CLIENT}\.\d+", rf"{net.vip}\.80", rf"{net.rips[0]}\.80"
    syn, syn_ack = r": Flags \[S\]", r": Flags \[S\.\]"
    places = [re.search(pattern, packets) for pattern in (
        f"{client} > {virtual}{syn}", f"{client} > {real}{syn}",
        f"{real} > {client}{syn_ack}", f"{virtual} > {client}{syn_ack}")]
    assert all(places), packets
    assert [place.start() for place in places] == sorted(place.start() for place in places)


def test_a_large_packet_is_whole_in_both_forms(lab, hook):
    net = drawings.nat(lab, servers=1)
    net.servers[0].echo(udp=[53])
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm(f"""
        -A -u {net.vip}:53 -s rr
        -a -u {net.vip}:53 -r {net.rips[0]} -m
    """)
    file = net.director.directory / "udp.pcapng"
    capture = start_capture(net.director, f"-w {file} --protocol udp --in")
    sender = net.client.udp(net.vip, 53)
    text = bytes(range(33, 127)) * 15
    sender.send(text)
    assert text in sender.recv(4000)
    capture.stop()
    dump = net.director.run(["tcpdump", "-n", "-A", "-r", file, "dst", "host", net.vip]).stdout
    assert text.decode() in dump.replace("\n", "")


def test_text_tells_what_became_of_each_packet(lab, hook):
    net = drawings.nat(lab, servers=1)
    lb = nat_service(net, hook=hook)
    capture = start_capture(net.director, f"--client {CLIENT} --port 80")
    net.client.curl(f"http://{net.vip}/")
    lb.ipvsadm(f"-e -t {net.vip}:80 -r {net.rips[0]} -m -w 0")
    net.client.curl(f"http://{net.vip}/", check=False)
    verdict = "XDP_(TX|REDIRECT)" if hook == "xdp" else "TC_ACT_REDIRECT"
    place = rf"^\d\d:\d\d:\d\d\.\d{{9}} outside +{hook} +"
    capture.wait_for_output(place + rf"in +TCP {CLIENT}:\d+ > {net.vip}:80 \[S\] length \d+: forwarded, "
                            + verdict + r" \(forwarded_nat, connections_created\)$")
    capture.wait_for_output(place + rf"out +TCP {CLIENT}:\d+ > {net.rips[0]}:80 \[S\] length \d+: forwarded")
    capture.wait_for_output(place + rf"out +ICMP {net.vip} > {CLIENT} length \d+: answered, .*"
                            r"\(no_server, icmp_unreachable_sent\)$")
    capture.stop()


def test_a_tunnel_is_shown_with_what_is_inside_and_no_daemon_is_needed(lab, hook):
    net = drawings.tunnel(lab, servers=1)
    lb = net.director.ballast(hook=hook)
    lb.ipvsadm(f"""
        -A -t {net.vip}:80 -s rr
        -a -t {net.vip}:80 -r {net.rips[0]} -i
    """)
    net.servers[0].ballast_realserver(f"--vip {net.vip} --method tunnel --interface inside")
    lb.kill()
    capture = start_capture(net.director, f"--server {net.rips[0]} --protocol tcp")
    assert net.client.curl(f"http://{net.vip}/") == "rs1"
    capture.wait_for_output(rf"in +TCP 10\.0\.1\.2:\d+ > {net.vip}:80 \[S\] .*\(forwarded_tunnel")
    capture.wait_for_output(rf"out +IP 10\.0\.1\.1 > {net.rips[0]} \| TCP 10\.0\.1\.2:\d+ > {net.vip}:80 \[S\]")
    capture.stop()


def test_replies_of_a_server_on_the_director_are_seen_where_they_go_out(lab):
    net = drawings.nat(lab, servers=1)
    net.director.nginx(ports=(8080,))
    lb = net.director.ballast()
    lb.ipvsadm(f"""
        -A -t {net.vip}:80 -s rr
        -a -t {net.vip}:80 -r 192.168.1.254:8080 -m
    """)
    capture = start_capture(net.director, f"--virtual {net.vip}:80")
    assert net.client.curl(f"http://{net.vip}/") == "director"
    capture.wait_for_output(rf"tc +out +TCP {CLIENT}:\d+ > 192.168.1.254:8080 \[S\] .*: changed and passed to the kernel")
    capture.wait_for_output(rf"tc-out +in +TCP 192.168.1.254:8080 > {CLIENT}:\d+ \[S\.\]")
    capture.wait_for_output(rf"tc-out +out +TCP {net.vip}:80 > {CLIENT}:\d+ \[S\.\] .*: changed and passed to the kernel")
    capture.stop()


def test_filters_and_limits_choose_packets(lab):
    net = drawings.nat(lab, servers=2)
    lb = nat_service(net)
    lb.ipvsadm(f"-a -t {net.vip}:80 -r {net.rips[1]} -m")
    capture = start_capture(net.director, f"--server {net.rips[0]} --protocol tcp --out --count 3")
    net.client.curls(f"http://{net.vip}/", 4)
    assert capture.wait().status == 0
    lines = [line for line in capture.output().splitlines() if " TCP " in line]
    assert len(lines) == 3
    assert all(" out " in line and net.rips[1] not in line for line in lines)
    assert "3 packets captured, 0 lost" in capture.output()


def test_a_recording_without_packets_can_be_read(lab):
    net = drawings.nat(lab, servers=1)
    nat_service(net)
    piped = net.director.run(["sh", "-c", f"{program('ballast')} capture -w - --seconds 0.2 --client 192.0.2.1 | "
                                          "tcpdump -n -r -"])
    assert "0 packets captured, 0 lost" in piped.stderr


def test_nothing_stays_of_a_killed_capture(lab, hook):
    net = drawings.nat(lab, servers=1)
    nat_service(net, hook=hook)
    killed = start_capture(net.director, "--port 80")
    with pytest.raises(CommandFailed, match="another process captures"):
        net.director.run([program("ballast"), "capture"])
    net.client.curl(f"http://{net.vip}/")
    killed.kill()
    assert net.client.curl(f"http://{net.vip}/") == "rs1"
    after = start_capture(net.director, "--port 80")
    net.client.curl(f"http://{net.vip}/")
    after.wait_for_output(r"\[S\]")
    after.stop()


def test_without_a_packet_path_it_says_how_to_start_one(lab):
    lab.switch("lan")
    director = lab.host("director", lan="10.0.0.1/24")
    outcome = director.run([program("ballast"), "capture"], check=False)
    assert outcome.status == 1
    assert re.fullmatch(r"ballast capture: no packet path of instance '\S+' is running: start one with 'ballast run .*\n",
                        outcome.stderr)


def test_it_ends_when_the_packet_path_is_taken_down(lab):
    net = drawings.nat(lab, servers=1)
    lb = nat_service(net)
    capture = start_capture(net.director, "")
    lb.stop()
    assert capture.wait().status == 1
    assert "ballast capture: the packet path was taken down" in capture.output()
