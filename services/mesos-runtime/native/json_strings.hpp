// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one kind of JSON that a flag's text is read as here: an object whose values are strings.
#pragma once

#include <map>
#include <string>

// Ends the process with `what` in the message if `json` is anything else.
std::map<std::string, std::string> parseStrings(const std::string& json, const std::string& what);
