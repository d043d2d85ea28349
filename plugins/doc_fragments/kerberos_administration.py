# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options that lead to the administration of a Kerberos realm."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  realm:
    description: The realm. Without it, the C(default_realm) of C(/etc/krb5.conf).
    type: str
  admin_principal:
    description:
      - Administrator to log in as, for a database on another host. Without one C(kadmin.local) is used, as root on the
        host that holds the database.
      - To export keys without changing them, it needs the privilege C(e) in C(kadm5.acl).
    type: str
  admin_keytab:
    description: Keytab of O(admin_principal).
    type: path
  admin_server:
    description: Host of the administration server. Without it the DNS records C(_kerberos-adm._tcp) are asked.
    type: str
requirements:
  - kadmin of MIT Kerberos 1.16 or later
"""
