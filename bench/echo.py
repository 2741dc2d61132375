"""Echoes on a TCP port, on as many connections as this process may have files: echo.py PORT. Several may share a port."""

import os
import resource
import select
import socket
import sys

ACCEPTED_AT_ONCE = 512


def allow_files():
    """Lets this process have as many files as it may; gives their number."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def accept(listener, poll):
    try:
        for _ in range(ACCEPTED_AT_ONCE):
            poll.register(listener.accept()[0].detach(), select.EPOLLIN)
    except BlockingIOError:
        pass


def answer(descriptor):
    try:
        received = os.read(descriptor, 4096)
        if received:
            os.write(descriptor, received)
            return
    except OSError:
        pass
    os.close(descriptor)


def serve(port):
    allow_files()
    listener = socket.create_server(("0.0.0.0", port), backlog=65535, reuse_port=True)
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == listener.fileno():
                accept(listener, poll)
            else:
                answer(descriptor)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
