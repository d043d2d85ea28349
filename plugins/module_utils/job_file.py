# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Job files: the options of the module spark_driver in a YAML file. Errors name the line and the key."""

from __future__ import annotations

import difflib
import os
import typing as t

from .errors import OptionError, PlatformError
from .sizes import seconds
from .spark_options import JOB_OPTIONS, job_from

try:
    import yaml
except ImportError:
    HAS_YAML = False
else:
    HAS_YAML = True

# What a job file may say besides what the job is.
_RUN_OPTIONS: dict[str, dict[str, t.Any]] = {
    "wait_timeout": {"type": "str"},
    "timeout_action": {"type": "str", "choices": ["remove", "leave"]},
    "log_lines": {"type": "int"},
}
KEYS = {**JOB_OPTIONS, **_RUN_OPTIONS}
_REQUIRED = ("name", "application")
_PATH_KEYS = ("application", "py_files", "jars", "files")
_SCALAR_TAGS = {
    "str": ("str", "int", "float"),
    "path": ("str",),
    "int": ("int",),
    "float": ("int", "float"),
}
_MEANINGS = {"str": "a text", "path": "a path", "int": "a whole number", "float": "a number"}


class JobFileError(PlatformError):
    """Something in a job file is wrong; the message begins with the file and the line."""


def read_job_file(path: str) -> dict[str, t.Any]:
    """The job's options, its local paths absolute: a job file's paths are relative to its own folder.

    Raises JobFileError.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise JobFileError(f"{path}: the job file can not be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise JobFileError(f"{path}: the job file is no text in UTF-8.") from error
    options, lines = parse_job(text, path)
    folder = os.path.dirname(os.path.abspath(path))
    for key in _PATH_KEYS:
        if key in options:
            value = options[key]
            options[key] = (
                [_absolute(folder, item) for item in value] if isinstance(value, list) else _absolute(folder, value)
            )
    _judge(options, lines, path)
    return options


def parse_job(text: str, name: str) -> tuple[dict[str, t.Any], dict[str, int]]:
    """The options in the text of a job file called ``name``, and the line of each: ``conf``, ``conf.spark.ui.port``.

    Raises JobFileError.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise JobFileError(f"{name}, line {line}: this is not YAML: {error.problem}.") from error
    except yaml.YAMLError as error:
        raise JobFileError(f"{name}: this is not YAML: {error}.") from error
    if not isinstance(root, yaml.MappingNode):
        raise JobFileError(f"{name}: a job file is a mapping of keys and values, such as 'name: word-count'.")
    options: dict[str, t.Any] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in root.value:
        key = _register(key_node, "", lines, name)
        if key not in KEYS:
            raise JobFileError(f"{name}, line {lines[key]}: there is no key {key!r}{_suggestion(key)}.")
        _check(value_node, KEYS[key], key, name)
        if isinstance(value_node, yaml.MappingNode):
            for inner_node, _value in value_node.value:
                _register(inner_node, f"{key}.", lines, name)
        options[key] = _value_of(value_node, key, name)
    for key in _REQUIRED:
        if key not in options:
            raise JobFileError(f"{name}: the key {key} is missing.")
    if "executor_instances" in options and "max_cores" in options:
        raise JobFileError(
            f"{name}, line {lines['max_cores']}: max_cores and executor_instances exclude each other; keep one of them."
        )
    return options, lines


def _register(node: yaml.Node, prefix: str, lines: dict[str, int], name: str) -> str:
    """Note the line of a key, and return it with its prefix."""
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.ScalarNode):
        raise JobFileError(f"{name}, line {line}: a key is one word, and what stands here is none.")
    key = f"{prefix}{node.value}"
    if key in lines:
        raise JobFileError(f"{name}, line {line}: {key} was already given in line {lines[key]}.")
    lines[key] = line
    return key


def _value_of(node: yaml.Node, key: str, name: str) -> t.Any:
    try:
        return yaml.SafeLoader("").construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark or node.start_mark).line + 1
        raise JobFileError(f"{name}, line {line}: the value of {key} can not be read: {error.problem}.") from error


def _judge(options: dict[str, t.Any], lines: dict[str, int], name: str) -> None:
    """Let the values be judged as spark_driver will judge them, because only here their lines are known."""
    params: dict[str, t.Any] = {key: spec.get("default") for key, spec in JOB_OPTIONS.items()}
    # The image may be left to the platform, and the master is not the file's matter.
    params["image"] = "any"
    params.update({key: _as_option(KEYS[key], value) for key, value in options.items()})
    try:
        job_from(params, "mesos://any")
        if "wait_timeout" in params:
            seconds("wait_timeout", params["wait_timeout"])
    except OptionError as error:
        option = error.record["option"]
        line = lines.get(option) or lines[option.partition(".")[0]]
        raise JobFileError(f"{name}, line {line}: {error.message}") from error


def _as_option(spec: dict[str, t.Any], value: t.Any) -> t.Any:
    """A value as the module's arguments make it from YAML's numbers and names."""
    if spec["type"] == "list":
        return [_as_option({"type": spec["elements"], "elements": "raw"}, item) for item in value]
    if spec["type"] == "dict":
        return {str(key): item for key, item in value.items()}
    return str(value) if spec["type"] in ("str", "path") else value


def _suggestion(key: str) -> str:
    close = difflib.get_close_matches(key, KEYS, 1, 0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(sorted(KEYS))}"


def _check(node: yaml.Node, spec: dict[str, t.Any], key: str, name: str) -> None:
    """Compare a value's form with what the option takes."""
    place = f"{name}, line {node.start_mark.line + 1}"
    kind = spec["type"]
    if kind == "list":
        if not isinstance(node, yaml.SequenceNode):
            raise JobFileError(f"{place}: {key} is a list, such as [a, b].")
        for item in node.value:
            _check(item, {"type": spec["elements"], "elements": "str"}, f"each item of {key}", name)
    elif kind == "dict":
        if not isinstance(node, yaml.MappingNode):
            raise JobFileError(f"{place}: {key} is a mapping of names and values.")
    elif not isinstance(node, yaml.ScalarNode) or node.tag.rpartition(":")[2] not in _SCALAR_TAGS[kind]:
        shown = f", not {node.value!r}" if isinstance(node, yaml.ScalarNode) else ""
        raise JobFileError(f"{place}: {key} is {_MEANINGS[kind]}{shown}.")
    elif "choices" in spec and node.value not in spec["choices"]:
        raise JobFileError(f"{place}: {key} is one of {', '.join(spec['choices'])}, not {node.value!r}.")


def _absolute(folder: str, path: str) -> str:
    local = "://" not in path and not path.startswith("local:")
    return os.path.normpath(os.path.join(folder, os.path.expanduser(path))) if local else path
