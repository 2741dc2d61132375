"""One end of an SCTP association that is driven by hand over a raw socket, so that the kernel need not know SCTP."""

import socket
import struct
from dataclasses import dataclass

INIT, INIT_ACK, SHUTDOWN, SHUTDOWN_ACK, COOKIE_ECHO, COOKIE_ACK, SHUTDOWN_COMPLETE = 1, 2, 7, 8, 10, 11, 14
DATA = 0
PROTOCOL = 132
CRC32C_POLYNOMIAL = 0x82F63B78


@dataclass(frozen=True)
class SctpPacket:
    source: str
    source_port: int
    chunk: int
    text: str


class SctpEnd:
    """Sends and receives packets of one chunk from a port of a host."""

    def __init__(self, host, port, family=socket.AF_INET, *, seconds=5.0):
        self._port = port
        self._family = family
        self._socket = host.socket(family, socket.SOCK_RAW, PROTOCOL)
        self._socket.settimeout(seconds)

    def send(self, address, port, chunk, text=""):
        value = text.encode()
        packet = struct.pack("!HHII", self._port, port, 0x01020304, 0)
        packet += struct.pack("!BBH", chunk, 0, 4 + len(value)) + value + bytes(-len(value) % 4)
        packet = packet[:8] + struct.pack("<I", crc32c(packet)) + packet[12:]
        self._socket.sendto(packet, (address, 0))

    def receive(self):
        """The next packet to this port. Its checksum must be right."""
        while True:
            packet, sender = self._socket.recvfrom(65536)
            if self._family == socket.AF_INET:
                packet = packet[(packet[0] & 15) * 4:]
            source_port, port = struct.unpack_from("!HH", packet)
            if port != self._port:
                continue
            check, = struct.unpack_from("<I", packet, 8)
            if check != crc32c(packet[:8] + bytes(4) + packet[12:]):
                raise AssertionError(f"wrong checksum: {packet.hex()}")
            chunk, length = packet[12], struct.unpack_from("!H", packet, 14)[0]
            return SctpPacket(sender[0], source_port, chunk, packet[16:12 + length].decode())


def crc32c(data):
    """RFC 9260 appendix A."""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (CRC32C_POLYNOMIAL if remainder & 1 else 0)
    return remainder ^ 0xFFFFFFFF
