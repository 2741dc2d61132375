"""A client that notices when an address stops answering. bench/vrrp.py and bench/failover.py measure with it."""

import socket
import struct
import threading
import time

PERIOD = 0.005


class Pinger(threading.Thread):
    """ICMP echo requests to an address every 5 ms; the times of the replies."""

    def __init__(self, client, address):
        super().__init__(daemon=True)
        self.address = address
        self.socket = client.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.replies = []
        self.ended = threading.Event()

    def run(self):
        sequence, due = 0, time.monotonic()
        while not self.ended.is_set():
            now = time.monotonic()
            if now >= due:
                self._send(sequence & 0xffff)
                sequence, due = sequence + 1, max(due + PERIOD, now)
            self.socket.settimeout(max(due - time.monotonic(), 0.0005))
            try:
                packet = self.socket.recv(2048)
            except (TimeoutError, BlockingIOError):
                continue
            if packet[20] == 0 and socket.inet_ntoa(packet[12:16]) == self.address:
                self.replies.append(time.monotonic())

    def _send(self, sequence):
        packet = struct.pack("!BBHHH", 8, 0, 0, 1, sequence)
        total = sum(struct.unpack("!4H", packet))
        total = (total & 0xffff) + (total >> 16)
        try:
            self.socket.sendto(packet[:2] + struct.pack("!H", ~total & 0xffff) + packet[4:], (self.address, 0))
        except OSError:
            pass  # no route for a moment


def longest_gap(times, since):
    """The longest time between two of `times`, from just before `since` on."""
    seen = [one for one in times if one > since - 0.1]
    return max(after - before for before, after in zip(seen, seen[1:]))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
