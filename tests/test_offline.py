"""The guard of tests/offline refuses the network at once and leaves this machine reachable."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

GUARD = Path(__file__).parent / "offline"

LOOPBACK = """
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=lambda: server.accept()[0].sendall(b"hello"), daemon=True).start()
print(socket.create_connection(("localhost", server.getsockname()[1])).recv(5).decode())
"""

ATTEMPTS = {
    "connect": "socket.socket().connect(('192.0.2.1', 80))",
    "connect_ex": "socket.socket().connect_ex(('192.0.2.1', 80))",
    "connect, version 6": "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    "create_connection": "socket.create_connection(('192.0.2.1', 80), timeout=20)",
    "sendto": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "getaddrinfo": "socket.getaddrinfo('example.org', 80)",
    "gethostbyname": "socket.gethostbyname('example.org')",
    "urlopen": "__import__('urllib.request').request.urlopen('http://192.0.2.1', timeout=20)",
}


def run(code, log):
    path = os.pathsep.join(filter(None, (str(GUARD), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, "PYTHONPATH": path, "OFFLINE_LOG": str(log)}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_network_is_refused_at_once(attempt, tmp_path):
    start = time.monotonic()
    result = run(f"import socket\n{ATTEMPTS[attempt]}", tmp_path / "log")
    assert "the network is off in this test" in result.stderr
    assert len((tmp_path / "log").read_text().splitlines()) == 1
    assert time.monotonic() - start < 15


def test_this_machine_stays_reachable(tmp_path):
    result = run(LOOPBACK, tmp_path / "log")
    assert result.stdout == "hello\n", result.stderr
    assert not (tmp_path / "log").exists()
