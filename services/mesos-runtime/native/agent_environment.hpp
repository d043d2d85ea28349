// SPDX-License-Identifier: GPL-3.0-or-later
//
// The environment in which the agent starts mesos-docker-executor and mesos-containerizer.
#pragma once

#include <string>

#include "flags.hpp"

// Mesos lets a task's variables overwrite every variable of its executor, which runs as root on the host. From this
// call on, executors get what the agent and its operator (--executor_environment_variables) decide instead.
// `agentAddress`: slave(1)@ADDRESS:PORT.
void setExecutorEnvironment(const Flags& flags, const std::string& agentAddress);
