"""Leads a Python program to the exchange on this machine, and refuses it all else.

Python runs this when it starts, of any version from 3.8 on. Names of the exchange become this
machine and the port of its TLS; other names are unknown, other addresses out of reach, as where
there is no network. What would go around this cannot be imported. Each attempt is a line of a file.
"""

from __future__ import annotations

import errno
import ipaddress
import json
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

_ORDER: dict[str, Any] = json.loads(os.environ.get("SOAK_JAIL", "{}"))
_HOSTS = frozenset(_ORDER.get("hosts", ()))
_PORTS = _ORDER.get("ports", {})
_HERE = Path(__file__).absolute().parent
_NUMBERS = {"https": "443", "http": "80"}
_OWN_SOCKETS = frozenset(
    ("aiodns", "pycares", "uvloop", "winloop", "rloop", "pycurl", "curl_cffi", "nautilus_trader")
)
_SENDS = frozenset(("socket.connect", "socket.sendto", "socket.sendmsg"))


def _note(what: str, where: str) -> None:
    line = json.dumps({"time_us": time.time_ns() // 1000, "what": what, "where": where[:200]})
    with Path(_ORDER["tried"]).open("ab", buffering=0) as file:
        file.write(line.encode() + b"\n")


def _text(host: object) -> str:
    return host.decode("utf-8", "replace") if isinstance(host, (bytes, bytearray)) else str(host)


def _ip(host: str) -> Any:
    """An address; None of a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what goes to an address that is not this machine's."""
    address = arguments[1] if event in _SENDS else None
    if isinstance(address, tuple):
        host = _text(address[0])
        ip = _ip(host)
        if not (host in ("", "localhost") or (ip is not None and ip.is_loopback)):
            _note("connect", "{}:{}".format(*address[:2]))
            raise OSError(errno.ENETUNREACH, "Network is unreachable")


def _led(host: Any) -> Any:
    """What is to be looked up in place of `host`; gaierror of a name that leads away."""
    name = "" if host is None else _text(host).rstrip(".").lower()
    if name in _HOSTS:
        return "127.0.0.1"
    if name not in ("", "localhost") and _ip(name) is None:
        _note("name", name)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return host


def _resolving(real: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(
        host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        there = _led(host)
        if there is not host:
            number = _text(port)
            port = _PORTS.get(_NUMBERS.get(number, number), port)
            family = socket.AF_INET if family == socket.AF_UNSPEC else family
        return real(there, port, family, type, proto, flags)

    return getaddrinfo


def _by_name(real: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda host: real(_led(host))


def _trusting(real: Callable[..., None]) -> Callable[..., None]:
    def load_verify_locations(
        self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None
    ) -> None:
        real(self, cafile=cafile, capath=capath, cadata=cadata)
        real(self, cafile=_ORDER["trusted"])

    return load_verify_locations


class _Refused:
    """Finds no module that has sockets of its own."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in _OWN_SOCKETS:
            raise ImportError(name + " has sockets of its own, which the import shim cannot hold")


def _next_of_name() -> None:
    """Run the sitecustomize that this one stands before, if there is one."""
    path = [entry for entry in sys.path if Path(entry).absolute() != _HERE]
    found = PathFinder.find_spec("sitecustomize", path)
    if found is not None and found.loader is not None:
        from importlib.util import module_from_spec

        found.loader.exec_module(module_from_spec(found))


if _ORDER:
    socket.getaddrinfo = _resolving(socket.getaddrinfo)
    socket.gethostbyname = _by_name(socket.gethostbyname)
    socket.gethostbyname_ex = _by_name(socket.gethostbyname_ex)
    ssl.SSLContext.load_verify_locations = _trusting(  # type: ignore[method-assign]
        ssl.SSLContext.load_verify_locations
    )
    sys.meta_path.insert(0, _Refused)
    sys.addaudithook(_watch)
_next_of_name()
