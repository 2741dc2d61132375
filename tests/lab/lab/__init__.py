"""A network laboratory on one machine: hosts are network namespaces, switches are bridges, links are veth pairs.

    with Lab() as lab:
        lab.switch("outside")
        lab.switch("inside")
        client = lab.host("client", outside="10.0.1.2/24")
        director = lab.host("director", outside="10.0.1.1/24 10.0.1.100/32", inside="10.0.2.1/24", forwarding=True)
        lab.nginx("rs1", inside="10.0.2.11/24", gateway="10.0.2.1")
        lb = director.ballast()
        lb.ipvsadm("-A -t 10.0.1.100:80 -s rr", "-a -t 10.0.1.100:80 -r 10.0.2.11 -m")
        assert client.curl("http://10.0.1.100/") == "rs1"

Everything of a lab carries its process id in the name and is gone when the `with` block ends, however it ends.
"""

from .capture import Capture, Packet
from .daemon import Ballast, Connection, RealServer, Service
from .host import Host
from .process import CommandFailed, Outcome, Process, run, wait_until
from .programs import ballast_built, program
from .sockets import IcmpError, ask, icmp_error, never_fragment, want_icmp_errors
from .topology import Lab, Switch

__all__ = [
    "Ballast", "Capture", "CommandFailed", "Connection", "Host", "IcmpError", "Lab", "Outcome", "Packet", "Process",
    "RealServer", "Service", "Switch", "ask", "ballast_built", "icmp_error", "never_fragment", "program", "run",
    "wait_until", "want_icmp_errors",
]
