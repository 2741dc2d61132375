"""What hosts and switches have in common: a namespace in which commands run, and a directory for their output."""

import shlex
from pathlib import Path

from . import namespace
from .process import Process, run


class Place:
    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.namespace = f"{lab.name}-{name}"
        self.directory = lab.directory / name
        self._started = 0

    def create(self):
        self.directory.mkdir()
        namespace.ip_batch([f"netns add {self.namespace}"])

    def run(self, command, *, check=True, stdin="", seconds=30):
        """Runs a command line (text, or a list of arguments) here to its end and returns its Outcome."""
        return run(self._within(_words(command)), check=check, stdin=stdin, seconds=seconds)

    def start(self, command):
        """Starts a command here that runs beside the test; it is stopped at the latest when the lab closes."""
        words = _words(command)
        self._started += 1
        process = Process(self._within(words), self.directory / f"{self._started}-{Path(words[0]).name}.log")
        self.lab.closing.callback(process.stop)
        return process

    def ip(self, *commands):
        """`ip` commands: ip("addr add 10.0.0.13/24 dev lan")."""
        namespace.ip_batch(commands, self.namespace)

    def _within(self, words):
        return ["ip", "netns", "exec", self.namespace, *words]


def _words(command):
    return shlex.split(command) if isinstance(command, str) else list(command)
