"""What sync.sh runs in the virtual machine. Two directors with the same services on one link: `kern` has ip_vs, `ball` has
Ballast. What clients open through one of them must be known to the other.

    clients 10.0.0.8, .9 ---- kern 10.0.0.1, ball 10.0.0.2 (10.0.0.100 on one of them) ---- serv 10.0.0.21 (DR)
"""

import os
import select
import socket
import subprocess
import sys
import time

HERE = os.getcwd()
VIP = "10.0.0.100"
PLAIN, PERSISTENT = 80, 81
PERSISTENCE = 300
EACH = 5  # connections to each service
KERNEL = ["ip", "netns", "exec", "kern"]
BALLAST = ["ip", "netns", "exec", "ball"]
IPVSADM = {"kern": KERNEL + ["ipvsadm"], "ball": BALLAST + [f"{HERE}/ipvsadm"]}
BACK = {"kern": "ball", "ball": "kern"}


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: {done.stdout}")
    return done.stdout


def wait_until(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            for command in ([*program, "-Lnc"] for program in IPVSADM.values()):
                print(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout)
            print(open(f"{HERE}/ballast.log").read()[-3000:])
            sys.exit(f"not ok: {what}")
        time.sleep(0.2)
    print(f"ok: {what}", flush=True)


# ---- the network


def host(name, *addresses):
    run("ip", "netns", "add", name)
    run("ip", "link", "add", "name", f"port{name}", "type", "veth", "peer", "name", "lan", "netns", name)
    run("ip", "link", "set", "dev", f"port{name}", "master", "switch", "up")
    for link in ("lan", "lo"):
        run("ip", "-n", name, "link", "set", "dev", link, "up")
    for address in addresses:
        run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "lan")


def network():
    for module in ("ip_vs", "ip_vs_rr", "veth", "bridge"):
        run("modprobe", module)
    run("ip", "link", "add", "switch", "type", "bridge", "mcast_snooping", "0")
    run("ip", "link", "set", "switch", "up")
    host("kern", "10.0.0.1")
    host("ball", "10.0.0.2")
    host("clie", "10.0.0.8", "10.0.0.9")
    host("serv", "10.0.0.21")
    run("ip", "-n", "serv", "addr", "add", f"{VIP}/32", "dev", "lo")
    run("ip", "netns", "exec", "serv", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1",
        "net.ipv4.conf.all.arp_announce=2")
    for director in IPVSADM:
        run("ip", "netns", "exec", director, "sysctl", "-qw", "net.ipv4.ip_forward=1")


# ---- the directors


def ipvsadm(director, arguments):
    return run(*IPVSADM[director], *arguments.split())


def start_ballast():
    os.makedirs("/run/ballast", exist_ok=True)
    with open("ballast.yaml", "w") as file:
        file.write("director: {connections: 4096, hook: tc, interfaces: [lan]}\n")
    log = open("ballast.log", "w")
    subprocess.Popen([*BALLAST, f"{HERE}/ballast", "run", "-c", "ballast.yaml"], stdout=log, stderr=log)
    wait_until("Ballast loads its programs and is ready", lambda: "ready" in open("ballast.log").read(), 400)


def connections(director):
    """(client, virtual address, server): (state, seconds left) of what a director lists."""
    listed = {}
    for line in ipvsadm(director, "-Lnc").splitlines()[2:]:
        _, left, state, *key = line.split()
        minutes, seconds = left.split(":")
        listed[tuple(key)] = (state, 60 * int(minutes) + int(seconds))
    return listed


def of_client(director, address, state):
    """The connections of a client that a director has in a state, and its templates."""
    return {key for key, (now, _) in connections(director).items()
            if key[0].startswith(f"{address}:") and (now == state or key[0].endswith(":0"))}


def time_left(director, client):
    """Of the client's template. ip_vs has the client's address under the mask, port 0."""
    return {key[0]: left for key, (_, left) in connections(director).items()}.get(f"{client}:0", -1)


# ---- clients and server, in processes of their own


def serve():
    listeners = [socket.create_server(("0.0.0.0", port), backlog=100) for port in (PLAIN, PERSISTENT)]
    held = []
    while True:
        for ready in select.select(listeners + held, [], [])[0]:
            if ready in listeners:
                held.append(ready.accept()[0])
            elif not ready.recv(100):
                held.remove(ready)
                ready.close()


def hold(address, *ports):
    """Connections to these ports until this process has nothing more to read. Each speaks a little: ip_vs tells of a
    connection with its third packet."""
    held = [socket.create_connection((VIP, int(port)), 5, (address, 0)) for port in ports]
    for _ in range(5):
        for connection in held:
            connection.sendall(b"x")
        time.sleep(0.2)
    sys.stdin.read()
    for connection in held:
        connection.close()


class Client:
    """hold() in a process."""

    def __init__(self, address, *ports):
        self.process = subprocess.Popen(["ip", "netns", "exec", "clie", "python3", __file__, "hold", address,
                                         *map(str, ports)], stdin=subprocess.PIPE)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


# ---- what must hold


def told(teller, address):
    """`teller` has the address and is master, the other one is backup: connections of a client through it."""
    hearer = BACK[teller]
    ipvsadm(teller, "--start-daemon master --mcast-interface lan --syncid 5")
    ipvsadm(hearer, "--start-daemon backup --mcast-interface lan --syncid 5")
    run("ip", "-n", teller, "addr", "add", f"{VIP}/24", "dev", "lan")
    run("ip", "-n", "clie", "neigh", "flush", "all")
    client = Client(address, *[PLAIN] * EACH, *[PERSISTENT] * EACH)

    def same(state):
        mine, others = (of_client(director, address, state) for director in (teller, hearer))
        return len(mine) == 2 * EACH + 1 and mine == others

    wait_until(f"{teller} tells {hearer} of {2 * EACH} connections and a template", lambda: same("ESTABLISHED"))
    wait_until(f"the template has grown old on {hearer}", lambda: time_left(hearer, address) < PERSISTENCE - 5)
    another = Client(address, PERSISTENT)
    wait_until(f"{teller} tells {hearer} of the template with the connection that joins it",
               lambda: time_left(hearer, address) > PERSISTENCE - 4)
    another.end()
    client.end()
    wait_until(f"{teller} tells {hearer} of their end", lambda: not any(
        state == "ESTABLISHED" for key, (state, _) in connections(hearer).items() if key[0].startswith(f"{address}:")))
    ipvsadm(teller, "--stop-daemon master")
    ipvsadm(hearer, "--stop-daemon backup")
    run("ip", "-n", teller, "addr", "del", f"{VIP}/24", "dev", "lan")


def main():
    network()
    subprocess.Popen(["ip", "netns", "exec", "serv", "python3", __file__, "serve"])
    start_ballast()
    for director in IPVSADM:
        ipvsadm(director, f"-A -t {VIP}:{PLAIN} -s rr")
        ipvsadm(director, f"-a -t {VIP}:{PLAIN} -r 10.0.0.21 -g")
        ipvsadm(director, f"-A -t {VIP}:{PERSISTENT} -s rr -p {PERSISTENCE}")
        ipvsadm(director, f"-a -t {VIP}:{PERSISTENT} -r 10.0.0.21 -g")
    told("kern", "10.0.0.8")
    told("ball", "10.0.0.9")
    run(*BALLAST, f"{HERE}/ballast", "stop")


if __name__ == "__main__":
    {"serve": serve, "hold": hold}[sys.argv[1]](*sys.argv[2:]) if len(sys.argv) > 1 else main()
