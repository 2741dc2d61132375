"""The drawing: a lab, its switches, and how hosts are wired to them."""

import itertools
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from . import namespace
from .host import Host
from .place import Place

_numbers = itertools.count(1)

LONGEST_INTERFACE_NAME = 15


class Lab:
    """A set of switches and hosts, and a directory for their files."""

    def __init__(self):
        namespace.sweep()
        self.name = f"ballast-{os.getpid()}-{next(_numbers)}"
        self.directory = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        self.directory.chmod(0o755)
        self.switches = {}
        self.hosts = {}
        self.closing = ExitStack()  # what is to be closed before the namespaces go

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        problems = self.close()
        if problems and kind is None:
            raise AssertionError("the lab did not come down cleanly:\n" + "\n".join(problems))

    def switch(self, name, *, mtu=1500):
        """A bridge with ports for every host that names it. Hosts' interfaces to it carry its name."""
        if len(name) > LONGEST_INTERFACE_NAME:
            raise ValueError(f"'{name}' is longer than the {LONGEST_INTERFACE_NAME} letters of an interface name")
        switch = Switch(self, name, mtu)
        self.switches[name] = switch  # from here on it is taken down
        switch.bring_up()
        return switch

    def host(self, name, *, gateway="", routes=(), forwarding=False, vip="", **links):
        """A machine. Links are SWITCH="ADDRESS/LENGTH ...". `gateway` names default routes ("10.0.2.1 fd00:2::1"),
        `routes` further ones ("10.9.0.0/16 via 10.0.1.2"). `vip` addresses go on lo and are not answered for by ARP, as
        real servers behind DR and TUN need it."""
        host = Host(self, name)
        self.hosts[name] = host  # from here on it is taken down
        host.bring_up({self.switches[switch]: addresses.split() for switch, addresses in links.items()},
                      gateways=gateway.split(), routes=routes, forwarding=forwarding, vips=vip.split())
        return host

    def nginx(self, name, *, ports=(80,), **host):
        """A host with nginx on it that answers every request for / with the host's name."""
        server = self.host(name, **host)
        server.nginx(ports=ports)
        return server

    def describe(self):
        """The drawing, the daemons' words and their state as text, for reading after a failed test."""
        return "\n".join([self.name] + [host.describe() for host in self.hosts.values()])

    def close(self):
        """Takes everything down and returns what went wrong on the way, one line or more for each."""
        problems = []
        for host in self.hosts.values():
            if problem := namespace.take_down_ballast(host.namespace):
                problems.append(problem)
        try:
            self.closing.close()
        except (AssertionError, OSError) as error:
            problems.append(str(error))
        namespace.remove_namespaces([part.namespace for part in (*self.hosts.values(), *self.switches.values())])
        shutil.rmtree(self.directory, ignore_errors=True)
        self.hosts.clear()
        self.switches.clear()
        return problems


class Switch(Place):
    """An Ethernet switch: a bridge in a namespace of its own. Its ports carry the names of the hosts behind them."""

    def __init__(self, lab, name, mtu):
        super().__init__(lab, name)
        self.mtu = mtu
        self._number = len(lab.switches) + 1
        self._hosts = itertools.count(1)

    def bring_up(self):
        """Makes the bridge. Lab.switch calls it once."""
        self.create()
        namespace.set_sysctls(self.namespace, {"ipv6.conf.default.disable_ipv6": 1})
        self.ip(f"link add name switch mtu {self.mtu} type bridge mcast_snooping 0", "link set switch up")

    def next_mac(self):
        """02:00:00:00:SWITCH:HOST, so that a frame in a capture tells where it comes from."""
        return f"02:00:00:00:{self._number:02x}:{next(self._hosts):02x}"
