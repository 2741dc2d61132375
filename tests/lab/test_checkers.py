"""Every checker with a real server of its kind: a right answer, wrong ones, and a server that hangs."""

import json
import os
import re
import signal
import socket
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import applications, program, wait_until

SERVER = "10.0.1.1"


class Network:
    """A host to check from, and one with servers."""

    def __init__(self, lab):
        lab.switch("lan")
        self.client = lab.host("client", lan="10.0.1.2/24 fd00:1::2/64")
        self.server = lab.host("server", lan="10.0.1.1/24 fd00:1::1/64")
        self.certificate = applications.certificate(self.server)

    def probe(self, kind, *options, address=SERVER, timeout="10"):
        """The outcome of one check as `ballast probe` tells it: up, reason, latency_ms."""
        outcome = self.client.run([program("ballast"), "probe", kind, address, "--json", "--timeout", timeout, *options],
                                  check=False)
        assert outcome.status in (0, 1), outcome
        result = json.loads(outcome.stdout)
        assert outcome.status == (0 if result["up"] else 1)
        return result

    def up(self, kind, *options, **keywords):
        """The reason of a check that must be up."""
        result = self.probe(kind, *options, **keywords)
        assert result["up"], result
        return result["reason"]

    def down(self, kind, *options, **keywords):
        """The reason of a check that must be down."""
        result = self.probe(kind, *options, **keywords)
        assert not result["up"], result
        return result["reason"]

    def hangs(self, process, waiting_for, kind, *options, **keywords):
        """With the server stopped, the check must be down after its timeout, waiting for this."""
        with frozen(process):
            result = self.probe(kind, *options, timeout="0.5", **keywords)
        assert not result["up"], result
        assert result["reason"] == f"no answer within 500 ms{waiting_for}"
        assert result["latency_ms"] >= 500


@contextmanager
def frozen(process):
    """A server that is there and does nothing: its connections are accepted by the kernel."""
    os.killpg(process.pid, signal.SIGSTOP)
    tasks = Path(f"/proc/{process.pid}/task")

    def stands_still():
        return all(re.search(r"\) [TZ] ", (task / "stat").read_text()) for task in tasks.iterdir())

    wait_until(stands_still, f"every thread of process {process.pid} to stop")
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def net(lab_of_module):
    return Network(lab_of_module)


def test_tcp(net):
    assert net.down("tcp", address=f"{SERVER}:7777") == "connection refused"
    assert net.down("tcp", address="10.0.2.1:7777") == "network is unreachable"
    assert "no route" in net.down("tcp", address="10.0.1.99:7777")
    net.server.echo(tcp=[7777])
    assert net.up("tcp", address=f"{SERVER}:7777") == "connected"
    assert net.up("tcp", address="[fd00:1::1]:7777") == "connected"
    assert net.up("tcp", "--send", "hello", "--expect", "hel+o$", address=f"{SERVER}:7777") == "answered 'server hello'"
    assert net.down("tcp", "--send", "hello", "--expect", "x", address=f"{SERVER}:7777", timeout="0.5") == \
        "no answer within 500 ms (connected, waiting for an answer that matches /x/)"


def test_a_connection_that_is_not_answered(net):
    net.server.ip("route add blackhole 10.0.1.2/32")
    try:
        assert net.down("tcp", address=f"{SERVER}:7777", timeout="0.3") == "no connection within 300 ms"
        assert net.down("tcp", "--connect-timeout", "0.2", address=f"{SERVER}:7777") == "no connection within 200 ms"
    finally:
        net.server.ip("route del blackhole 10.0.1.2/32")


def test_udp(net):
    assert net.down("udp", address=f"{SERVER}:7778") == "port unreachable"
    net.server.echo(udp=[7778])
    assert net.up("udp", "--send", "hello", "--reply", address=f"{SERVER}:7778") == "answered with 12 bytes"
    assert net.down("udp", "--send", "hello", "--expect", "bye", address=f"{SERVER}:7778") == \
        "answer 'server hello' does not match /bye/"


def test_a_silent_udp_server_is_up_unless_a_reply_is_required(net):
    silent = net.server.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind((SERVER, 7779))
    assert net.up("udp", address=f"{SERVER}:7779", timeout="0.3") == 'no "port unreachable" within 300 ms'
    assert net.down("udp", "--reply", address=f"{SERVER}:7779", timeout="0.3") == "no answer within 300 ms"


def test_icmp(net):
    assert net.up("icmp") == "echo reply"
    assert net.up("icmp", address="fd00:1::1") == "echo reply"
    assert not net.probe("icmp", address="10.0.1.99", timeout="0.5")["up"]


def test_http(net):
    web = applications.web(net.server, net.certificate)
    assert net.up("http", "--host", "www.example", "--expect", "^welcome to www") == \
        "status 200, body matches /^welcome to www/"
    assert net.up("http", address="[fd00:1::1]:80") == "status 200"
    assert net.down("http", "--path", "/busy") == "status 503, wanted 200-299"
    assert net.up("http", "--path", "/busy", "--status", "503") == "status 503"
    assert net.down("http", "--expect", "elsewhere") == "body does not match /elsewhere/"
    assert net.up("http", "--expect", "elsewhere", "--expect-not") == "status 200, body does not match /elsewhere/"
    assert net.up("http", "--path", "/large", "--expect", "chunks$") == "status 200, body matches /chunks$/"
    assert net.up("http", "--http", "1.0", "--method", "HEAD") == "status 200"
    assert net.down("http", address=f"{SERVER}:82") == "connection refused"
    assert net.up("http", "--http", "2", "--expect", "welcome", address=f"{SERVER}:81") == \
        "status 200, body matches /welcome/"
    net.hangs(web, " (connected, waiting for the status line)", "http")
    net.hangs(web, " (connected, waiting for the status)", "http", "--http", "2", address=f"{SERVER}:81")

    # TLS
    tls = ("--tls", "--host", "www.example")
    verified = (*tls, "--verify", "--authority", str(net.certificate.authority))
    assert net.up("http", *tls) == "status 200"
    assert net.up("http", *verified, "--http", "2", "--path", "/large", "--expect", "chunks") == \
        "status 200, body matches /chunks/"
    assert net.down("http", *tls, "--http", "2", address=f"{SERVER}:444") == \
        "server does not offer HTTP/2 over TLS (by ALPN)"
    assert net.down("http", *tls, "--verify") == \
        "certificate is not valid: unable to get local issuer certificate"
    assert net.down("http", *verified, "--server-name", "other.example") == \
        "certificate is for www.example, example, not other.example"
    assert net.down("http", *tls, "--path", "/client") == "status 403, wanted 200-299"
    assert net.up("http", *tls, "--path", "/client", "--certificate", str(net.certificate.chain), "--key",
                  str(net.certificate.key)) == "status 200"
    assert net.down("http", *tls, address=f"{SERVER}:80").startswith("TLS handshake failed: ")
    net.hangs(web, " (connected, in the TLS handshake)", "http", *tls)


def test_smtp(net):
    server = applications.smtp(net.server, net.certificate)
    assert net.up("smtp").startswith("220 ")
    assert net.up("smtp", "--start-tls", "--verify", "--authority", str(net.certificate.authority), "--server-name",
                  "www.example").startswith("220 ")
    net.hangs(server, " (connected, waiting for the greeting)", "smtp")


def test_imap_and_pop3(net):
    server = applications.mailboxes(net.server, net.certificate)
    for kind in ("imap", "pop3"):
        assert "OK" in net.up(kind)
        for tls in ((), ("--tls",), ("--start-tls",)):
            assert net.up(kind, "--user", "joe", "--password", "secret", *tls) == "logged in"
        assert net.down(kind, "--user", "joe", "--password", "wrong").startswith("login refused: ")
    net.hangs(server, " (connected, waiting for the greeting)", "imap")


def test_ftp(net):
    server = net.server.vsftpd(certificate=net.certificate).process
    assert net.up("ftp").startswith("220 ")
    assert net.up("ftp", "--start-tls").startswith("220 ")
    for tls in ((), ("--start-tls",)):
        assert net.up("ftp", "--request", "name", "--expect", "^server$", *tls) == "file name has 7 bytes"
    assert net.down("ftp", "--request", "name", "--expect", "elsewhere") == "file name does not match /elsewhere/"
    assert net.down("ftp", "--request", "missing").startswith("RETR was answered '550 ")
    assert net.down("ftp", "--user", "nobody-here", "--password", "x").startswith("login refused: '530 ")
    net.hangs(server, " (connected, waiting for the greeting)", "ftp")


def test_ldap(net):
    server = applications.ldap(net.server, net.certificate)
    assert net.up("ldap") == "bound"
    admin = ("--user", "cn=admin,dc=example", "--password", "secret")
    for tls in ((), ("--tls",), ("--start-tls",)):
        assert net.up("ldap", *admin, "--request", "dc=example", "--expect", "^dc=", *tls) == "entry 'dc=example'"
    assert net.down("ldap", "--user", "cn=admin,dc=example", "--password", "no") == "bind refused: result 49 ''"
    assert net.down("ldap", "--request", "dc=other") == "search for 'dc=other': result 32 ''"
    net.hangs(server, " (connected, waiting for the answer to the bind)", "ldap")


def test_mariadb(net):
    source = applications.MariaDB(net.server, net.certificate, 3306, 1)
    replica = applications.MariaDB(net.server, net.certificate, 3307, 2, "--read-only", "--report-host=replica")
    grant = ("CREATE OR REPLACE USER monitor@'%' IDENTIFIED BY 'secret';"
             "GRANT REPLICA MONITOR, REPLICATION SLAVE ON *.* TO monitor@'%'")
    source.sql(grant)
    replica.sql(f"SET sql_log_bin = 0; {grant}")
    login = ("--user", "monitor", "--password", "secret")
    second = f"{SERVER}:3307"
    assert "MariaDB" in net.up("mysql")
    assert net.up("mysql", *login).startswith("logged in to ")
    assert net.up("mysql", *login, "--tls").startswith("logged in to ")
    assert net.down("mysql", "--user", "monitor", "--password", "no").startswith("login refused: 1045 Access denied")
    assert net.up("mysql", *login, "--request", "SELECT 6*7", "--expect", "^42$") == "query gives '42'"
    assert net.down("mysql", *login, "--request", "SELECT 1 FROM DUAL WHERE 1 = 0") == "query gives no row"
    assert net.down("mysql", *login, "--request", "SELECT nonsense").startswith("query failed: 1054 ")
    net.up("mysql", *login, "--role", "writable")
    net.up("mysql", *login, "--role", "read-only", address=second)
    assert net.down("mysql", *login, "--role", "writable", address=second) == \
        "is read-only, wanted a writable server"
    assert net.down("mysql", *login, "--synced") == "is no node of a Galera cluster"

    replica.sql(f"CHANGE MASTER TO MASTER_HOST='{SERVER}', MASTER_USER='monitor', MASTER_PASSWORD='secret',"
                "MASTER_DELAY=3600, MASTER_USE_GTID=slave_pos")
    assert net.down("mysql", *login, "--lag", "1", address=second) == "replication is not running"
    replica.sql("START SLAVE")
    wait_until(lambda: net.probe("mysql", *login, "--lag", "1", address=second)["reason"].startswith("replica is "),
               "the replica to be behind")
    replica.sql("STOP SLAVE; CHANGE MASTER TO MASTER_DELAY=0; START SLAVE")
    wait_until(lambda: net.probe("mysql", *login, "--lag", "1", address=second)["up"], "the replica to catch up")
    net.hangs(source.process, " (connected, waiting for the greeting)", "mysql", *login)


def test_galera(net):
    """A cluster of one node, which becomes a donor, and then leaves."""
    node = applications.MariaDB(
        net.server, net.certificate, 3308, 3, "--wsrep-on=ON", "--wsrep-provider=/usr/lib/galera/libgalera_smm.so",
        "--binlog-format=ROW", "--wsrep-cluster-address=gcomm://", f"--wsrep-node-address={SERVER}")
    wait_until(lambda: "ON" in node.sql("SHOW STATUS LIKE 'wsrep_ready'"), "a node that is ready", seconds=30)
    node.sql("CREATE USER monitor@'%' IDENTIFIED BY 'secret'")

    def wait_for(*options, up, reason):
        """The node tells of its state a moment later."""
        def look():
            result = net.probe("mysql", "--user", "monitor", "--password", "secret", "--synced", *options,
                               address=f"{SERVER}:3308")
            return result["up"] == up and result["reason"].startswith(reason)
        wait_until(look, reason, seconds=30)

    wait_for(up=True, reason="logged in")
    node.sql("SET GLOBAL wsrep_desync = ON")
    wait_for(up=False, reason="Galera node is Donor/Desynced (state 2), wanted Synced")
    wait_for("--donor", up=True, reason="logged in")
    node.sql("SET GLOBAL wsrep_desync = OFF")
    wait_for(up=True, reason="logged in")
    node.begin_sql("SET GLOBAL wsrep_cluster_address = 'gcomm://127.0.0.2'")
    wait_for("--donor", up=False, reason="Galera component is Disconnected, wanted Primary")


def test_postgresql(net):
    server = applications.postgresql(net.server, net.certificate)
    assert net.up("postgresql").startswith("handshake")
    database = ("--database", "postgres", "--password", "secret")
    for user in ("joe", "old", "plain"):
        assert net.up("postgresql", "--user", user, *database) == "logged in"
    assert net.up("postgresql", "--user", "joe", *database, "--tls", "--request", "SELECT 6*7", "--expect", "^42$",
                  "--role", "writable", "--lag", "5") == "query gives '42'"
    assert net.down("postgresql", "--user", "joe", "--database", "postgres", "--password", "no").startswith(
        "login refused: 28P01 ")
    assert net.down("postgresql", "--user", "joe", *database, "--request", "SELECT 1 WHERE false") == \
        "query gives no row"
    assert net.down("postgresql", "--user", "joe", *database, "--role", "read-only") == \
        "is writable, wanted a read-only server"
    net.hangs(server, " (connected, waiting for the answer to the login)", "postgresql", "--user", "joe", *database)


def test_redis(net):
    server = applications.redis(net.server, 6379)
    applications.redis(net.server, 6380, "--replicaof", SERVER, "6379")
    login = ("--password", "secret")
    assert net.up("redis", *login) == "answered PONG"
    assert net.down("redis").startswith("PING was answered 'NOAUTH ")
    assert net.down("redis", "--password", "no").startswith("login refused: 'WRONGPASS ")
    assert net.up("redis", *login, "--role", "writable") == "is the master"
    assert net.down("redis", *login, "--role", "read-only") == "is the master, wanted a replica"
    wait_until(lambda: net.probe("redis", *login, "--role", "read-only", address=f"{SERVER}:6380")["up"],
               "the replica to be connected")
    assert net.down("redis", *login, "--role", "writable", address=f"{SERVER}:6380") == \
        "is a replica, wanted the master"
    net.hangs(server, " (connected, waiting for the answer to AUTH)", "redis", *login)


def test_dns(net):
    server = applications.dns(net.server)
    for tcp in ((), ("--tcp",)):
        assert net.up("dns", "--request", "www.example", "--expect", "^10[.]0[.]0[.]1$", *tcp) == "record '10.0.0.1'"
        assert net.down("dns", "--request", "www.example", "--expect", "10.0.0.2", *tcp) == \
            "record '10.0.0.1' does not match /10.0.0.2/"
        assert net.down("dns", "--request", "missing.example", *tcp) == "answer for 'missing.example' is NXDOMAIN"
    assert net.up("dns", "--request", "10.0.0.1", "--expect", "www") == "record 'www.example'"
    assert net.up("dns", "--request", "example", "--record", "MX", "--expect", "mx") == "record '10 mx.example'"
    assert net.up("dns", "--request", "example", "--record", "TXT", "--expect", "some") == "record 'some text'"
    assert net.down("dns", "--request", "www.example", address=f"{SERVER}:54") == "port unreachable"
    net.hangs(server, "", "dns", "--request", "www.example")
    net.hangs(server, " (connected, waiting for the answer)", "dns", "--request", "www.example", "--tcp")


def test_radius(net):
    server = applications.radius(net.server)
    login = ("--user", "joe", "--secret", "shared")
    assert net.up("radius", *login, "--password", "secret") == "access accepted"
    assert net.down("radius", *login, "--password", "wrong") == "access rejected"
    net.hangs(server, "", "radius", *login, "--password", "secret")


PEER = """
import socket, sys
answer = sys.argv[3].encode().decode("unicode_escape").encode()
kind = socket.SOCK_DGRAM if sys.argv[1] == "udp" else socket.SOCK_STREAM
listening = socket.socket(socket.AF_INET, kind)
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind(("0.0.0.0", int(sys.argv[2])))
if kind == socket.SOCK_STREAM: listening.listen()
print("ready", flush=True)
def call_id(asked):
    return next((line for line in asked.split(b"\\r\\n") if line.startswith(b"Call-ID")), b"")
while True:
    if kind == socket.SOCK_DGRAM:
        asked, client = listening.recvfrom(65536)
        listening.sendto(answer.replace(b"CALL", call_id(asked)), client)
        continue
    connection, _ = listening.accept()
    with connection:
        if "CALL" not in sys.argv[3]: connection.sendall(answer)
        asked = connection.recv(65536)
        if "CALL" in sys.argv[3]: connection.sendall(answer.replace(b"CALL", call_id(asked)))
"""


def peer(net, kind, port, answer):
    """A server that always answers the same."""
    process = net.server.start(["python3", "-c", PEER, kind, str(port), answer])
    process.wait_for_output("ready")
    return process


def test_sip(net):
    for kind, options in (("udp", ()), ("tcp", ("--tcp",))):
        good = peer(net, kind, 5060, r"SIP/2.0 200 OK\r\nCALL\r\nContent-Length: 0\r\n\r\n")
        assert net.up("sip", *options) == "SIP/2.0 200 OK"
        net.hangs(good, "" if kind == "udp" else " (connected, waiting for the answer to OPTIONS)", "sip", *options)
        good.stop()
        bad = peer(net, kind, 5060, r"SIP/2.0 503 Service Unavailable\r\nCALL\r\n\r\n")
        assert net.down("sip", *options) == "answer 'SIP/2.0 503 Service Unavailable', wanted 200"
        bad.stop()


def test_nntp(net):
    good = peer(net, "tcp", 119, r"200 news ready\r\n")
    assert net.up("nntp") == "200 news ready"
    net.hangs(good, " (connected, waiting for the greeting)", "nntp")
    good.stop()
    peer(net, "tcp", 119, r"502 go away\r\n")
    assert net.down("nntp") == "greeting '502 go away', wanted 2xx"


def test_http_proxy(net):
    proxy = peer(net, "tcp", 3128, r"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")
    assert net.up("http_proxy", "--host", "www.example", "--expect", "fine") == "status 200, body matches /fine/"
    proxy.stop()


def test_command(net):
    script = net.client.directory / "check"
    script.write_text('#!/bin/sh\necho "$@"\nexit ${STATUS:-0}\n')
    script.chmod(0o755)
    assert net.up("command", "--command", f"{script} 'one word' two") == "exit status 0: one word two"
    assert net.up("command", "--command", str(script), "--service", "10.0.9.9:80", address=f"{SERVER}:8080") == \
        "exit status 0: 10.0.9.9 80 10.0.1.1 8080"
    assert net.down("command", "--command", f"env STATUS=1 {script} no") == "exit status 1: no"
    assert net.down("command", "--command", f"env STATUS=7 {script}") == "exit status 7"
    weighted = net.probe("command", "--command", f"env STATUS=7 {script}", "--weight")
    assert weighted["up"] and weighted["weight"] == 5
    assert net.down("command", "--command", "/nonexistent").startswith("/nonexistent")
    assert net.down("command", "--command", "sleep 60", timeout="0.3") == "killed after 0.3 s without an end"


def test_file(net):
    state = net.client.directory / "state"
    assert net.down("file", "--command", str(state)) == f"{state}: there is no number to read"
    state.write_text("0\n")
    assert net.up("file", "--command", str(state)) == f"0 in {state}"
    state.write_text("-20\n")
    assert net.down("file", "--command", str(state)) == f"-20 in {state}"
    assert net.probe("file", "--command", str(state), "--weight")["weight"] == -20


def test_the_local_end_of_a_check_can_be_chosen(net):
    net.client.ip("addr add 10.0.1.3/24 dev lan")
    net.server.echo(tcp=[7779])
    seen = net.server.capture("lan", "tcp dst port 7779 and src host 10.0.1.3")
    assert net.up("tcp", "--from", "10.0.1.3", "--interface", "lan", address=f"{SERVER}:7779") == "connected"
    seen.wait_for("Flags .S")
    assert net.down("tcp", "--from", "10.0.9.9", address=f"{SERVER}:7779") == \
        "sending from 10.0.9.9:0: Cannot assign requested address"
    assert net.down("tcp", "--interface", "none", address=f"{SERVER}:7779") == "sending out of none: No such device"
