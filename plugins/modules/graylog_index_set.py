#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: graylog_index_set
short_description: Manage an index set of Graylog
version_added: 0.2.0
author:
  - The mesospark maintainers (@mesospark)
description:
  - Makes an index set, brings it to the options, or removes it.
  - An index set says how long messages are kept and how much disk they take. The largest size is about that of one
    index times the number of indices kept, times one plus the number of replicas.
  - Options that are not given keep their values.
extends_documentation_fragment:
  - mesospark.platform.graylog
  - mesospark.platform.transport
  - mesospark.platform.graylog_wait
attributes:
  check_mode:
    description: Says what would be changed without changing anything.
    support: full
  diff_mode:
    description: Shows the fields that differ, before and after, sizes in bytes and durations in seconds.
    support: full
options:
  index_prefix:
    description: What the names of the indices begin with, such as V(jobs). It is the index set's identity.
    type: str
    required: true
  title:
    description: The title in Graylog's pages. A new index set has its prefix as title if none is given.
    type: str
  description:
    description: A sentence for people.
    type: str
  shards:
    description: Number of shards of an index, V(1) for a new index set. It holds from the next index on.
    type: int
  replicas:
    description: Number of copies of every shard, V(0) for a new index set. It holds from the next index on.
    type: int
  rotation:
    description: When a new index is begun. A new index set begins one after V(1g).
    type: dict
    suboptions:
      strategy:
        description: Whether an index is full by its number of messages, its size, or its age.
        type: str
        choices: [count, size, time]
        required: true
      max_documents:
        description: Number of messages for the strategy V(count).
        type: int
      max_size:
        description: Size for the strategy V(size), such as V(512m) or V(2g).
        type: str
      period:
        description: Age for the strategy V(time), such as V(1d) or V(12h), or an ISO period such as V(P1M).
        type: str
  retention:
    description: What becomes of old indices. A new index set keeps 20 and deletes the oldest.
    type: dict
    suboptions:
      strategy:
        description:
          - V(delete) deletes the oldest index, V(close) closes it, which keeps its disk space.
          - V(none) keeps all.
        type: str
        choices: [delete, close, none]
        required: true
      max_indices:
        description: How many indices are kept, unless O(retention.strategy=none).
        type: int
  optimize:
    description: Whether an index is compacted after the next one was begun. V(true) for a new index set.
    type: bool
  field_type_refresh_interval:
    description: How often the types of the fields are read from the indices, such as V(5s).
    type: str
  default:
    description:
      - Whether the index set takes the messages which no stream sends elsewhere.
      - It ends by making another one the default.
    type: bool
    default: false
  delete_indices:
    description: Whether O(state=absent) deletes the messages too.
    type: bool
    default: false
  state:
    description: Whether there is the index set. One that is the default or used by a stream is not removed.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Graylog makes the first index of a new index set some seconds later, and messages for it are lost until then. With
    O(wait=true) the task ends when it is there.
seealso:
  - module: mesospark.platform.graylog_stream
"""

EXAMPLES = r"""
- name: Keep the logs of jobs in 20 GB
  mesospark.platform.graylog_index_set:
    index_prefix: jobs
    title: Logs of jobs
    rotation:
      strategy: size
      max_size: 1g
    retention:
      strategy: delete
      max_indices: 20

- name: Keep the platform's own logs for four weeks
  mesospark.platform.graylog_index_set:
    index_prefix: platform
    rotation:
      strategy: time
      period: 1d
    retention:
      strategy: delete
      max_indices: 28
"""

RETURN = r"""
index_set:
  description: The index set as Graylog shows it after the change (in check mode before it), null if there is none.
  returned: success
  type: dict
"""

from ansible_collections.mesospark.platform.plugins.module_utils.arguments import graylog_wait_options, waiter_from
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_index_set import apply_index_set
from ansible_collections.mesospark.platform.plugins.module_utils.graylog_module import run_module


def main() -> None:
    rotation = {
        "strategy": {"type": "str", "choices": ["count", "size", "time"], "required": True},
        "max_documents": {"type": "int"},
        "max_size": {"type": "str"},
        "period": {"type": "str"},
    }
    retention = {
        "strategy": {"type": "str", "choices": ["delete", "close", "none"], "required": True},
        "max_indices": {"type": "int"},
    }
    options = {
        **graylog_wait_options(),
        "index_prefix": {"type": "str", "required": True},
        "title": {"type": "str"},
        "description": {"type": "str"},
        "shards": {"type": "int"},
        "replicas": {"type": "int"},
        "rotation": {"type": "dict", "options": rotation},
        "retention": {"type": "dict", "options": retention},
        "optimize": {"type": "bool"},
        "field_type_refresh_interval": {"type": "str"},
        "default": {"type": "bool", "default": False},
        "delete_indices": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    run_module(
        options,
        lambda graylog, params, check_mode: apply_index_set(graylog, waiter_from(params), params, check_mode),
    )


if __name__ == "__main__":
    main()
