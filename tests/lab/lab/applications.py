"""Servers of applications for tests of health checks: real ones, with directories and configurations of their own. Each
function starts one on a host and returns its Process as soon as it accepts connections."""

import email
import email.policy
import shutil
import socket
from pathlib import Path

from .process import wait_until

WEB_CONFIGURATION = """
daemon off;
user root;
worker_processes 1;
pid {own}/nginx.pid;
error_log {own}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {own}/body;
  proxy_temp_path {own}/proxy;
  fastcgi_temp_path {own}/fastcgi;
  uwsgi_temp_path {own}/uwsgi;
  scgi_temp_path {own}/scgi;
  ssl_certificate {certificate.chain};
  ssl_certificate_key {certificate.key};
  default_type text/plain;
  server {{
    listen 80;
    listen [::]:80;
    listen 81 http2;
    listen 443 ssl http2;
    listen 444 ssl;
    ssl_client_certificate {certificate.authority};
    ssl_verify_client optional;
    location = / {{ return 200 "welcome to $host"; }}
    location = /busy {{ return 503 "busy"; }}
    location = /large {{ root {own}; gzip on; gzip_min_length 1; gzip_types *; ssi on; ssi_types *; }}
    location = /client {{ if ($ssl_client_verify != SUCCESS) {{ return 403; }} return 200 "known"; }}
  }}
}}
"""


class Certificate:
    """A certificate for www.example, and the authority that it is from."""

    def __init__(self, directory):
        self.authority = directory / "authority.pem"
        self.chain = directory / "server.pem"
        self.key = directory / "server.key"


def certificate(host):
    """Makes the host's certificate."""
    own = host.directory / "certificate"
    own.mkdir()
    made = Certificate(own)
    host.run(f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout {own}/authority.key "
             f"-out {made.authority}")
    host.run(f"openssl req -newkey rsa:2048 -nodes -subj /CN=www.example -keyout {made.key} -out {own}/request")
    (own / "extensions").write_text("subjectAltName=DNS:www.example,DNS:example\n")
    host.run(f"openssl x509 -req -days 2 -in {own}/request -CA {made.authority} -CAkey {own}/authority.key "
             f"-CAcreateserial -extfile {own}/extensions -out {made.chain}")
    made.key.chmod(0o644)
    return made


def web(host, made):
    """nginx: HTTP on 80, HTTP/2 without TLS on 81, both with TLS on 443, HTTP/1.1 with TLS on 444."""
    own = _directory(host, "web")
    (own / "large").write_text("line of a file that goes out in chunks\n" * 5000)
    configuration = own / "nginx.conf"
    configuration.write_text(WEB_CONFIGURATION.format(own=own, certificate=made))
    return _started(host, ["nginx", "-e", f"{own}/error.log", "-p", str(own), "-c", str(configuration)], 80)


def smtp(host, made):
    """aiosmtpd on port 25, with STARTTLS."""
    return _started(host, ["/usr/bin/aiosmtpd", "-n", "-l", "0.0.0.0:25", "--tlscert", str(made.chain), "--tlskey",
                           str(made.key), "--no-requiretls", "-c", "aiosmtpd.handlers.Sink"], 25)


DOVECOT_CONFIGURATION = """
protocols = imap pop3
listen = *
base_dir = {own}/run
state_dir = {own}/state
log_path = {own}/log
mail_location = maildir:{own}/mail
ssl_cert = <{certificate.chain}
ssl_key = <{certificate.key}
disable_plaintext_auth = no
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={own}/mail
}}
service imap-login {{
  chroot =
}}
service pop3-login {{
  chroot =
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Post:
    """aiosmtpd on a port, which keeps what it is sent."""

    def __init__(self, host, port):
        self._directory = _directory(host, "post") / "maildir"
        self.process = _started(host, ["/usr/bin/aiosmtpd", "-n", "-l", f"0.0.0.0:{port}", "-c",
                                       "aiosmtpd.handlers.Mailbox", str(self._directory)], port)

    def messages(self):
        """What came, oldest first."""
        files = sorted(self._directory.glob("new/*"), key=lambda file: file.stat().st_mtime_ns)
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def mailboxes(host, made):
    """dovecot: IMAP on 143 and 993, POP3 on 110 and 995; whoever knows the password `secret` has a mailbox."""
    own = _directory(host, "dovecot")
    mail = own / "mail"
    mail.mkdir()
    shutil.chown(mail, "nobody", "nogroup")
    configuration = own / "dovecot.conf"
    configuration.write_text(DOVECOT_CONFIGURATION.format(own=own, certificate=made))
    return _started(host, ["dovecot", "-F", "-c", str(configuration)], 143, 993, 110, 995)


SLAPD_CONFIGURATION = """
modulepath /usr/lib/ldap
moduleload back_mdb
include /etc/ldap/schema/core.schema
pidfile {own}/pid
TLSCertificateFile {certificate.chain}
TLSCertificateKeyFile {certificate.key}
database mdb
suffix dc=example
rootdn cn=admin,dc=example
rootpw secret
directory {own}/data
maxsize 1048576
"""


def ldap(host, made):
    """slapd: LDAP on 389, LDAPS on 636; the tree is dc=example, its root cn=admin,dc=example with password `secret`."""
    own = _directory(host, "slapd")
    (own / "data").mkdir()
    configuration = own / "slapd.conf"
    configuration.write_text(SLAPD_CONFIGURATION.format(own=own, certificate=made))
    host.run(["slapadd", "-f", str(configuration)],
             stdin="dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: example\n")
    return _started(host, ["slapd", "-f", str(configuration), "-h", "ldap:/// ldaps:///", "-d", "0"], 389, 636)


class MariaDB:
    """mariadbd on its port; sql() runs statements as root."""

    def __init__(self, host, made, port, number, *options):
        own = _directory(host, f"mariadb-{port}")
        self._host = host
        self._socket = own / "socket"
        host.run(["mariadb-install-db", "--no-defaults", f"--datadir={own}/data", "--user=root", "--skip-test-db",
                  "--auth-root-authentication-method=normal", "--innodb-log-file-size=4M"], seconds=60)
        self.process = _started(
            host, ["mariadbd", "--no-defaults", f"--datadir={own}/data", f"--socket={self._socket}", f"--port={port}",
                   f"--pid-file={own}/pid", "--user=root", f"--server-id={number}", "--log-bin", "--bind-address=0.0.0.0",
                   "--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M", f"--ssl-cert={made.chain}",
                   f"--ssl-key={made.key}", *options], port)

    def _client(self, statements):
        return ["mariadb", "--no-defaults", f"--socket={self._socket}", "--user=root", "--batch", "--execute", statements]

    def sql(self, statements):
        return self._host.run(self._client(statements)).stdout

    def begin_sql(self, statements):
        """Has statements run that take long, and does not wait for them."""
        self._host.start(self._client(statements))


def postgresql(host, made):
    """PostgreSQL on 5432: `joe` logs in by SCRAM, `old` by MD5, `plain` in clear text, all with password `secret`."""
    own = _directory(host, "postgresql")
    shutil.chown(own, "postgres", "postgres")
    programs = sorted(Path("/usr/lib/postgresql").iterdir())[-1] / "bin"
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = own / "data"
    host.run([*as_postgres, str(programs / "initdb"), "-D", str(data), "-A", "trust", "--no-sync", "--no-locale"],
             seconds=60)
    for source, name in ((made.chain, "server.pem"), (made.key, "server.key")):
        shutil.copy(source, data / name)
        shutil.chown(data / name, "postgres", "postgres")
    (data / "server.key").chmod(0o600)
    (data / "pg_hba.conf").write_text("local all all trust\nhost all old all md5\nhost all plain all password\n"
                                      "host all joe all scram-sha-256\n")
    process = _started(host, [*as_postgres, str(programs / "postgres"), "-D", str(data), "-k", str(own), "-h", "*",
                              "-c", "fsync=off", "-c", "ssl=on", "-c", "ssl_cert_file=server.pem",
                              "-c", "ssl_key_file=server.key"], 5432)
    psql = [*as_postgres, "psql", "-h", str(own), "-d", "postgres"]
    # It listens before it serves.
    wait_until(lambda: host.run(psql, stdin="SELECT 1;", check=False).status == 0, "PostgreSQL to serve", seconds=30)
    host.run(psql,
             stdin="CREATE ROLE joe LOGIN PASSWORD 'secret'; CREATE ROLE plain LOGIN PASSWORD 'secret';"
                   "SET password_encryption = md5; CREATE ROLE old LOGIN PASSWORD 'secret';")
    return process


def redis(host, port, *options):
    """redis-server, with the password `secret`."""
    own = _directory(host, f"redis-{port}")
    return _started(host, ["redis-server", "--bind", "0.0.0.0", "--port", str(port), "--dir", str(own), "--save", "",
                           "--requirepass", "secret", "--masterauth", "secret", *options], port)


def dns(host):
    """dnsmasq on 53: www.example is 10.0.0.1."""
    return _started(host, ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                           "--user=root", "--pid-file=", "--host-record=www.example,10.0.0.1", "--local=/example/",
                           "--mx-host=example,mx.example,10", "--txt-record=example,some text"], 53)


RADIUS_CONFIGURATION = """
logdir = {own}
libdir = /usr/lib/freeradius
client lab {{
  ipaddr = 0.0.0.0/0
  secret = shared
}}
modules {{
  pap {{
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = *
    port = 1812
  }}
  authorize {{
    if (&User-Name == "joe") {{
      update control {{
        &Cleartext-Password := "secret"
      }}
    }}
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
  }}
}}
"""


def radius(host):
    """FreeRADIUS on 1812: `joe` with password `secret`, shared secret `shared`."""
    own = _directory(host, "radius")
    (own / "radiusd.conf").write_text(RADIUS_CONFIGURATION.format(own=own))
    (own / "dictionary").write_text("$INCLUDE /usr/share/freeradius/dictionary\n")
    process = host.start(["freeradius", "-f", "-l", "stdout", "-d", str(own), "-n", "radiusd"])
    process.wait_for_output("Ready to process requests")
    return process


def _directory(host, name):
    own = host.directory / name
    own.mkdir()
    return own


def _started(host, command, *ports):
    process = host.start(command)

    def answers():
        if not process.running():
            raise AssertionError(f"{command[0]} on {host.name} ended:\n{process.output()}")
        for port in ports:
            with host.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True

    wait_until(answers, f"{command[0]} on {host.name}", seconds=30)
    return process
