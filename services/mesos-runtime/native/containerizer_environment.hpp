// SPDX-License-Identifier: GPL-3.0-or-later
//
// The environment in which mesos-containerizer starts mesos-executor.
#pragma once

// Takes what the agent sent for mesos-executor out of this process' environment. When mesos-executor is started, it
// gets that; what Mesos (and the task) wanted to give it is handed to it as the task's environment only.
void takeExecutorEnvironment();
