#!/usr/bin/python3
"""What becomes of connections whose director dies: SIGKILL of everything on it, its cables out. Two Ballasts with VRRP and
synchronization, NAT and DR. Needs root and the build in build/release ($BALLAST_BUILD).

    bench/failover.py downloads [--bytes N] [--rounds N] [--interval MS] [--ways nat,route]
                                [--without-prompts] [--json FILE]
    bench/failover.py connections [--number N] [--interval MS] [--ways nat,route] [--json FILE]

downloads: a client loads N bytes (default 1 GB) by HTTP; the director dies when a quarter has arrived. `takeover` is
the longest time without a reply to a ping of the address every 5 ms, `stall` the longest time without a byte of the
download; what arrived must have the digest of what was sent. The goal: stall at most takeover and 300 ms.

connections: N TCP connections (default 100 000) are opened, the director dies, then each of them sends a byte and waits
for it to come back. `lost` are those whose byte did not. The goal: none."""

import argparse
import hashlib
import json
import multiprocessing
import os
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "lab"))

from crowd import Crowd, start_servers  # noqa: E402
from lab import Lab, namespace, run, wait_until  # noqa: E402
from pinger import Pinger, longest_gap  # noqa: E402
from two_directors import VIP, draw_nat, draw_route, has_vip, kill_and_cut, pair, sync  # noqa: E402

WAYS = {"nat": draw_nat, "route": draw_route}
GRACE_MS = 300
BLOCK = 1 << 20
ECHO_PORT = 7
fork = multiprocessing.get_context("fork")


def kill_everything(net):
    """Everything that runs on the first director ends, and nothing is heard of it any more."""
    begun = time.monotonic()
    kill_and_cut(net)
    for pid in run(["ip", "netns", "pids", net.directors[0].namespace]).stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    return begun


# ---- downloads


def make_file(lab, size):
    """A file of random bytes that every nginx of the lab serves as /files/large. Gives its digest."""
    digest = hashlib.sha256()
    with (lab.directory / "files" / "large").open("wb") as file:
        for begin in range(0, size, BLOCK):
            block = os.urandom(min(BLOCK, size - begin))
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def load(client, size, arrived, result):
    """Loads the file and sends (digest, times at which bytes came) through `result`; `arrived` counts on the way."""
    times, digest = [], hashlib.sha256()
    with namespace.entered(client.namespace), socket.create_connection((VIP, 80), timeout=120) as connection:
        connection.sendall(b"GET /files/large HTTP/1.0\r\n\r\n")
        answer = connection.makefile("rb", buffering=0)
        while answer.readline() != b"\r\n":
            pass
        block = bytearray(BLOCK)
        while arrived.value < size and (got := connection.recv_into(block)):
            times.append(time.monotonic())
            digest.update(memoryview(block)[:got])
            arrived.value += got
    result.send((digest.hexdigest(), times))


def download(way, options):
    with Lab() as lab:
        net = pair(lab, WAYS[way], interval=f"{options.interval}ms", priorities=(220, 200),
                   prompt=not options.without_prompts)
        digest = make_file(lab, options.bytes)
        pinger = Pinger(net.client, VIP)
        pinger.start()
        arrived, (ours, theirs) = fork.Value("q", 0, lock=False), fork.Pipe()
        loader = fork.Process(target=load, args=(net.client, options.bytes, arrived, theirs), daemon=True)
        loader.start()
        theirs.close()
        wait_until(lambda: arrived.value > options.bytes / 4, "a quarter of the download", seconds=120)
        killed = kill_everything(net)
        before = arrived.value
        wait_until(lambda: has_vip(net.directors[1]), "the takeover", seconds=20)
        received, times = ours.recv()
        loader.join()
        pinger.ended.set()
        pinger.join()
        assert before < options.bytes, "the download was over before the director died: take more --bytes"
        return {"way": way, "takeover_ms": 1000 * longest_gap(pinger.replies, killed),
                "stall_ms": 1000 * longest_gap(times, killed), "intact": received == digest}


def downloads(options):
    results = []
    print(f"{options.bytes} bytes, advertisements every {options.interval} ms\n"
          f"{'way':6} {'takeover':>10} {'stall':>10} {'stall - takeover':>17}  intact")
    for _ in range(options.rounds):
        for way in options.ways:
            one = download(way, options)
            results.append(one)
            print(f"{way:6} {one['takeover_ms']:7.0f} ms {one['stall_ms']:7.0f} ms "
                  f"{one['stall_ms'] - one['takeover_ms']:14.0f} ms  {'yes' if one['intact'] else 'NO'}", flush=True)
    good = all(one["intact"] and one["stall_ms"] <= one["takeover_ms"] + GRACE_MS for one in results)
    return results, good


# ---- connections


def connect(way, options):
    with Lab() as lab:
        net = pair(lab, WAYS[way], service=f"-t {VIP}:{ECHO_PORT} -s rr", interval=f"{options.interval}ms",
                   priorities=(220, 200), connections=4 * options.number)
        start_servers(net.servers, ECHO_PORT, options.number)
        crowd = Crowd(net.client, "172.16.128.0/17", (VIP, ECHO_PORT), options.number)
        begun = time.monotonic()
        opened = crowd.open()
        seconds = time.monotonic() - begun
        killed = kill_everything(net)
        known = int(net.second.status()["connections"])
        wait_until(lambda: has_vip(net.directors[1]), "the takeover", seconds=20)
        taken = time.monotonic()
        lost = opened - crowd.echo(options.patience)
        return {"way": way, "opened": opened, "opening_s": seconds, "known": known, "takeover_ms": 1000 * (taken - killed),
                "echo_s": time.monotonic() - taken, "lost": lost,
                "refused": sum(caller["refused"] for caller in sync(net.second)["callers"])}


def connections(options):
    results = []
    print(f"{options.number} connections, advertisements every {options.interval} ms\n"
          f"{'way':6} {'opened':>8} {'in':>7} {'told':>8} {'takeover':>10} {'echo of all':>12} {'lost':>6}")
    for way in options.ways:
        one = connect(way, options)
        results.append(one)
        print(f"{way:6} {one['opened']:8} {one['opening_s']:5.1f} s {one['known']:8} {one['takeover_ms']:7.0f} ms "
              f"{one['echo_s']:10.1f} s {one['lost']:6}", flush=True)
    return results, all(one["opened"] == options.number and one["lost"] == 0 for one in results)


def main():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--interval", type=int, default=100, help="milliseconds between advertisements")
    common.add_argument("--ways", type=lambda text: text.split(","), default=list(WAYS), help="of nat, route")
    common.add_argument("--json", type=Path, help="write all figures there")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(required=True)
    kind = kinds.add_parser("downloads", parents=[common])
    kind.add_argument("--bytes", type=int, default=10**9)
    kind.add_argument("--rounds", type=int, default=1)
    kind.add_argument("--without-prompts", action="store_true", help="`sync: {prompt: false}`")
    kind.set_defaults(measure=downloads)
    kind = kinds.add_parser("connections", parents=[common])
    kind.add_argument("--number", type=int, default=100_000)
    kind.add_argument("--patience", type=int, default=60, help="seconds until a byte counts as lost")
    kind.set_defaults(measure=connections)
    options = parser.parse_args()
    results, good = options.measure(options)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
