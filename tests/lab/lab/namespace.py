"""Network namespaces: entering them, configuring them in batches, removing them."""

import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from .process import run
from .programs import program

CLONE_NEWNET = 0x40000000
SIOCETHTOOL, ETHTOOL_GLINK = 0x8946, 0x0A
NAMESPACES = Path("/run/netns")
RUNTIME = Path("/run/ballast")
LAB_NAME = re.compile(r"ballast-(\d+)-\d+-")

_libc = ctypes.CDLL(None, use_errno=True)


def _setns(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


@contextmanager
def entered(name):
    """This thread is in the namespace inside the `with` block. Sockets made there stay there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(NAMESPACES / name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _setns(there)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(there)
        os.close(home)


def set_sysctls(name, settings):
    """Sets sysctls under net. in the namespace: {"ipv4.ip_forward": 1}."""
    with entered(name):
        for key, value in settings.items():
            Path("/proc/sys/net", key.replace(".", "/")).write_text(f"{value}\n")


def ip_batch(lines, namespace=None):
    """Runs `ip` commands, one per line, in one process."""
    inside = ["-netns", namespace] if namespace else []
    run(["ip", *inside, "-batch", "-"], stdin="".join(f"{line}\n" for line in lines))


def settle_carrier(name, interface):
    """Makes the kernel act on a link's new carrier now. By itself it does so within a second, and until then IPv6 does
    not use the link; asking for the carrier (ETHTOOL_GLINK) takes the change out of its queue."""
    with entered(name), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        question = ctypes.create_string_buffer(struct.pack("II", ETHTOOL_GLINK, 0))
        request = struct.pack("16sP16x", interface.encode(), ctypes.addressof(question))
        fcntl.ioctl(asking, SIOCETHTOOL, request)


def take_down_ballast(name):
    """Ends the daemon of the namespace, if there is one, and removes its packet path. Returns what went wrong or ''."""
    if not (RUNTIME / name).exists() or not program("ballast").exists():
        return ""
    outcome = run(["ip", "netns", "exec", name, program("ballast"), "stop"], check=False)
    return "" if outcome.status == 0 else str(outcome)


def remove_namespaces(names):
    """Ends what runs in the namespaces and removes them with what Ballast left about them in the file system."""
    for name in names:
        for pid in run(["ip", "netns", "pids", name], check=False).stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    if names:
        run(["ip", "-force", "-batch", "-"], stdin="".join(f"netns del {name}\n" for name in names), check=False)
    for name in names:
        shutil.rmtree(RUNTIME / name, ignore_errors=True)
        (RUNTIME / f"realserver-{name}.json").unlink(missing_ok=True)
    _remove_runtime_directory()


def _remove_runtime_directory():
    """Removes /run/ballast, and the BPF file system that Ballast mounts there on machines that have none at
    /sys/fs/bpf, unless other instances use them."""
    pins = RUNTIME / "bpf"
    with suppress(OSError):
        if {entry.name for entry in RUNTIME.iterdir()} <= {pins.name}:
            with suppress(OSError):
                (pins / "ballast").rmdir()
            if pins.is_mount() and not (pins / "ballast").exists():
                run(["umount", pins], check=False)
            with suppress(OSError):
                pins.rmdir()
            RUNTIME.rmdir()


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def sweep():
    """Removes what labs left behind whose process is gone without having taken them down."""

    def orphans(directory):
        found = (entry.name for entry in directory.iterdir()) if directory.is_dir() else ()
        return [name for name in found if (match := LAB_NAME.match(name)) and not _alive(int(match[1]))]

    namespaces = orphans(NAMESPACES)
    for name in namespaces:
        take_down_ballast(name)
    remove_namespaces(namespaces)
    for name in orphans(Path(tempfile.gettempdir())):
        shutil.rmtree(Path(tempfile.gettempdir(), name), ignore_errors=True)
