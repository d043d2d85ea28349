// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's own place in cgroups and under systemd.
#pragma once

#include "flags.hpp"

// --agent_subsystems: puts this process into <cgroups_root>/slave of each named v1 subsystem.
void enterAgentCgroups(const Flags& flags);

// --systemd_enable_support: lets executors live in a slice of their own, where systemd runs.
void initializeSystemd(const Flags& flags);
