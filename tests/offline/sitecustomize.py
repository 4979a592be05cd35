"""Refuse the network to every Python that starts with this folder on PYTHONPATH; loopback stays open.

Python tells an audit hook before a socket connects, sends or looks a name up, so the hook can refuse and
nothing leaves the machine. Each refusal is a line in the file that OFFLINE_LOG names: code that catches the
error is noticed all the same. Libraries that bypass Python's own sockets are not seen.
"""

import ipaddress
import os
import sys

SENDS = {"socket.connect", "socket.sendto", "socket.sendmsg"}  # (socket, address)
LOOKS_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}  # (host, ...)


def target(event, arguments):
    """Return the host that an event would reach over the network, or None."""
    if event in LOOKS_UP:
        return arguments[0]
    if event not in SENDS:
        return None
    import socket

    sock, address = arguments
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or address is None:
        return None  # a Unix socket and the like, or more data to a peer that passed this test
    return address[0]


def is_local(host):
    """Tell whether a host is this machine."""
    host = os.fsdecode(host).split("%")[0]
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse(event, arguments):
    """Refuse what is not local, and write it down."""
    host = target(event, arguments)
    if host is None or is_local(host):
        return
    with open(os.environ["OFFLINE_LOG"], "a", encoding="utf-8") as log:
        log.write(f"{event} {host!r}\n")
    raise OSError(f"the network is off in this test: {event} {host!r}")


sys.addaudithook(refuse)
