"""Commands that are waited for, commands that run beside the test, and waiting for things to become true."""

import os
import re
import shlex
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    command: str
    status: int
    stdout: str
    stderr: str

    def __str__(self):
        said = "".join(f"\n{text.rstrip()}" for text in (self.stdout, self.stderr) if text.strip())
        return f"`{self.command}` ended with {self.status}{said}"


class CommandFailed(AssertionError):
    """A command that had to succeed did not; `outcome` has what it said."""

    def __init__(self, outcome):
        super().__init__(str(outcome))
        self.outcome = outcome


def run(argv, *, check=True, stdin="", seconds=30):
    """Runs a command to its end. Raises CommandFailed for a status other than 0 (unless check=False) and for one that
    takes longer than `seconds`."""
    command = shlex.join(map(str, argv))
    try:
        done = subprocess.run(list(map(str, argv)), input=stdin, capture_output=True, text=True, errors="replace",
                              timeout=seconds)
    except subprocess.TimeoutExpired as late:
        raise CommandFailed(Outcome(command, -1, "", f"ended by the lab after {late.timeout:g} s")) from None
    outcome = Outcome(command, done.returncode, done.stdout, done.stderr)
    if check and outcome.status != 0:
        raise CommandFailed(outcome)
    return outcome


def wait_until(condition, what, *, seconds=10.0):
    """Calls `condition` until it gives something true, and returns that. Raises AssertionError naming `what` and the
    last thing it gave when `seconds` are over."""
    deadline = time.monotonic() + seconds
    pause = 0.005
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}; the last look gave {result!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return result


class Process:
    """A command that runs beside the test. Its output goes to the file `log`."""

    def __init__(self, argv, log: Path):
        self.command = shlex.join(map(str, argv))
        self.log = log
        with open(log, "ab") as output:
            self._started_at = output.tell()
            # A session of its own: Ctrl-C on the terminal reaches the lab only, which then takes things down in order.
            self._process = subprocess.Popen(list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=output,
                                             stderr=output, start_new_session=True)

    @property
    def pid(self):
        return self._process.pid

    def running(self):
        return self._process.poll() is None

    def output(self):
        """What it has said since it was started."""
        with open(self.log, "rb") as log:
            log.seek(self._started_at)
            return log.read().decode(errors="replace")

    def wait_for_output(self, pattern, *, seconds=10.0):
        """Waits until the output matches the regular expression. Raises AssertionError if it ends before that."""

        def found():
            running = self.running()
            match = re.search(pattern, self.output(), re.MULTILINE)
            if match is None and not running:
                raise AssertionError(f"`{self.command}` ended with {self._process.returncode} and never said "
                                     f"'{pattern}':\n{self.output()}")
            return match

        return wait_until(found, f"`{self.command}` to say '{pattern}'", seconds=seconds)

    def wait(self, *, seconds=30.0):
        """Waits for its end. Raises AssertionError when that takes longer."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"`{self.command}` is still running after {seconds:g} s:\n{self.output()}") from None
        return Outcome(self.command, status, self.output(), "")

    def signal(self, number):
        if self.running():
            os.kill(self.pid, number)

    def kill(self):
        """SIGKILL, and waits until it is gone."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def stop(self, *, seconds=5.0):
        """SIGTERM, and SIGKILL if that is not heard in time."""
        self.signal(signal.SIGTERM)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
