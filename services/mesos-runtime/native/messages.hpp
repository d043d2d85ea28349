// SPDX-License-Identifier: GPL-3.0-or-later
//
// Log lines through the library's logger, and the one way to give up.
#pragma once

#include <string>

void logInfo(const std::string& text);
void logWarning(const std::string& text);

// Writes "error: text" to stderr and ends the process with status 1.
[[noreturn]] void fail(const std::string& text);
