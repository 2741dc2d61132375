#!/usr/bin/python3
"""Bulk download through NAT with the TC hook, next to plain kernel routing of the same path.

Two equal networks of namespaces: in one the director balances, in the other it only routes and carries no Ballast. iperf3
downloads in both by turns; what counts is the ratio of the medians.

usage: bench/throughput.py [--rounds N] [--seconds N] [--json]
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "lab"))

import drawings  # noqa: E402
from lab import Lab, wait_until  # noqa: E402

PORT = 5201
GOAL = 0.9


def network(lab):
    net = drawings.nat(lab, servers=1)
    server = net.servers[0]
    server.start(f"iperf3 -s -p {PORT}")
    wait_until(lambda: str(PORT) in server.run("ss -Hltn").stdout, "iperf3 to listen")
    net.client.run("ip route add 192.168.1.0/24 via 172.16.0.1")
    return net


def download(client, address, seconds):
    """Gbit/s of one TCP download."""
    out = client.run(f"iperf3 -c {address} -p {PORT} -R -t {seconds} -O 1 -J", seconds=seconds + 20).stdout
    return json.loads(out)["end"]["sum_received"]["bits_per_second"] / 1e9


def measure(rounds, seconds):
    with Lab() as routed_lab, Lab() as balanced_lab:
        routed, balanced = network(routed_lab), network(balanced_lab)
        lb = balanced.director.ballast(hook="tc", connections=65536)
        lb.ipvsadm(f"-A -t {balanced.vip}:{PORT} -s rr", f"-a -t {balanced.vip}:{PORT} -r {balanced.rips[0]}:{PORT} -m")
        results = {"routing": [], "nat": []}
        for _ in range(rounds):
            results["routing"].append(download(routed.client, routed.rips[0], seconds))
            results["nat"].append(download(balanced.client, balanced.vip, seconds))
        packets = lb.counters()
        assert packets["replies_nat"] > 0, "the downloads did not pass the director's program"
        return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = measure(options.rounds, options.seconds)
    medians = {name: statistics.median(values) for name, values in results.items()}
    ratio = medians["nat"] / medians["routing"]
    if options.json:
        print(json.dumps({"gbit_per_second": results, "medians": medians, "ratio": ratio}))
    else:
        print("Download, Gbit/s           " + "   ".join(f"round {i + 1}" for i in range(options.rounds)) + "    median")
        for name, title in (("routing", "kernel routing"), ("nat", "NAT, TC hook")):
            print(f"{title:<24}" + "".join(f"{value:>10.2f}" for value in results[name]) + f"{medians[name]:>10.2f}")
        print(f"NAT / routing: {ratio:.2f} (goal: at least {GOAL})")
    return 0 if ratio >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
