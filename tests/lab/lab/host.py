"""A machine of the lab: what runs on it, and the sockets of tests that speak from it."""

import ipaddress
import json
import shlex
import socket

from . import namespace
from .capture import Capture
from .daemon import Ballast
from .place import Place
from .process import run
from .programs import program
from .servers import Echo, Nginx, Vsftpd

CURL = ["curl", "--silent", "--show-error", "--globoff", "--noproxy", "*", "--max-time", "20"]


class Host(Place):
    """A machine: a namespace with a directory for its files."""

    def __init__(self, lab, name):
        super().__init__(lab, name)
        self.links = {}  # switch name -> Switch
        self.macs = {}  # switch name -> MAC address of the interface there
        self.daemons = []

    def bring_up(self, links, *, gateways, routes, forwarding, vips):
        """Makes the namespace, wires it to the switches and configures it. Lab.host calls it once."""
        self.create()
        namespace.set_sysctls(self.namespace, self._sysctls(forwarding, vips))
        wires = []
        inside = ["link set lo up"]
        for switch, addresses in links.items():
            self.links[switch.name] = switch
            self.macs[switch.name] = switch.next_mac()
            wires.append(f"link add name {switch.name} address {self.macs[switch.name]} mtu {switch.mtu} "
                         f"netns {self.namespace} type veth peer name {self.port} mtu {switch.mtu} "
                         f"netns {switch.namespace}")
            inside += [f"addr add {address} dev {switch.name}" for address in _with_preference(addresses)]
            inside.append(f"link set {switch.name} up")
        inside += [f"addr add {_host_prefix(vip)} dev lo" for vip in vips]
        inside += [f"route add default via {gateway}" for gateway in gateways]
        inside += [f"route add {route}" for route in routes]
        if wires:
            namespace.ip_batch(wires)
        for switch in links:
            namespace.ip_batch([f"link set {self.port} master switch up"], switch.namespace)
        namespace.ip_batch(inside, self.namespace)
        for switch in links:
            namespace.settle_carrier(self.namespace, switch.name)
            namespace.settle_carrier(switch.namespace, self.port)

    @staticmethod
    def _sysctls(forwarding, vips):
        settings = {"ipv6.conf.all.accept_dad": 0, "ipv6.conf.default.accept_dad": 0,
                    "ipv6.conf.default.router_solicitations": 0,
                    "ipv4.conf.all.rp_filter": 0, "ipv4.conf.default.rp_filter": 0,
                    "ipv4.icmp_ratelimit": 0, "ipv6.icmp.ratelimit": 0}
        if forwarding:
            settings |= {"ipv4.ip_forward": 1, "ipv6.conf.all.forwarding": 1,
                         "ipv4.conf.all.send_redirects": 0, "ipv4.conf.default.send_redirects": 0}
        if vips:
            settings |= {"ipv4.conf.all.arp_ignore": 1, "ipv4.conf.all.arp_announce": 2}
        return settings

    @property
    def port(self):
        """The name of its ports on the switches."""
        return self.name[:15]

    # ---- commands

    def sysctl(self, **settings):
        """Sysctls under net, with __ for the dots: sysctl(ipv4__ip_forward=1)."""
        namespace.set_sysctls(self.namespace, {key.replace("__", "."): value for key, value in settings.items()})

    def curl(self, url, *options, check=True):
        """What curl prints for the URL, without the white space around it. Raises CommandFailed if it fails."""
        outcome = self.run([*CURL, *options, url], check=check)
        return outcome.stdout.strip() if check else outcome

    def curls(self, url, times):
        """The answers to so many requests, each on a connection of its own."""
        return [self.curl(url) for _ in range(times)]

    # ---- servers

    def nginx(self, *, ports=(80,)):
        """Starts nginx here: / and /index.html answer the host's name, /files/random is a file (?rate=100k slows it
        down), and PUT /upload/X keeps what is sent."""
        self.nginx_server = Nginx(self, ports)
        return self.nginx_server

    def vsftpd(self, *, from_port_20=True, certificate=None):
        """Starts vsftpd here: `name` holds the host's name, `random` is a file, and `upload/` keeps what is sent."""
        return Vsftpd(self, from_port_20, certificate)

    def echo(self, *, tcp=(), udp=()):
        """Answers on these ports with the host's name, a space, and what was sent."""
        server = Echo(self, tcp, udp)
        self.lab.closing.callback(server.close)
        return server

    def ballast(self, *, config="", arguments="", **director):
        """Starts `ballast run` here. `config` is the text of a configuration file; other keywords are settings of its
        director section (hook="tc", connections=4096)."""
        if director.get("hook") == "xdp":
            self.deliver_complete_checksums()
        text = config or (json.dumps({"director": director}) if director else "")
        daemon = Ballast(self, text, shlex.split(arguments))
        self.daemons.append(daemon)
        daemon.start()
        return daemon

    def ballast_realserver(self, arguments):
        """Runs `ballast realserver ARGUMENTS` here. Returns its Outcome."""
        return self.run([program("ballast"), "realserver", *shlex.split(arguments)])

    def deliver_complete_checksums(self):
        """Makes this host's links behave as network cards do where XDP is native: a veth pair otherwise hands over
        frames whose checksums are still to be filled in, and takes frames from XDP only when its other end does GRO."""
        for switch in self.links.values():
            switch.run(["ethtool", "-K", self.port, "tx", "off", "gro", "on"])

    # ---- packets and sockets

    def capture(self, interface, expression):
        """Starts tcpdump on an interface of this host."""
        return Capture(self.start, interface, expression)

    def capture_wire(self, switch_name, expression):
        """Starts tcpdump on the switch's end of the cable: it sees what XDP on this host takes away or sends."""

        return Capture(self.links[switch_name].start, self.port, expression)

    def socket(self, family, kind, protocol=0):
        """A socket of this host, closed at the latest with the lab."""
        with namespace.entered(self.namespace):
            made = socket.socket(family, kind, protocol)
        self.lab.closing.callback(made.close)
        return made

    def connect(self, address, port, *, seconds=5.0):
        """A TCP connection from here."""
        made = self.socket(_socket_family(address), socket.SOCK_STREAM)
        made.settimeout(seconds)
        made.connect((address, port))
        return made

    def udp(self, address, port, *, seconds=5.0):
        """A UDP socket connected to the address, so that ICMP errors come back as errors of the socket."""
        made = self.socket(_socket_family(address), socket.SOCK_DGRAM)
        made.settimeout(seconds)
        made.connect((address, port))
        return made

    # ---- for reading after a failed test

    def describe(self):
        addresses = run(["ip", "-netns", self.namespace, "-brief", "addr"], check=False).stdout
        parts = [f"--- {self.name}", addresses.rstrip()]
        for daemon in self.daemons:
            parts.append(daemon.describe())
        return "\n".join(parts)


def _socket_family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _with_preference(addresses):
    """IPv6 addresses behind the first one are marked as never to be chosen as the source of own packets: IPv4 does not
    choose them either, and a VIP must not be chosen."""
    preferred = next((address for address in addresses if ":" in address), None)
    return [f"{address} preferred_lft 0" if ":" in address and address != preferred else address
            for address in addresses]


def _host_prefix(address):
    return f"{address}/{ipaddress.ip_address(address).max_prefixlen}"
