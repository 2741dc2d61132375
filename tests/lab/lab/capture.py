"""What goes over a wire, by tcpdump."""

import re
from dataclasses import dataclass

from .process import wait_until


@dataclass(frozen=True)
class Packet:
    """One packet as tcpdump -n -e -v prints it, on one line."""

    text: str

    @property
    def source_mac(self):
        return self.text.split()[1]

    @property
    def destination_mac(self):
        return self.text.split()[3].rstrip(",")

    def __contains__(self, words):
        return words in self.text

    def __str__(self):
        return self.text


class Capture:
    """A running tcpdump. Ends with stop() or with the lab."""

    def __init__(self, start, interface, expression):
        # start: runs an argument list in the right namespace and gives a Process
        self._process = start(["tcpdump", "-i", interface, "-n", "-e", "-v", "-tt", "-l", "--immediate-mode",
                               *expression.split()])
        self._process.wait_for_output("^tcpdump: listening on ")

    def packets(self):
        """What it has seen up to now."""
        joined = re.sub(r"\n\s+", " ", self._process.output())
        return [Packet(line) for line in joined.splitlines() if re.match(r"\d+\.\d+ ", line)]

    def wait_for(self, pattern, *, seconds=5.0):
        """Waits for a packet whose line matches the regular expression, and returns it."""
        return wait_until(lambda: next((packet for packet in self.packets() if re.search(pattern, packet.text)), None),
                          f"a packet like '{pattern}'", seconds=seconds)

    def stop(self):
        """Ends it and returns every packet that it saw."""
        self._process.stop()
        return self.packets()
