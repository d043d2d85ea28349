// SPDX-License-Identifier: GPL-3.0-or-later
//
// How agent, mesos-containerizer and executors pass on environments. mesos_executors/settings.py reads the result.
#pragma once

// In front of a variable that the agent sends through mesos-containerizer to mesos-executor.
inline constexpr char kExecutorPrefix[] = "MESOS_RUNTIME_EXECUTOR_";
// In front of a variable that Mesos meant for the task: mesos-executor hands it on without acting on it.
inline constexpr char kTaskPrefix[] = "MESOS_RUNTIME_TASK_";
// The one variable that only Mesos can make and that differs per executor. A task that sets it locks itself out.
inline constexpr char kTokenVariable[] = "MESOS_EXECUTOR_AUTHENTICATION_TOKEN=";
