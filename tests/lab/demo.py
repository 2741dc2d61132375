"""What Ballast does, shown on a small network of namespaces. Exits with 1 if anything is not as it should be."""

import os
import signal
import sys
import time
from collections import Counter

import drawings
from lab import Lab, wait_until

SERVICE = "TCP 172.16.3.100:80"
URL = "http://172.16.3.100/"
MIB = 1 << 20

NETWORK = """\
   client 172.16.0.2 ----- director 192.168.1.254 --+-- rs1 192.168.1.10
                         VIP 172.16.3.100           +-- rs2 192.168.1.20
                                                    +-- rs3 192.168.1.30"""


class Surprise(Exception):
    """Something is not as it should be."""


class Screen:
    """What the reader sees: steps, commands with what they print, and what that shows. Coloured on a terminal only."""

    def __init__(self):
        coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self._codes = {"bold": "1", "dim": "2", "green": "32", "red": "31", "cyan": "36"} if coloured else {}
        self._steps = 0

    def _paint(self, colour, text):
        return f"\033[{self._codes[colour]}m{text}\033[0m" if colour in self._codes else text

    def say(self, text=""):
        print(text, flush=True)

    def title(self, text):
        self.say(self._paint("bold", text))

    def step(self, text):
        self._steps += 1
        self.say()
        self.say(self._paint("bold", f"{self._steps}. {text}"))

    def command(self, host, command, output=""):
        self.say(f"   {self._paint('cyan', f'{host}#')} {command}")
        for line in output.rstrip().splitlines():
            self.say(f"   {line.rstrip()}")

    def check(self, holds, text):
        """A statement about what was just seen; the demo ends where one does not hold."""
        self.say(f"   {self._paint('green', 'ok') if holds else self._paint('red', 'NOT SO')}: {text}")
        if not holds:
            raise Surprise(text)


def main():
    screen = Screen()
    end_cleanly_on_signals()
    started = time.monotonic()
    try:
        with Lab() as lab:
            try:
                show(lab, screen)
            except (Surprise, AssertionError):
                screen.say("\nThe state of the network at that moment:\n" + lab.describe())
                raise
        screen.say(f"\nEverything was as it should be, in {time.monotonic() - started:.0f} s. "
                   "The network and all its processes are gone again.")
    except Surprise as surprise:
        screen.say(f"\nThe demo failed: it is not so that {surprise}")
        return 1
    except (AssertionError, OSError) as error:
        screen.say(f"\nThe demo failed: {error}")
        return 1
    return 0


def end_cleanly_on_signals():
    """The first signal takes the network down and ends the demo; further ones cannot interrupt that."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number, _frame):
        for further in signals:
            signal.signal(further, signal.SIG_IGN)
        print("\nInterrupted: taking the network down", flush=True)
        raise SystemExit(128 + number)

    for number in signals:
        signal.signal(number, end)


def show(lab, screen):
    screen.title("Ballast: layer-4 load balancing in the kernel, driven by ipvsadm")
    screen.say("Five machines, each of them a network namespace; the real servers run nginx:\n")
    screen.say(NETWORK)
    net = drawings.nat(lab, servers=3)

    lb = start(net, screen)
    send_requests(net, screen)
    look(lb, screen)
    download = kill_during_a_download(lab, net, lb, screen)
    restart(lab, lb, screen, download)


def start(net, screen):
    screen.step("Start Ballast on the director, and tell it about the servers as one tells LVS")
    begun = time.monotonic()
    lb = net.director.ballast()
    screen.command("director", "ballast run &", lb.log())
    screen.check(True, f"it is ready after {time.monotonic() - begun:.1f} s")
    commands = ["-A -t 172.16.3.100:80 -s rr", *(f"-a -t 172.16.3.100:80 -r {rip} -m" for rip in net.rips)]
    for command in commands:
        screen.command("director", f"ipvsadm {command}", lb.ipvsadm(command))
    return lb


def send_requests(net, screen):
    screen.step("Ten requests to the virtual address")
    answers = net.client.curls(URL, 10)
    screen.command("client", f"for i in {{1..10}}; do curl {URL}; done", " ".join(answers))
    counts = Counter(answers)
    screen.check(len(counts) == 3 and max(counts.values()) - min(counts.values()) <= 1,
                 "the servers took turns: " + spelled(counts))


def look(lb, screen):
    screen.step("What the director knows about them")
    wait_until(lambda: sum(server.inactive for server in lb.servers(SERVICE).values()) == 10,
               "ten connections to be closed")
    screen.command("director", "ipvsadm -Ln", lb.ipvsadm("-Ln"))
    screen.command("director", "ipvsadm -Lnc", lb.ipvsadm("-Lnc"))
    wait_until(lambda: sum(lb.scheduled().values()) == 10, "the statistics")
    screen.command("director", "ipvsadm -Ln --stats", lb.ipvsadm("-Ln --stats"))
    screen.check(len(lb.connections()) == 10, "10 connections were counted, and all of them are closed")


def kill_during_a_download(lab, net, lb, screen):
    screen.step("Kill the daemon in the middle of a download")
    target = lab.directory / "received"
    url = f"{URL}files/random?rate=1m"
    download = net.client.start(["curl", "--silent", "--show-error", "--max-time", "60", "--output", str(target), url])
    screen.command("client", f"curl --output received '{url}' &")
    wait_until(lambda: target.exists() and target.stat().st_size > 0, "the first bytes of the download")
    received = target.stat().st_size
    lb.kill()
    screen.command("director", f"kill -9 {lb.process.pid}    # {received / MIB:.1f} MiB have arrived")
    answers = net.client.curls(URL, 6)
    screen.command("client", f"for i in {{1..6}}; do curl {URL}; done", " ".join(answers))
    screen.check(set(Counter(answers).values()) == {2},
                 "no daemon runs, and new connections are still distributed: " + spelled(Counter(answers)))
    wait_until(lambda: target.stat().st_size > received, "more bytes of the download")
    screen.check(download.running(), f"the download goes on: {target.stat().st_size / MIB:.1f} MiB have arrived")
    return download


def restart(lab, lb, screen, download):
    screen.step("Start it again")
    lb.start()
    screen.command("director", "ballast run &", lb.log())
    status, active = lb.status(), sum(server.active for server in lb.servers(SERVICE).values())
    screen.command("director", "ipvsadm -Ln", lb.ipvsadm("-Ln"))
    scheduled = sum(lb.scheduled().values())
    screen.check(status["adopted"] and active == 1 and scheduled == 17,
                 f"it took over what was running: the table, the open download, and the count of {scheduled} "
                 "connections, 6 of them made while no daemon was there")
    screen.say("   ... waiting for the download to end")
    try:
        ended = download.wait(seconds=30)
    except AssertionError as late:
        raise Surprise(f"the download ended: {late}") from None
    received, sent = (lab.directory / "received").read_bytes(), (lab.directory / "files" / "random").read_bytes()
    screen.check(ended.status == 0 and received == sent,
                 f"the download is complete: {len(received):,} bytes, every one of them right")


def spelled(counts):
    """rs1 answered 3, rs2 3 and rs3 4."""
    names = sorted(counts)
    parts = [f"{names[0]} answered {counts[names[0]]}"] + [f"{name} {counts[name]}" for name in names[1:]]
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]


if __name__ == "__main__":
    sys.exit(main())
