# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins on hosts, each with a ticket cache of its own that is gone afterwards."""

from testinfra.backend.base import CommandResult
from testinfra.host import Host

CACHE = "/run/testinfra-kerberos-cache"
SCRATCH = "/run/testinfra-kerberos"
_TIDY = f"status=$?; rm -f {CACHE}; exit $status"


def realm_of(platform) -> str:
    return str(platform.variables["platform_domain"]).upper()


def fqdn(platform, name: str) -> str:
    return f"{name}.{platform.variables['platform_domain']}"


def log_in_with_keytab(
    host: Host, principal: str, keytab: str = "/etc/krb5.keytab", then: str = "true"
) -> CommandResult:
    """`then` is a command that uses the ticket, which it finds in $KRB5CCNAME."""
    command = f"kinit -k -t {keytab} {principal} && {then}"
    return host.run(f"export LC_ALL=C KRB5CCNAME=FILE:{CACHE}; {command}; {_TIDY}")


def log_in_with_password(host: Host, principal: str, password: str, then: str = "true") -> CommandResult:
    command = f"kinit {principal} <<'END' > /dev/null && {then}\n{password}\nEND"
    return host.run(f"export LC_ALL=C KRB5CCNAME=FILE:{CACHE}\n{command}\n{_TIDY}")


def ask_only(platform, host: Host, server: str) -> str:
    """A krb5.conf on `host` that knows one Kerberos server and no DNS; its path."""
    path = f"{SCRATCH}-{server}.conf"
    realm = realm_of(platform)
    address = platform.address(server)
    host.check_output(
        f"sed -e 's/dns_lookup_kdc = .*/dns_lookup_kdc = false/' -e 's/^  {realm} = {{$/&\\n    kdc = {address}/'"
        f" /etc/krb5.conf > {path}"
    )
    return path
