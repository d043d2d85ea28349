# SPDX-License-Identifier: GPL-3.0-or-later
"""Client certificates that an authority has revoked."""

import datetime
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mesos_runtime.local_cluster.certificates import Certificate, CertificateAuthority
from mesospark_marathon.options import OptionError, Options
from mesospark_marathon.server.access import server_tls_context


def revoke(authority: CertificateAuthority, *revoked: Certificate) -> Path:
    """The authority's list of what it has revoked."""
    issuer = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    key = serialization.load_pem_private_key((authority.folder / "ca.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateRevocationListBuilder(issuer.subject, now, now + datetime.timedelta(days=1))
    for certificate in revoked:
        number = x509.load_pem_x509_certificate(certificate.certificate.read_bytes()).serial_number
        entry = x509.RevokedCertificateBuilder(number, now).build()
        builder = builder.add_revoked_certificate(entry)
    path = authority.folder / "crl.pem"
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def welcome(server: ssl.SSLContext, client: ssl.SSLContext) -> bool:
    """Whether a server lets a client in."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        accepted = threads.submit(lambda: server.wrap_socket(listener.accept()[0], server_side=True))
        plain = socket.create_connection(listener.getsockname(), 5)
        with plain, client.wrap_socket(plain, server_hostname="127.0.0.1"):
            try:
                accepted.result(5).close()
            except ssl.SSLError as error:
                assert "certificate revoked" in str(error)
                return False
    return True


def test_revoked_certificates_are_refused(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path / "ca")
    host = authority.issue("host", ["127.0.0.1"])
    good, stolen = authority.issue("good"), authority.issue("stolen")
    options = Options(
        ssl_certificate_file=str(host.certificate),
        ssl_key_file=str(host.key),
        ssl_ca_file=str(authority.certificate),
        ssl_client_authentication="optional",
        ssl_crl_file=str(revoke(authority, stolen)),
    )
    context = server_tls_context(options)
    assert context is not None
    assert welcome(context, authority.client_context(good))
    assert welcome(context, authority.client_context())
    assert not welcome(context, authority.client_context(stolen))


def test_what_is_no_list(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path / "ca")
    host = authority.issue("host", ["127.0.0.1"])
    options = Options(
        ssl_certificate_file=str(host.certificate),
        ssl_key_file=str(host.key),
        ssl_ca_file=str(authority.certificate),
        ssl_crl_file=str(host.key),
    )
    with pytest.raises(OptionError, match=r"--ssl_crl_file .*: not a PEM file of revocation lists"):
        server_tls_context(options)
