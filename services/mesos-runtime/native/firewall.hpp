// SPDX-License-Identifier: GPL-3.0-or-later
//
// --firewall_rules: endpoints that are switched off.
#pragma once

#include <string>

// `rules` is the text form of the parsed flag (lines `paths: "..."`).
void installFirewall(const std::string& rules);
