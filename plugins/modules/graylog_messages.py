#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graylog_messages
short_description: Find lines of jobs and services in Graylog
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Finds any number of log messages by job, run, executor, level, text and time, and gives each once and in true order.
  - Messages that the log shipper sent twice are given once. Within a file they are in the order in which they were
    written, and files are merged by the time that the lines tell.
  - It can wait until so many messages, or a certain one, have arrived.
extends_documentation_fragment:
  - mesospark.platform.log_output
  - mesospark.platform.graylog
  - mesospark.platform.transport
attributes:
  check_mode:
    description: Searches, and writes no file.
    support: full
  diff_mode:
    description: Shows size and digest, not the content, of O(dest).
    support: full
options:
  job:
    description: Name of the job. Lines of all its runs are meant, unless O(run) is given too.
    type: str
  run:
    description: Id of the run.
    type: str
  executors:
    description:
      - Ids of the only executors that are meant, and V(driver) for drivers. A Spark executor's id is the number which
        Spark gives it.
    type: list
    elements: str
    default: []
  level:
    description:
      - Only lines of this level and worse. Lines that tell no level, like those of C(print), are not found then.
    type: str
    choices: [error, warning, info, debug]
  text:
    description: Words that stand one behind the other in the line, in small or capital letters. Whole words only.
    type: str
  query:
    description: Further conditions in Graylog's query language, such as V(stream:stderr AND logger:Executor).
    type: str
  pattern:
    description: Python's regular expression that is found somewhere in the message. It is matched by the module, after
      Graylog has found messages by the other options.
    type: str
  since:
    description:
      - Only lines from this time on, as V(2026-11-21T10:15:00Z), or so long ago, as V(2h). Without a zone it is UTC.
      - By default all that Graylog has.
    type: str
  until:
    description: Only lines up to this time, given like O(since).
    type: str
  wait_for:
    description: What to wait for. Of several conditions all are meant. Without it the task gives what there is.
    type: dict
    suboptions:
      count:
        description: At least so many different messages, found by everything but O(pattern).
        type: int
      pattern:
        description: A message with this regular expression of Python's.
        type: str
      quiet:
        description:
          - At least one message, and no further one for so long, as V(3s). After the end of a run everything has
            arrived then, unless the log shipper lags by more. M(mesospark.platform.executor_logs) is sure of it.
        type: str
  wait:
    description: Whether to wait for O(wait_for).
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, with its unit, as V(5m). Then the task fails and tells what was missing.
    type: str
    default: 1m
  wait_sleep:
    description: How often Graylog is asked.
    type: str
    default: 500ms
notes:
  - The account in O(url_username) finds what its Graylog roles let it read, and nothing else.
seealso:
  - module: mesospark.platform.executor_logs
  - module: mesospark.platform.spark_driver
  - plugin: mesospark.platform.job_logs
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Read everything that a run's driver and executors wrote
  mesospark.platform.graylog_messages:
    run: "{{ run.run_id }}"
    wait_for:
      quiet: 3s
  register: log

- name: Read today's errors of a job, whatever the run
  mesospark.platform.graylog_messages:
    job: settlement
    level: error
    since: 24h

- name: Wait until a stream of orders is open
  mesospark.platform.graylog_messages:
    job: orders
    since: 5m
    wait_for:
      pattern: "Committed offsets of partition \\d+"
    wait_timeout: 10m

- name: Keep a large log in a file
  mesospark.platform.graylog_messages:
    run: settlement-20261121t101500-3fa8
    dest: settlement.log

- name: Read what the agents themselves complained of
  mesospark.platform.graylog_messages:
    query: service:mesos-agent
    level: warning
    since: 1h
"""

RETURN = r"""
messages:
  description: The messages, each once, in true order. Empty if O(dest) is given. Fields that a message does not have
    are left out.
  returned: success
  type: list
  elements: dict
  contains:
    timestamp:
      description: When it was written (UTC), or read if it does not tell.
      type: str
      sample: '2026-11-21T10:15:07.123Z'
    message:
      description: The text, a stack trace with all its lines. Bytes that are no UTF-8 are like C(\xff).
      type: str
    level:
      description: The number of the level, V(3) for errors, V(4) for warnings, V(6) for information, V(7) for
        debugging.
      type: int
    job:
      description: Name of the job.
      type: str
    run:
      description: Id of the run.
      type: str
    executor:
      description: V(driver), or the executor's id.
      type: str
    task_id:
      description: Mesos task id. A driver's begins with C(runs_).
      type: str
    agent_hostname:
      description: Host where it was written.
      type: str
    stream:
      description: V(stdout) or V(stderr).
      type: str
    offset:
      description: Where it stands in its file, in bytes.
      type: int
    length:
      description: Its length in bytes.
      type: int
    record_id:
      description: What tells it from all others.
      type: str
    cut:
      description: V(true) where the record was so long that it goes on in the next message.
      type: str
count:
  description: How many messages are given or written.
  returned: success
  type: int
matched:
  description: How many different messages there are. More than RV(count) only with O(limit).
  returned: success
  type: int
duplicates:
  description: How many messages Graylog has twice.
  returned: success
  type: int
query:
  description: What Graylog was asked, in its query language.
  returned: success
  type: str
  sample: job:"wordcount" AND level:<=3
"""

from ansible_collections.mesospark.platform.plugins.module_utils.arguments import wait_options, waiter_from
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_messages import find_messages
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_module import run_module
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_search import LEVELS
from ansible_collections.mesospark.platform.plugins.module_utils.log_file import FORMATS


def main() -> None:
    conditions = {"count": {"type": "int"}, "pattern": {"type": "str"}, "quiet": {"type": "str"}}
    options = {
        "job": {"type": "str"},
        "run": {"type": "str"},
        "executors": {"type": "list", "elements": "str", "default": []},
        "level": {"type": "str", "choices": list(LEVELS)},
        "text": {"type": "str"},
        "query": {"type": "str"},
        "pattern": {"type": "str"},
        "since": {"type": "str"},
        "until": {"type": "str"},
        "limit": {"type": "int", "default": 0},
        "fields": {"type": "list", "elements": "str", "default": []},
        "dest": {"type": "path"},
        "dest_format": {"type": "str", "choices": list(FORMATS), "default": "text"},
        "wait_for": {"type": "dict", "options": conditions},
        **wait_options("1m", "500ms"),
    }
    run_module(
        options,
        lambda graylog, params, check_mode: find_messages(graylog, waiter_from(params), params, check_mode),
    )


if __name__ == "__main__":
    main()
