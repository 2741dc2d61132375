"""Many TCP connections of one host at once. Each of several processes holds as many as it may have files."""

import ipaddress
import itertools
import multiprocessing
import os
import select
import socket
import time
from pathlib import Path

from echo import allow_files
from lab import namespace, wait_until

AT_ONCE = 128  # connections that a process is opening, or echoes that it waits for
PORTS = range(1024, 65536)
PATIENCE = 60  # seconds in which a connection must stand
fork = multiprocessing.get_context("fork")


def most_per_process():
    """Connections of a process, on either side: a server's share of them is never even."""
    return min(allow_files() * 2 // 3, len(PORTS))


def start_servers(hosts, port, number):
    """Echoes on a port of the hosts, on `number` connections in all."""
    each = -(-number // len(hosts) // most_per_process())
    for host in hosts:
        host.sysctl(core__somaxconn=65535, ipv4__tcp_max_syn_backlog=65535)
        for _ in range(each):
            host.start(["/usr/bin/python3", Path(__file__).with_name("echo.py"), port])
        wait_until(lambda: host.run("ss -Hltn").stdout.count(f":{port} ") == each, f"echo servers on {host.name}")


class Crowd:
    """Connections to `target` from addresses of `network`, which belong to the host from now on."""

    def __init__(self, host, network, target, number):
        host.ip(f"route add local {network} dev lo")
        host.sysctl(ipv4__ip_nonlocal_bind=1)
        self._members = []
        for address, begin in zip(ipaddress.ip_network(network).hosts(), range(0, number, most_per_process())):
            own, its = fork.Pipe()
            share = min(most_per_process(), number - begin)
            fork.Process(target=_work, args=(its, host.namespace, str(address), target, share), daemon=True).start()
            its.close()
            self._members.append(own)

    def open(self):
        """Opens all; gives how many stand."""
        return self._all("open")

    def echo(self, seconds):
        """A byte on each connection; gives on how many it came back in that time."""
        return self._all(seconds)

    def _all(self, what):
        for member in self._members:
            member.send(what)
        return sum(member.recv() for member in self._members)


def _work(orders, inside, source, target, number):
    with namespace.entered(inside):
        orders.recv()
        sockets = _open(source, target, number)
    orders.send(len(sockets))
    orders.send(_echo(sockets, orders.recv()))


def _begin(source, port, target):
    made = socket.socket()
    made.setblocking(False)
    made.bind((source, port))
    made.connect_ex(target)
    return made


def _open(source, target, number):
    poll, waiting, standing = select.epoll(), {}, {}
    ports, deadline = iter(PORTS), time.monotonic() + PATIENCE
    while len(standing) < number and time.monotonic() < deadline:
        for port in itertools.islice(ports, min(AT_ONCE, number - len(standing)) - len(waiting)):
            made = _begin(source, port, target)
            waiting[made.fileno()] = made
            poll.register(made, select.EPOLLOUT | select.EPOLLONESHOT)
        for descriptor, _ in poll.poll(1):
            made = waiting.pop(descriptor)
            if wrong := made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise AssertionError(f"a connection was not opened: {os.strerror(wrong)}")
            standing[descriptor] = made
    return standing


def _echo(sockets, seconds):
    poll, waiting, answered = select.epoll(), set(), 0
    unasked, deadline = iter(sockets), time.monotonic() + seconds
    while time.monotonic() < deadline:
        for descriptor in itertools.islice(unasked, AT_ONCE - len(waiting)):
            sockets[descriptor].send(b"x")
            poll.register(descriptor, select.EPOLLIN | select.EPOLLONESHOT)
            waiting.add(descriptor)
        if not waiting:
            break
        for descriptor, _ in poll.poll(1):
            waiting.discard(descriptor)
            try:
                answered += sockets[descriptor].recv(16) == b"x"
            except OSError:
                pass  # reset
    return answered
