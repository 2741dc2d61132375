"""The real keepalived on a host of the lab."""

import os
import signal

from .process import wait_until


class Keepalived:
    """keepalived in the foreground with a configuration, a directory and PID files of its own."""

    def __init__(self, host, configuration):
        self.host = host
        self.own = host.directory / "keepalived"
        self.own.mkdir(exist_ok=True)
        self.configuration = self.own / "keepalived.conf"
        self.configuration.write_text(configuration)
        self.process = None

    def start(self):
        pids = [f"{self.own}/{name}.pid" for name in ("main", "vrrp", "check")]
        self.process = self.host.start(["keepalived", "-n", "-l", "-D", "-f", str(self.configuration),
                                        "-p", pids[0], "-r", pids[1], "-c", pids[2]])
        wait_until(lambda: (self.own / "vrrp.pid").exists(), "keepalived's VRRP process")

    def stop(self):
        """SIGTERM: it hands over."""
        self.process.stop(seconds=10)

    def signal(self, number):
        """Sends a signal to all of its processes at once."""
        for name in ("main", "vrrp"):
            os.kill(int((self.own / f"{name}.pid").read_text()), number)

    def kill(self):
        self.signal(signal.SIGKILL)

    def log(self):
        return self.process.output()


def instance(**settings):
    """keepalived.conf with one vrrp_instance. `addresses` is a list, `extra` text that goes in as it is."""
    settings = {"interface": "lan", "router_id": 51, "priority": 100, "interval": 1, "version": 3, "extra": "",
                "addresses": ["10.0.0.100/24"], "globals": ""} | settings
    addresses = "\n".join(f"    {address}" for address in settings["addresses"])
    return f"""
global_defs {{
  vrrp_version {settings["version"]}
  vrrp_garp_master_delay 1
  {settings["globals"]}
}}
vrrp_instance edge {{
  state BACKUP
  interface {settings["interface"]}
  virtual_router_id {settings["router_id"]}
  priority {settings["priority"]}
  advert_int {settings["interval"]}
  {settings["extra"]}
  virtual_ipaddress {{
{addresses}
  }}
}}
"""
