# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of jobs, where an expression needs them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: job_logs
short_description: Lines which the last run of a job wrote
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Gives the messages of a job's last run, or of a certain run, each once and in true order, as Graylog has them.
  - Meant for small amounts. For more, for files, and to wait for lines use M(mesospark.platform.graylog_messages).
options:
  _terms:
    description: Names of jobs, of which the run that started last is meant, and ids of runs.
    required: true
  graylog_url:
    description: URL of Graylog, without C(/api). Several are tried in turn.
    type: list
    elements: str
    env:
      - name: GRAYLOG_URL
    vars:
      - name: job_logs_graylog_url
  url_username:
    description: Name of the user at Graylog.
    type: str
    env:
      - name: GRAYLOG_USERNAME
    vars:
      - name: job_logs_username
  url_password:
    description: Password of O(url_username).
    type: str
    env:
      - name: GRAYLOG_PASSWORD
    vars:
      - name: job_logs_password
  ca_path:
    description: File with the certificates (PEM) of the authorities that vouch for the server.
    type: path
    env:
      - name: MESOSPARK_CA_PATH
    vars:
      - name: job_logs_ca_path
  client_cert:
    description: File with the client certificate (PEM).
    type: path
    env:
      - name: MESOSPARK_CLIENT_CERT
  client_key:
    description: File with the key (PEM, not encrypted) of O(client_cert).
    type: path
    env:
      - name: MESOSPARK_CLIENT_KEY
  auth:
    description: V(kerberos) proves by a ticket who asks, and asks a gateway; V(basic) takes name and password.
    type: str
    choices: [basic, kerberos]
    default: basic
    env:
      - name: MESOSPARK_AUTH
    vars:
      - name: job_logs_auth
  kerberos_principal:
    description: Kerberos principal that asks, with O(auth=kerberos). The default is the owner of the ticket cache.
    type: str
    env:
      - name: MESOSPARK_KERBEROS_PRINCIPAL
  kerberos_keytab:
    description: Keytab to get a ticket with. Without it a ticket must be there, as C(kinit) gets it.
    type: path
    env:
      - name: MESOSPARK_KERBEROS_KEYTAB
  kerberos_credential_cache:
    description: Name of the ticket cache. The default is the one of the Kerberos configuration.
    type: str
    env:
      - name: MESOSPARK_KERBEROS_CREDENTIAL_CACHE
  validate_certs:
    description: Whether the server's certificate is verified. Turn it off in tests only.
    type: bool
    default: true
  timeout:
    description: Seconds of silence after which a single request is given up.
    type: float
    default: 10.0
  executors:
    description: Ids of the only executors that are meant, and V(driver).
    type: list
    elements: str
    default: []
  level:
    description: Only lines of this level and worse.
    type: str
    choices: [error, warning, info, debug]
  pattern:
    description: Only messages in which Python's regular expression is found somewhere.
    type: str
  limit:
    description: Only the last so many messages of each run. V(0) gives all.
    type: int
    default: 0
  origin:
    description: Whether time, host, executor and stream stand before each message.
    type: bool
    default: false
seealso:
  - module: mesospark.platform.graylog_messages
"""

EXAMPLES = r"""
- name: Show how the last run of a job ended
  ansible.builtin.debug:
    msg: "{{ query('mesospark.platform.job_logs', 'settlement', executors=['driver'], limit=20) }}"

- name: Fail if its executors complained
  ansible.builtin.assert:
    that: query('mesospark.platform.job_logs', 'settlement', level='error') | length == 0
"""

RETURN = r"""
_raw:
  description: The messages, a stack trace with all its lines as one.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.mesospark.platform.plugins.module_utils.arguments import graylog_from
from ansible_collections.mesospark.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.mesospark.platform.plugins.module_utils.graylog import Graylog
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_messages import run_messages
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_search import newest_run, started
from ansible_collections.mesospark.platform.plugins.module_utils.log_records import text_line


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: t.Optional[dict[str, t.Any]] = None, **kwargs: t.Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        options = self.get_options()
        try:
            graylog = graylog_from(options)
            messages = [record for term in terms for record in run_messages(graylog, run_of(graylog, term), options)]
        except PlatformError as error:
            raise AnsibleLookupError(error.message) from error
        return [text_line(record) if options["origin"] else record.get("message", "") for record in messages]


def run_of(graylog: Graylog, term: str) -> str:
    """The run that a term means. Raises PlatformError when there is none."""
    run = term if started(term) else newest_run(graylog, term)
    if run is None:
        raise PlatformError(f"Graylog at {graylog.url} has no lines of a job {term!r}: is the name right?")
    return run
