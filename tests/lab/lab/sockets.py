"""Asking over sockets, and the ICMP errors that come back to them."""

import select
import socket
import struct
from dataclasses import dataclass

IP_RECVERR, IPV6_RECVERR = 11, 25
IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3
ORIGIN_ICMP, ORIGIN_ICMP6 = 2, 3


@dataclass(frozen=True)
class IcmpError:
    type: int
    code: int
    info: int  # the MTU of "fragmentation needed" and "packet too big"
    offender: str  # who sent the error


def ask(sock, payload):
    """Sends and returns what comes back as text, for sockets of both kinds. Raises what the socket raises."""
    message = payload.encode()
    sock.sendall(message)
    if sock.type == socket.SOCK_DGRAM:
        return sock.recv(65536).decode()
    answer = b""
    while not answer.endswith(message):
        part = sock.recv(65536)
        if not part:
            raise ConnectionError("the peer closed the connection")
        answer += part
    return answer.decode()


def icmp_error(sock, *, seconds=5.0):
    """Waits for the ICMP error that a datagram of this UDP socket brings back. It must have been prepared with
    want_icmp_errors before sending."""
    poller = select.poll()
    poller.register(sock, select.POLLERR)
    if not poller.poll(seconds * 1000):
        raise TimeoutError(f"no ICMP error within {seconds:g} s")
    _, ancillary, _, _ = sock.recvmsg(2048, 512, socket.MSG_ERRQUEUE)
    for _, kind, data in ancillary:
        if kind not in (IP_RECVERR, IPV6_RECVERR):
            continue
        _, origin, icmp_type, code, _, info, _ = struct.unpack_from("=IBBBBII", data)
        if origin == ORIGIN_ICMP:
            return IcmpError(icmp_type, code, info, socket.inet_ntop(socket.AF_INET, data[20:24]))
        if origin == ORIGIN_ICMP6:
            return IcmpError(icmp_type, code, info, socket.inet_ntop(socket.AF_INET6, data[24:40]))
    raise AssertionError(f"the error queue held no ICMP error: {ancillary!r}")


def want_icmp_errors(sock):
    """Makes a UDP socket keep ICMP errors for icmp_error()."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def never_fragment(sock):
    """Sets DF on what the socket sends, whatever is known about the path's MTU."""
    sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
