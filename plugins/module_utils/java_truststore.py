# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PKCS#12 trust stores as Java reads them: unencrypted and without a MAC, so equal certificates give equal bytes."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

SEQUENCE, SET, OCTET_STRING, OBJECT_IDENTIFIER, INTEGER, BMP_STRING, EXPLICIT_0 = (
    0x30,
    0x31,
    0x04,
    0x06,
    0x02,
    0x1E,
    0xA0,
)

PKCS7_DATA = "1.2.840.113549.1.7.1"
CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.3"
X509_CERTIFICATE = "1.2.840.113549.1.9.22.1"
FRIENDLY_NAME = "1.2.840.113549.1.9.20"
# Java ignores certificates that lack its own attribute 'trusted key usage'.
JAVA_TRUSTED_KEY_USAGE = "2.16.840.1.113894.746875.1.1"
ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0"


def build_truststore(certificates: Mapping[str, str]) -> bytes:
    """Return the trust store with each certificate (PEM) under its alias.

    Raises:
        ValueError: an alias has no certificate in PEM; the message names the alias.
    """
    bags = b"".join(_bag(alias, _der(alias, pem)) for alias, pem in sorted(certificates.items()))
    safe = _tag(SEQUENCE, _data(_tag(SEQUENCE, bags)))
    return _tag(SEQUENCE, _tag(INTEGER, b"\x03") + _data(safe))


def _der(alias: str, pem: object) -> bytes:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    text = str(pem)
    if text.count(begin) != 1 or end not in text:
        raise ValueError(f"{alias} is not one certificate in PEM")
    try:
        return ssl.PEM_cert_to_DER_cert(text[text.index(begin) : text.index(end) + len(end)])
    except ValueError:
        raise ValueError(f"{alias} is not one certificate in PEM") from None


def _bag(alias: str, certificate: bytes) -> bytes:
    value = _tag(SEQUENCE, _object_identifier(X509_CERTIFICATE) + _tag(EXPLICIT_0, _tag(OCTET_STRING, certificate)))
    attributes = _tag(
        SET,
        _attribute(FRIENDLY_NAME, _tag(BMP_STRING, alias.encode("utf-16-be")))
        + _attribute(JAVA_TRUSTED_KEY_USAGE, _object_identifier(ANY_EXTENDED_KEY_USAGE)),
    )
    return _tag(SEQUENCE, _object_identifier(CERTIFICATE_BAG) + _tag(EXPLICIT_0, value) + attributes)


def _attribute(identifier: str, value: bytes) -> bytes:
    return _tag(SEQUENCE, _object_identifier(identifier) + _tag(SET, value))


def _data(content: bytes) -> bytes:
    return _tag(SEQUENCE, _object_identifier(PKCS7_DATA) + _tag(EXPLICIT_0, _tag(OCTET_STRING, content)))


def _tag(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _object_identifier(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    encoded = bytearray()
    for number in (first * 40 + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | (number & 0x7F))
        encoded += bytes(reversed(groups))
    return _tag(OBJECT_IDENTIFIER, bytes(encoded))
