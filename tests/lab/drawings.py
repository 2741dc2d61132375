"""The networks that several tests use."""

from types import SimpleNamespace


def nat(lab, *, servers=2, **nginx):
    """NAT, as in the walkthrough of the LVS handbooks: the real servers' gateway is the director.

        client ---- outside ---- director ---- inside ---- rs1, rs2 ...
        172.16.0.2        172.16.0.1  192.168.1.254        192.168.1.10, .20 ...
                     VIP 172.16.3.100
    """
    lab.switch("outside")
    lab.switch("inside")
    client = lab.host("client", outside="172.16.0.2/16 fd00:1::2/64", gateway="172.16.0.1 fd00:1::1")
    director = lab.host("director", outside="172.16.0.1/16 172.16.3.100/16 fd00:1::1/64 fd00:1::100/64",
                        inside="192.168.1.254/24 fd00:2::fe/64", forwarding=True)
    real = [lab.nginx(f"rs{number}", inside=f"192.168.1.{number}0/24 fd00:2::{number}0/64",
                      gateway="192.168.1.254 fd00:2::fe", **nginx) for number in range(1, servers + 1)]
    return SimpleNamespace(client=client, director=director, servers=real, vip="172.16.3.100", vip6="fd00:1::100",
                           rips=[f"192.168.1.{number}0" for number in range(1, servers + 1)],
                           rips6=[f"fd00:2::{number}0" for number in range(1, servers + 1)])


def route(lab, *, servers=2, forwarding=True):
    """DR: everything on one segment, the VIP on lo of the real servers, answers go straight to the client.

        client 10.0.0.2 ----+---- director 10.0.0.1, VIP 10.0.0.13
                           lan
                            +---- rs1 10.0.0.21, rs2 10.0.0.22 ..., VIP on lo
    """
    lab.switch("lan")
    client = lab.host("client", lan="10.0.0.2/24 fd00::2/64")
    director = lab.host("director", lan="10.0.0.1/24 10.0.0.13/24 fd00::1/64 fd00::13/64", forwarding=forwarding)
    real = [lab.nginx(f"rs{number}", lan=f"10.0.0.2{number}/24 fd00::2{number}/64", vip="10.0.0.13 fd00::13")
            for number in range(1, servers + 1)]
    return SimpleNamespace(client=client, director=director, servers=real, vip="10.0.0.13", vip6="fd00::13",
                           rips=[f"10.0.0.2{number}" for number in range(1, servers + 1)],
                           rips6=[f"fd00::2{number}" for number in range(1, servers + 1)])


def tunnel(lab, *, servers=2):
    """TUN: the real servers are in another subnet behind a router; they unwrap, and answer straight to the client.

        client 10.0.1.2 ----+---- director 10.0.1.1, VIP 10.0.1.100
                         outside
                            +---- router 10.0.1.254 | 10.0.3.1 ---- inside ---- rs1 10.0.3.11, rs2 10.0.3.12 ...
    """
    lab.switch("outside")
    lab.switch("inside")
    client = lab.host("client", outside="10.0.1.2/24 fd00:1::2/64", gateway="10.0.1.254 fd00:1::fe")
    director = lab.host("director", outside="10.0.1.1/24 10.0.1.100/24 fd00:1::1/64 fd00:1::100/64", forwarding=True,
                        routes=["10.0.3.0/24 via 10.0.1.254", "fd00:3::/64 via fd00:1::fe"])
    router = lab.host("router", outside="10.0.1.254/24 fd00:1::fe/64", inside="10.0.3.1/24 fd00:3::1/64",
                      forwarding=True)
    real = [lab.nginx(f"rs{number}", inside=f"10.0.3.1{number}/24 fd00:3::1{number}/64", gateway="10.0.3.1 fd00:3::1")
            for number in range(1, servers + 1)]
    return SimpleNamespace(client=client, director=director, router=router, servers=real, vip="10.0.1.100",
                           vip6="fd00:1::100", rips=[f"10.0.3.1{number}" for number in range(1, servers + 1)],
                           rips6=[f"fd00:3::1{number}" for number in range(1, servers + 1)])


def narrow(lab, method):
    """A client behind a link that is narrower than both ends believe; NAT or DR behind it.

        client ---- access ---- r1 ---- narrow (MTU 1400) ---- r2 ---- outside ---- director ...
    """
    lab.switch("access")
    lab.switch("narrow", mtu=1400)
    lab.switch("outside")
    client = lab.host("client", access="10.0.8.2/24", gateway="10.0.8.1")
    lab.host("r1", access="10.0.8.1/24", narrow="10.0.9.1/24", gateway="10.0.9.2", forwarding=True)
    lab.host("r2", narrow="10.0.9.2/24", outside="10.0.1.254/24",
             routes=["10.0.8.0/24 via 10.0.9.1", "10.0.2.0/24 via 10.0.1.1"], forwarding=True)
    director = {"outside": "10.0.1.1/24 10.0.1.100/24", "gateway": "10.0.1.254", "forwarding": True}
    if method == "nat":
        lab.switch("inside")
        director = lab.host("director", inside="10.0.2.1/24", **director)
        server = lab.nginx("rs1", inside="10.0.2.11/24", gateway="10.0.2.1")
        rip = "10.0.2.11"
    else:
        director = lab.host("director", **director)
        server = lab.nginx("rs1", outside="10.0.1.11/24", gateway="10.0.1.254", vip="10.0.1.100")
        rip = "10.0.1.11"
    return SimpleNamespace(client=client, director=director, server=server, vip="10.0.1.100", rip=rip)
