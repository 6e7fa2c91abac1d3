"""A certificate of this exchange's own, by an authority that is made for it and thrown away."""

from __future__ import annotations

import ssl
from pathlib import Path

from pytest_soak.errors import SoakUsageError
from pytest_soak.exchange.connections import HOSTS
from pytest_soak.storage.files import write_bytes, writing

CA_FILE, KEY_FILE = "ca.pem", "server.pem"


def server_context(folder: Path) -> ssl.SSLContext:
    """The server's side of TLS; writes the authority's certificate into `folder`, mode 0700.

    The authority's own key is never written. Raises SoakUsageError without the extra `exchange`,
    ArtifactError where the folder cannot be had.
    """
    try:
        import trustme
    except ModuleNotFoundError:
        problem = "needs trustme, which is not installed: pip install 'pytest-soak[exchange]'"
        raise SoakUsageError("TLS", problem) from None

    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    authority = trustme.CA(organization_name="pytest-soak, for this exchange alone")
    certificate = authority.issue_cert(*sorted(HOSTS))
    write_bytes(folder / CA_FILE, authority.cert_pem.bytes())
    key = folder / KEY_FILE
    write_bytes(key, certificate.private_key_and_cert_chain_pem.bytes())
    key.chmod(0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key)
    return context
