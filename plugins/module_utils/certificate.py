# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate says, and what is wrong with it."""

from __future__ import annotations

import datetime
import ssl
import traceback
import typing as t

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
except ImportError:
    CRYPTOGRAPHY_MISSING: str | None = traceback.format_exc()
else:
    CRYPTOGRAPHY_MISSING = None

_DAY = 86400.0  # seconds
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def read_certificates(path: str) -> list[bytes]:
    """Certificates (DER) of a PEM file, in its order.

    Raises:
        OSError: the file can not be read.
        ValueError: it holds no certificate.
    """
    with open(path, encoding="ascii", errors="replace") as stream:
        parts = stream.read().split(_BEGIN)[1:]
    if not parts:
        raise ValueError(f"{path} holds no certificate in PEM")
    return [ssl.PEM_cert_to_DER_cert(f"{_BEGIN}{part.partition(_END)[0]}{_END}") for part in parts]


def describe(certificate: bytes, now: float) -> dict[str, t.Any]:
    """What a certificate (DER) says; ``now`` in seconds since the epoch.

    ``not_before`` and ``not_after`` are ISO 8601 in UTC, ``days_left`` is negative when it has ended.

    Raises:
        ValueError: it is no certificate.
    """
    parsed = x509.load_der_x509_certificate(certificate)
    end = _time(parsed, "not_valid_after")
    return {
        "subject": parsed.subject.rfc4514_string(),
        "issuer": parsed.issuer.rfc4514_string(),
        "names": _names(parsed),
        "serial_number": f"{parsed.serial_number:x}",
        "fingerprint": parsed.fingerprint(hashes.SHA256()).hex(),
        "not_before": _time(parsed, "not_valid_before").isoformat(),
        "not_after": end.isoformat(),
        "days_left": round((end.timestamp() - now) / _DAY, 1),
    }


def validity_problems(described: t.Mapping[str, t.Any], window: float, now: float) -> list[str]:
    """What is wrong with the dates of a certificate as ``describe`` returns it; ``window`` in seconds."""
    left = described["days_left"]
    if left < 0:
        return [f"has expired {-left:g} days ago, on {described['not_after']}"]
    if datetime.datetime.fromisoformat(described["not_before"]).timestamp() > now:
        return [f"is not valid before {described['not_before']}: compare the clocks"]
    if left < window / _DAY:
        return [f"ends in {left:g} days, on {described['not_after']}"]
    return []


def _names(certificate: x509.Certificate) -> list[str]:
    """DNS names and IP addresses that it is for."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    names = extension.value
    return [
        *names.get_values_for_type(x509.DNSName),
        *(str(address) for address in names.get_values_for_type(x509.IPAddress)),
    ]


def _time(certificate: x509.Certificate, name: str) -> datetime.datetime:
    # Older versions of cryptography have no time zone in it.
    with_zone: datetime.datetime | None = getattr(certificate, f"{name}_utc", None)
    if with_zone is not None:
        return with_zone
    without: datetime.datetime = getattr(certificate, name)
    return without.replace(tzinfo=datetime.timezone.utc)
