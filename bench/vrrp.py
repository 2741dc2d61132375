#!/usr/bin/python3
"""How long a virtual address is away when its director dies or leaves: two Ballasts beside two keepalived, in the same
lab, in turns. Needs root and the build in build/release ($BALLAST_BUILD).

    bench/vrrp.py [--rounds 10] [--intervals 1000,100,30] [--priorities 200,150] [--json FILE]

A client pings the address every 5 ms and opens a TCP connection to it every 10 ms. "dies": the cable is cut and every
process killed with SIGKILL; "leaves": SIGTERM. A round's figure is the longest time without a reply, which is the
takeover and up to one period of the client."""

import argparse
import json
import os
import selectors
import signal
import socket
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "lab"))

from lab import Lab  # noqa: E402
from lab import namespace  # noqa: E402
from lab.keepalived import Keepalived, instance  # noqa: E402
from lab.process import wait_until  # noqa: E402
from pinger import Pinger, longest_gap, percentile  # noqa: E402

VIP = "10.0.0.100"
PORT = 7777
CONNECT_PERIOD = 0.010
PATIENCE = 0.3  # how long a connection may take before it counts as lost


class Connector(threading.Thread):
    """TCP connections to the address; the times when they stood."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client = client
        self.replies = []
        self.ended = threading.Event()

    def run(self):
        selector, waiting, due = selectors.DefaultSelector(), {}, time.monotonic()
        with namespace.entered(self.client.namespace):
            while not self.ended.is_set():
                now = time.monotonic()
                if now >= due:
                    made = socket.socket()
                    made.setblocking(False)
                    made.connect_ex((VIP, PORT))
                    selector.register(made, selectors.EVENT_WRITE)
                    waiting[made] = now
                    due = max(due + CONNECT_PERIOD, now)
                for key, _ in selector.select(max(due - time.monotonic(), 0)):
                    if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                        self.replies.append(time.monotonic())
                    waiting[key.fileobj] = 0
                for old in [one for one, begun in waiting.items() if now - begun > PATIENCE]:
                    selector.unregister(old)
                    old.close()
                    del waiting[old]


class BallastPair:
    name = "ballast"

    def __init__(self, interval):
        self.interval = interval

    def start(self, host, priority):
        section = {"edge": {"interface": "lan", "router_id": 51, "priority": priority, "interval": f"{self.interval}ms",
                            "addresses": [f"{VIP}/24"]}}
        return host.ballast(config=json.dumps({"director": {"interfaces": ["lan"], "hook": "tc", "connections": 4096},
                                               "vrrp": section}))

    @staticmethod
    def kill(daemon):
        daemon.kill()

    @staticmethod
    def leave(daemon):
        daemon.process.signal(signal.SIGTERM)


class KeepalivedPair:
    name = "keepalived"

    def __init__(self, interval):
        self.interval = interval

    def start(self, host, priority):
        daemon = Keepalived(host, instance(priority=priority, interval=self.interval / 1000))
        daemon.start()
        return daemon

    @staticmethod
    def kill(daemon):
        daemon.kill()

    @staticmethod
    def leave(daemon):
        os.kill(int((daemon.own / "main.pid").read_text()), signal.SIGTERM)


def has(host):
    return f"{VIP}/" in host.run("ip addr show dev lan").stdout


def measure(pair, how, priorities):
    """One round in a lab of its own: (ping, TCP) in milliseconds."""
    with Lab() as lab:
        lab.switch("lan")
        client = lab.host("client", lan="10.0.0.9/24")
        first, second = (lab.host(name, lan=f"10.0.0.{number}/24") for number, name in ((1, "first"), (2, "second")))
        for host in (first, second):
            host.echo(tcp=[PORT])
        daemon = pair.start(first, priorities[0])
        pair.start(second, priorities[1])
        wait_until(lambda: has(first) and not has(second), "the address on the first director", seconds=20)
        watchers = [Pinger(client, VIP), Connector(client)]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            wait_until(lambda: len(watcher.replies) > 20, "replies")
        begun = time.monotonic()
        if how == "dies":
            first.ip("link set lan down")
            pair.kill(daemon)
        else:
            pair.leave(daemon)
        wait_until(lambda: has(second), "the takeover", seconds=20)
        taken = time.monotonic()
        for watcher in watchers:
            wait_until(lambda: len([reply for reply in watcher.replies if reply > taken]) > 20, "replies again")
            watcher.ended.set()
        for watcher in watchers:
            watcher.join()
        return [1000 * longest_gap(watcher.replies, begun) for watcher in watchers]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--intervals", default="1000,100,30", help="milliseconds")
    parser.add_argument("--priorities", type=lambda text: [int(one) for one in text.split(",")], default=[200, 150],
                        help="of the director that has the address, and of the other one")
    parser.add_argument("--json", type=Path, help="write all figures there")
    options = parser.parse_args()
    results = []
    print(f"{'interval':>8}  {'how':6}  {'by':4}  {'ballast':>20}  {'keepalived':>20}  {'ratio':>5}   (median, p99; ms)")
    for interval in map(int, options.intervals.split(",")):
        for how in ("dies", "leaves"):
            figures = {pair.name: [] for pair in (BallastPair, KeepalivedPair)}
            for _ in range(options.rounds):
                for pair in (BallastPair(interval), KeepalivedPair(interval)):
                    figures[pair.name].append(measure(pair, how, options.priorities))
            for column, by in enumerate(("ping", "TCP")):
                ours, theirs = ([figure[column] for figure in figures[name]] for name in ("ballast", "keepalived"))
                ratio = statistics.median(ours) / statistics.median(theirs)
                cells = [f"{statistics.median(one):9.1f} {percentile(one, 0.99):10.1f}" for one in (ours, theirs)]
                print(f"{interval:>5} ms  {how:6}  {by:4}  {cells[0]:>20}  {cells[1]:>20}  {ratio:5.2f}", flush=True)
                results.append({"interval_ms": interval, "how": how, "by": by, "ballast_ms": ours, "keepalived_ms": theirs})
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
