# SPDX-License-Identifier: GPL-3.0-or-later
"""Every host has a key that only its services can read, and a certificate of the platform that names it."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

pytestmark = pytest.mark.hosts

FOLDER = "/etc/mesospark/tls"
FILES = {
    "ca.pem": (0o444, "root"),
    "crl.pem": (0o444, "root"),
    "host.pem": (0o444, "root"),
    "host.key": (0o440, "mesospark-tls"),
    "host.p12": (0o440, "mesospark-tls"),
    "truststore.p12": (0o444, "root"),
}


@pytest.fixture(scope="module")
def authority(platform) -> x509.Certificate:
    return x509.load_pem_x509_certificate((platform.secrets_folder / "ca.pem").read_bytes())


@pytest.fixture(scope="module")
def certificates(platform) -> dict[str, x509.Certificate]:
    texts = {name: platform.host(name).file(f"{FOLDER}/host.pem").content for name in platform.members("platform")}
    return {name: x509.load_pem_x509_certificate(text) for name, text in texts.items()}


@pytest.mark.parametrize("name", FILES)
def test_files_and_their_modes(platform, name):
    mode, group = FILES[name]
    for host in platform.members("platform"):
        file = platform.host(host).file(f"{FOLDER}/{name}")
        assert (file.mode, file.user, file.group) == (mode, "root", group), f"{host}: {name}"


def test_key_of_the_authority_stays_with_it(platform):
    (home,) = platform.members("certificate_authority")
    key = platform.host(home).file("/etc/mesospark/ca/ca.key")
    assert (key.mode, key.user) == (0o400, "root")
    assert platform.host(home).file("/etc/mesospark/ca").mode == 0o700
    for other in set(platform.members("platform")) - {home}:
        assert not platform.host(other).file("/etc/mesospark/ca").exists, other


def test_certificates_are_of_the_platform(certificates, authority):
    for certificate in certificates.values():
        certificate.verify_directly_issued_by(authority)


def test_certificates_name_their_host(platform, certificates):
    for name, certificate in certificates.items():
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert f"{name}.{platform.variables['platform_domain']}" in names.get_values_for_type(x509.DNSName)
        assert platform.address(name) in [str(address) for address in names.get_values_for_type(x509.IPAddress)]


def test_certificates_serve_both_sides(certificates):
    for certificate in certificates.values():
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH} <= set(usage)
        assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)


def test_certificates_last_for_a_while(certificates, authority):
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=29)
    assert [name for name, certificate in certificates.items() if certificate.not_valid_after_utc < soon] == []
    assert authority.not_valid_after_utc > soon


def test_key_belongs_to_the_certificate(platform, certificates):
    for name in certificates:
        host = platform.host(name)
        of_key = host.check_output(f"openssl pkey -in {FOLDER}/host.key -pubout")
        assert of_key == host.check_output(f"openssl x509 -in {FOLDER}/host.pem -noout -pubkey"), name


def test_hosts_trust_the_authority(platform):
    for name in platform.members("platform"):
        # Without a CA file of our own: by the system's trust store.
        assert platform.host(name).run(f"openssl verify {FOLDER}/host.pem").rc == 0, name


def test_authorities_say_what_is_revoked(platform):
    for name in platform.members("platform"):
        found = platform.host(name).run(f"openssl crl -in {FOLDER}/crl.pem -noout -CAfile {FOLDER}/ca.pem")
        assert "verify OK" in found.stderr, f"{name}: {found.stderr}"


def test_hosts_look_at_their_certificates_every_day(platform):
    for name in platform.members("platform"):
        host = platform.host(name)
        timer = host.service("mesospark-certificates.timer")
        assert timer.is_enabled, name
        assert timer.is_running, name
        found = host.run("systemctl start mesospark-certificates.service")
        log = "journalctl --unit=mesospark-certificates --output=cat --lines=5"
        assert found.rc == 0, f"{name}: {host.run(log).stdout}"


def test_operator_has_a_client_certificate(platform, authority):
    certificate = x509.load_pem_x509_certificate((platform.secrets_folder / "operator.pem").read_bytes())
    certificate.verify_directly_issued_by(authority)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert (platform.secrets_folder / "operator.key").stat().st_mode & 0o077 == 0
