"""What Prometheus scrapes: one page, for this machine alone, while a soak goes on."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

HOST, PATH = "127.0.0.1", "/metrics"
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""How a request on this machine calls it; a page of another site that is led here calls it else."""


class _Server(ThreadingMixIn, TCPServer):
    allow_reuse_address = sys.platform != "win32"  # there it would let two listen
    daemon_threads = True
    registry: CollectorRegistry


class _Page(BaseHTTPRequestHandler):
    """Answers GET /metrics in the format that is asked for."""

    timeout = 10
    server: _Server

    def do_GET(self) -> None:
        """Answer a scrape."""
        if not local(self.headers.get("Host", "")):
            self.send_error(403, "Host is not this machine")
        elif self.path.partition("?")[0] != PATH:
            self.send_error(404, f"Only {PATH} is here")
        else:
            encode, content_type = choose_encoder(self.headers.get("Accept", ""))
            content = encode(self.server.registry)
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal is the soak's."""


def local(host: str) -> bool:
    """Whether a `Host` header names this machine, at whichever port (a tunnel has another)."""
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    return (name if port.isdigit() else host).lower() in LOCAL_NAMES


class MetricsServer:
    """Serves `registry` at a port of this machine until it is closed.

    Raises OSError where the port cannot be had.
    """

    def __init__(self, port: int, registry: CollectorRegistry) -> None:
        self._server = _Server((HOST, port), _Page)
        self._server.registry = registry
        self._thread = Thread(target=self._server.serve_forever, name="soak-metrics", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it is, to be put into a browser."""
        return f"http://{HOST}:{self._server.server_address[1]}{PATH}"

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
