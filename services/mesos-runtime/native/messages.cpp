// SPDX-License-Identifier: GPL-3.0-or-later
#include "messages.hpp"

#include <cstdlib>
#include <iostream>

#include "library_types.hpp"

namespace {

extern "C" {
void log_message_construct(void*, const char* file, int line, int severity)
    LIBRARY_SYMBOL("_ZN6google10LogMessageC1EPKcii");
std::ostream& log_message_stream(void*) LIBRARY_SYMBOL("_ZN6google10LogMessage6streamEv");
void log_message_destroy(void*) LIBRARY_SYMBOL("_ZN6google10LogMessageD1Ev");
}

void log(int severity, const std::string& text) {
  alignas(16) char message[4096] = {};
  log_message_construct(message, "launcher", 1, severity);
  log_message_stream(message) << text;
  log_message_destroy(message);
}

}  // namespace

void logInfo(const std::string& text) { log(0, text); }
void logWarning(const std::string& text) { log(1, text); }

void fail(const std::string& text) {
  std::cerr << "error: " << text << std::endl;
  exit(1);
}
