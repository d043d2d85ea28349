// SPDX-License-Identifier: GPL-3.0-or-later
//
// What mesos-master and mesos-agent do alike.
#pragma once

#include <string>

#include "flags.hpp"

extern const char* const kMesosVersion;

// Parses the flags (answers --help and --version, ends on bad ones), starts logging and sets the environment variables
// from which the process library takes its address.
void parseAndLog(Flags& flags, int argc, char** argv, const std::string& program);

// Starts the process library with `delegate` as the process that answers "/", then what needs it:
// the /version endpoint, firewall rules, modules and hooks.
void startProcessLibrary(Flags& flags, const std::string& delegate, const std::string& realmPrefix);

// The authorizer named by a flag; none if it is the default one without --acls.
Option<void*> makeAuthorizer(Flags& flags, const std::string& name);

// Runs a library process (`object` has ProcessBase as its virtual base); returns its id object, to be waited for.
void* spawn(void* processBase, bool managed);
std::string processAddress(void* processId);  // as in slave(1)@127.0.0.1:5051
[[noreturn]] void waitForEver(void* processId);

std::string newProcessId(const std::string& prefix);
