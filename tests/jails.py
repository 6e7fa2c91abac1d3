"""A small exchange and a curious bot in a jail; a program, too, for another user to run.

    python tests/jails.py FOLDER

It needs the standard library and this package's jail alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from pytest_soak.exchange.jail.jail import Jail, Venue, open_jail

SERVER = """
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2])
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print(listening.getsockname()[1], flush=True)
while True:
    plain, _ = listening.accept()
    try:
        with context.wrap_socket(plain, server_side=True) as there:
            there.recv(4096)
            there.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\nhello")
    except OSError:
        pass
"""
BOT = """
import errno, json, os, socket, urllib.request
def how(work):
    try:
        return str(work())
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)
def sent():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        return one.sendto(b"x", ("192.0.2.1", 53))
def connected(host):
    with socket.create_connection((host, 443), 5):
        return "connected"
def trusted():
    try:
        import certifi
    except ImportError:
        return None
    return open(certifi.where(), "rb").read() == open(os.environ["SOAK_EXCHANGE_CA"], "rb").read()
def answer():
    return urllib.request.urlopen("https://api.bybit.com/v5/market/time", timeout=20).read()
def looked_up():
    try:
        return socket.getaddrinfo("example.com", 443)
    except socket.gaierror:
        return "unknown"
print(json.dumps({
    "answer": how(answer), "address": how(lambda: connected("192.0.2.1")),
    "datagram": how(sent),
    "name": how(looked_up), "certifi": trusted(),
    "uid": getattr(os, "getuid", int)(), "folder": os.getcwd(),
}))
"""


@contextmanager
def served(jail: Jail, folder: Path) -> Iterator[Venue]:
    """A server of TLS in a jail; `folder` has server.pem, its chain and key, and ca.pem."""
    command = [sys.executable, "-c", SERVER, str(jail.tls_port), str(folder / "server.pem")]
    server = subprocess.Popen(jail.command(command), stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        yield Venue(port, port, folder / "ca.pem", "key", "secret")
    finally:
        server.kill()
        server.communicate()


def seen(folder: Path, best: str = "namespace", program: str = BOT) -> dict[str, Any]:
    """What a bot sees in a jail, and what the jail says of it."""
    with open_jail(folder / "jail", best=best) as jail, served(jail, folder) as venue:
        command = [sys.executable, "-c", program]
        env = dict(os.environ) | {"HTTPS_PROXY": "http://192.0.2.1:3128"}
        admitted = jail.admit(command, env, folder, venue)
        done = subprocess.run(
            admitted.command, env=admitted.env, cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found | {"isolation": admitted.isolation.name, "outside": jail.outside()._asdict()}


if __name__ == "__main__":
    print(json.dumps(seen(Path(sys.argv[1]))))
