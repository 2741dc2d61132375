"""Ballast on a host of the lab: the daemon's life, and the commands that ask it."""

import json
import re
import shlex
from dataclasses import dataclass

from .process import wait_until
from .programs import program


@dataclass(frozen=True)
class RealServer:
    """A line of `ipvsadm -Ln` under its service."""

    forward: str
    weight: int
    active: int
    inactive: int


@dataclass(frozen=True)
class Service:
    scheduler: str
    flags: str
    servers: dict  # "10.0.2.11:80" -> RealServer


@dataclass(frozen=True)
class Connection:
    """A line of `ipvsadm -Lnc`."""

    protocol: str
    expires: str
    state: str
    client: str
    virtual: str
    server: str


class Ballast:
    """One instance of the daemon, and the commands for it."""

    def __init__(self, host, configuration, arguments):
        self.host = host
        self.process = None
        self.configuration = host.directory / "ballast.yaml"
        self._arguments = arguments
        if configuration:
            self.configuration.write_text(configuration)
            self._arguments = ["-c", str(self.configuration), *arguments]

    # ---- life

    def start(self):
        """Starts the daemon and waits until it says that it is ready."""
        self.process = self.host.start([program("ballast"), "run", *self._arguments])
        self.process.wait_for_output(r"\bready\b", seconds=30)

    def kill(self):
        """SIGKILL: the daemon has no chance to do anything."""
        self.process.kill()

    def terminate(self):
        """SIGTERM: the daemon ends and leaves the packet path running."""
        self.process.stop(seconds=10)

    def stop(self):
        """`ballast stop`: ends the daemon and takes the packet path down."""
        self.command("stop")

    def log(self):
        """What the daemon has said since it was last started."""
        return self.process.output()

    # ---- commands

    def command(self, arguments, *, check=True):
        """Runs `ballast ARGUMENTS` on the host."""
        return self.host.run([program("ballast"), *shlex.split(arguments)], check=check)

    def ipvsadm(self, *lines):
        """Runs ipvsadm once for every line of every text given; all must succeed. Returns what they print."""
        commands = [line.strip() for text in lines for line in text.splitlines() if line.strip()]
        return "".join(self.host.run([program("ipvsadm"), *shlex.split(line)]).stdout for line in commands)

    def try_ipvsadm(self, line):
        """Runs ipvsadm and returns its Outcome, whatever it is."""
        return self.host.run([program("ipvsadm"), *shlex.split(line)], check=False)

    # ---- state

    def wait_for_table(self, text):
        """Waits until `ipvsadm -ln` prints exactly this text (closing connections take a moment to be counted)."""
        try:
            wait_until(lambda: self.ipvsadm("-ln") == text, "the table")
        except AssertionError:
            assert self.ipvsadm("-ln") == text

    def table(self):
        """`ipvsadm -Ln`, read: "TCP 10.0.1.100:80" -> Service."""
        services, servers = {}, {}
        for line in self.ipvsadm("-Ln").splitlines()[3:]:
            words = line.split()
            if words[0] == "->":
                servers[words[1]] = RealServer(words[2], *map(int, words[3:6]))
            else:
                servers = {}
                services[" ".join(words[:2])] = Service(words[2], " ".join(words[3:]), servers)
        return services

    def servers(self, service):
        """The real servers of "TCP 10.0.1.100:80"."""
        return self.table()[service].servers

    def connections(self):
        """`ipvsadm -Lnc`, read."""
        return [Connection(protocol, expires, state, client, virtual, server)
                for protocol, expires, state, client, virtual, server, *_ in
                (line.split() for line in self.ipvsadm("-Lnc").splitlines()[2:])]

    def scheduled(self):
        """How many connections each real server has got so far: {"10.0.2.11:80": 5}, over all services."""
        counts = {}
        for line in self.ipvsadm("-Ln --stats --exact").splitlines():
            if match := re.match(r"\s+-> (\S+:\d+)\s+(\d+) ", line):
                counts[match[1]] = counts.get(match[1], 0) + int(match[2])
        return counts

    def counters(self):
        """Every named counter of the packet programs."""
        listed = json.loads(self.command("counters --all --json").stdout)
        return {counter["name"]: counter["value"] for counter in listed}

    def status(self):
        return json.loads(self.command("status --json").stdout)

    def describe(self):
        """Log, services and connections, for reading after a failed test."""
        parts = [f"$ {self.process.command}", self.log().rstrip()] if self.process else []
        for name, arguments in (("ipvsadm", ["-Ln"]), ("ipvsadm", ["-Lnc"]), ("ballast", ["counters"])):
            outcome = self.host.run([program(name), *arguments], check=False)
            parts.append(f"$ {name} {' '.join(arguments)}\n{outcome.stdout.rstrip()}{outcome.stderr.rstrip()}")
        return "\n".join(parts)
