"""Servers for the lab: real nginx, real vsftpd, and an echo server for TCP and UDP."""

import os
import selectors
import signal
import socket
import threading

from . import namespace
from .process import wait_until

RANDOM_FILE_BYTES = 4 << 20

NGINX_CONFIGURATION = """
daemon off;
user root;
worker_processes 1;
pid {own}/nginx.pid;
error_log {own}/error.log;
events {{ worker_connections 8192; }}
http {{
  access_log {own}/access.log;
  default_type text/plain;
  client_body_temp_path {own}/body;
  proxy_temp_path {own}/proxy;
  fastcgi_temp_path {own}/fastcgi;
  uwsgi_temp_path {own}/uwsgi;
  scgi_temp_path {own}/scgi;
  map $arg_rate $rate {{ "" 0; default $arg_rate; }}
  server {{
    {listen}
    location = / {{ return 200 "{name}\\n"; }}
    location = /index.html {{ return 200 "{name}\\n"; }}
    location /files/ {{ alias {files}/; limit_rate $rate; }}
    location /upload/ {{ root {own}; dav_methods PUT; create_full_put_path on; client_max_body_size 0; }}
  }}
}}
"""


class Nginx:
    """nginx with a directory and a configuration of its own."""

    def __init__(self, host, ports):
        own = host.directory / "nginx"
        own.mkdir()
        self.access_log = own / "access.log"
        self.uploads = own / "upload"
        listen = " ".join(f"listen {port}; listen [::]:{port};" for port in ports)
        configuration = own / "nginx.conf"
        configuration.write_text(NGINX_CONFIGURATION.format(own=own, name=host.name, listen=listen,
                                                            files=random_file(host.lab).parent))
        self._command = ["nginx", "-e", str(own / "error.log"), "-p", str(own), "-c", str(configuration)]
        self._host, self._ports = host, ports
        self.start()

    def start(self):
        self.process = self._host.start(self._command)
        wait_until(lambda: self._answers(self._host, self._ports), f"nginx on {self._host.name}")

    def stop(self):
        self.process.stop()

    def hang(self):
        """SIGSTOP to all of it: connections are accepted by the kernel and never answered."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self):
        os.killpg(self.process.pid, signal.SIGCONT)

    def _answers(self, host, ports):
        if not self.process.running():
            raise AssertionError(f"nginx on {host.name} ended:\n{self.process.output()}")
        for port in ports:
            probe = host.socket(socket.AF_INET, socket.SOCK_STREAM)
            with probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True


def random_file(lab):
    """The file that every nginx of the lab serves as /files/random: 4 MiB in which no two places look alike."""
    path = lab.directory / "files" / "random"
    if not path.exists():
        path.parent.mkdir()
        path.write_bytes(os.urandom(RANDOM_FILE_BYTES))
    return path


VSFTPD_CONFIGURATION = """
listen_ipv6=YES
background=NO
run_as_launching_user=YES
anonymous_enable=YES
no_anon_password=YES
anon_root={root}
write_enable=YES
anon_upload_enable=YES
anon_umask=022
connect_from_port_20={from_port_20}
pasv_min_port=30000
pasv_max_port=30999
xferlog_enable=NO
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
"""


class Vsftpd:
    """vsftpd with a directory and a configuration of its own, for anybody without a password; with a certificate over TLS,
    too, where data connections must go on with the session of their control connection."""

    def __init__(self, host, from_port_20, certificate=None):
        own = host.directory / "vsftpd"
        root = own / "root"
        self.uploads = root / "upload"
        self.uploads.mkdir(parents=True)
        (root / "name").write_text(f"{host.name}\n")
        (root / "random").symlink_to(random_file(host.lab))
        configuration = own / "vsftpd.conf"
        text = VSFTPD_CONFIGURATION.format(root=root, from_port_20="YES" if from_port_20 else "NO")
        if certificate:
            text += ("ssl_enable=YES\nallow_anon_ssl=YES\nrequire_ssl_reuse=YES\nssl_ciphers=HIGH\n"
                     f"rsa_cert_file={certificate.chain}\nrsa_private_key_file={certificate.key}\n")
        configuration.write_text(text)
        self.process = host.start(["vsftpd", str(configuration)])
        wait_until(lambda: self._answers(host), f"vsftpd on {host.name}")

    def _answers(self, host):
        if not self.process.running():
            raise AssertionError(f"vsftpd on {host.name} ended:\n{self.process.output()}")
        with host.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(("127.0.0.1", 21)) == 0


class Echo:
    """Answers every datagram, and everything that comes over a connection, with the host's name before it."""

    def __init__(self, host, tcp, udp):
        self._name = host.name.encode() + b" "
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        with namespace.entered(host.namespace):
            for port in tcp:
                self._listen(port)
            for port in udp:
                self._bind(port)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _listen(self, port):
        listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=4096)
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, self._accept)

    def _bind(self, port):
        # One socket per family: only then does an answer leave from the address that was asked, VIPs on lo included.
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            sock = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            else:
                sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
            sock.bind((address, port))
            self._selector.register(sock, selectors.EVENT_READ, self._answer_datagram)

    def _accept(self, listener):
        connection, _ = listener.accept()
        self._selector.register(connection, selectors.EVENT_READ, self._answer_stream)

    def _answer_stream(self, connection):
        try:
            received = connection.recv(65536)
            if received:
                connection.sendall(self._name + received)
                return
        except OSError:
            pass
        self._selector.unregister(connection)
        connection.close()

    def _answer_datagram(self, sock):
        try:
            received, ancillary, _, asker = sock.recvmsg(65536, 256)
            asked = [(level, kind, _without_interface(kind, data)) for level, kind, data in ancillary]
            sock.sendmsg([self._name + received], asked, 0, asker)
        except OSError:
            pass  # an ICMP error about an earlier answer

    def _serve(self):
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                key.data(key.fileobj)

    def close(self):
        self._wake.send(b"x")
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()
        self._wake.close()


IP_PKTINFO = 8


def _without_interface(kind, data):
    """Packet information about a received datagram turned into the wish to answer from the address that was asked: the
    interface is left to routing."""
    if kind == IP_PKTINFO:  # interface, local address, destination address
        return bytes(4) + data[8:12] + bytes(4)
    return data[:16] + bytes(4)  # address, interface
