// SPDX-License-Identifier: GPL-3.0-or-later
#include "startup.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <sstream>

#include "firewall.hpp"
#include "messages.hpp"

const char* const kMesosVersion = "1.11.0";

namespace {

extern "C" {
void logging_flags_construct(void*) LIBRARY_SYMBOL("_ZN5mesos8internal7logging5FlagsC1Ev");
void logging_initialize(const std::string& program, bool installHandlers, void* optionalFlags)
    LIBRARY_SYMBOL("_ZN5mesos8internal7logging10initializeERK" MANGLED_STRING "bRK6OptionINS1_5FlagsEE");
bool process_initialize(const OptionalString& delegate, const OptionalString& readwriteRealm,
                        const OptionalString& readonlyRealm)
    LIBRARY_SYMBOL("_ZN7process10initializeERK6OptionI" MANGLED_STRING "ES9_S9_");
void process_spawn(void* returnedId, void* processBase, bool managed)
    LIBRARY_SYMBOL("_ZN7process5spawnEPNS_11ProcessBaseEb");
bool process_wait(void* id, const Duration*) LIBRARY_SYMBOL("_ZN7process4waitERKNS_4UPIDERK8Duration");
std::ostream& print_process_id(std::ostream&, const void* id) LIBRARY_SYMBOL("_ZN7processlsERSoRKNS_4UPIDE");
void generate_process_id(std::string*, const std::string& prefix)
    LIBRARY_SYMBOL("_ZN7process2ID8generateERK" MANGLED_STRING);
void version_process_construct(void*) LIBRARY_SYMBOL("_ZN5mesos8internal14VersionProcessC1Ev");
void authorizer_from_acls(Try<void*>*, const void* acls) LIBRARY_SYMBOL("_ZN5mesos10Authorizer6createERKNS_4ACLsE");
void authorizer_from_name(Try<void*>*, const std::string&)
    LIBRARY_SYMBOL("_ZN5mesos10Authorizer6createERK" MANGLED_STRING);
void make_authorization_callbacks(void* callbacks, void* authorizer)
    LIBRARY_SYMBOL("_ZN5mesos13authorization28createAuthorizationCallbacksB5cxx11EPNS_10AuthorizerE");
void set_authorization_callbacks(void* callbacks) LIBRARY_SYMBOL(
    "_ZN7process4http13authorization12setCallbacksERK7hashmapI" MANGLED_STRING
    "St8functionIFNS_6FutureIbEENS0_7RequestE6OptionINS0_14authentication9PrincipalEEEESt4hashIS8_ESt8equal_toIS8_EE");
void load_modules_folder(Try<Nothing>*, const std::string&)
    LIBRARY_SYMBOL("_ZN5mesos7modules13ModuleManager4loadERK" MANGLED_STRING);
void load_modules_manifest(Try<Nothing>*, const void*)
    LIBRARY_SYMBOL("_ZN5mesos7modules13ModuleManager12loadManifestERKNS_7ModulesE");
void initialize_hooks(Try<Nothing>*, const std::string&)
    LIBRARY_SYMBOL("_ZN5mesos8internal11HookManager10initializeERK" MANGLED_STRING);
extern std::string library_build_date LIBRARY_SYMBOL("_ZN5mesos8internal5build4DATEB5cxx11E");
}

const char kEnvironmentPrefix[] = "MESOS_";
const char kDefaultAuthorizer[] = "local";

std::string outputOf(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) fail("--ip_discovery_command=" + command + ": cannot be run");
  std::string output;
  char buffer[256];
  while (size_t count = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, count);
  if (pclose(pipe) != 0) fail("--ip_discovery_command=" + command + ": failed");
  const char* blanks = " \t\r\n";
  size_t first = output.find_first_not_of(blanks);
  if (first == std::string::npos) fail("--ip_discovery_command=" + command + ": printed nothing");
  return output.substr(first, output.find_last_not_of(blanks) - first + 1);
}

void exportVariable(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }

void exportAddress(const Flags& flags) {
  if (flags.isGiven("ip_discovery_command") && flags.isGiven("ip")) {
    fail("--ip and --ip_discovery_command exclude each other");
  }
  if (flags.isGiven("ip_discovery_command")) {
    exportVariable("LIBPROCESS_IP", outputOf(flags.text("ip_discovery_command")));
  } else if (flags.isGiven("ip")) {
    exportVariable("LIBPROCESS_IP", flags.text("ip"));
  }
  exportVariable("LIBPROCESS_PORT", flags.text("port"));
  if (flags.isGiven("advertise_ip")) exportVariable("LIBPROCESS_ADVERTISE_IP", flags.text("advertise_ip"));
  if (flags.isGiven("advertise_port")) exportVariable("LIBPROCESS_ADVERTISE_PORT", flags.text("advertise_port"));
  exportVariable("LIBPROCESS_MEMORY_PROFILING", flags.text("memory_profiling"));
}

void startLogging(int argc, char** argv) {
  // The logger takes an optional copy of the logging flags alone: a tag (0: given), then the flags object.
  char* optional = static_cast<char*>(storage(4096));
  void* loggingFlags = optional + 8;
  logging_flags_construct(loggingFlags);
  loadFlags(static_cast<FlagsBase*>(virtualBase(loggingFlags)), kEnvironmentPrefix, argc, argv, true);
  logging_initialize(argv[0], true, optional);
}

void loadModules(Flags& flags) {
  if (flags.isGiven("modules") && flags.isGiven("modules_dir")) {
    fail("--modules and --modules_dir exclude each other");
  }
  Try<Nothing> result;
  if (flags.isGiven("modules_dir")) {
    load_modules_folder(&result, flags.text("modules_dir"));
  } else if (flags.isGiven("modules")) {
    load_modules_manifest(&result, flags.message("modules"));
  } else {
    return;
  }
  if (result.isError()) fail("cannot load modules: " + result.error());
}

}  // namespace

void parseAndLog(Flags& flags, int argc, char** argv, const std::string& program) {
  std::string warnings;
  OptionalString error = loadFlags(flags.base(), kEnvironmentPrefix, argc, argv, false, &warnings);
  if (flags.base()->help) {
    std::cout << usage(flags.base()) << std::endl;
    exit(0);
  }
  if (flags.isOn("version")) {
    std::cout << "mesos " << kMesosVersion << std::endl;
    exit(0);
  }
  if (error.isSome()) {
    std::cerr << program << ": " << error.get() << "\nTry `" << program << " --help`." << std::endl;
    exit(1);
  }
  startLogging(argc, argv);
  std::istringstream lines(warnings);
  for (std::string line; std::getline(lines, line);) logWarning(line);
  exportAddress(flags);
  logInfo("version " + std::string(kMesosVersion) + ", library built " + library_build_date);
}

void startProcessLibrary(Flags& flags, const std::string& delegate, const std::string& realmPrefix) {
  if (!process_initialize(delegate, OptionalString(realmPrefix + "-readwrite"),
                          OptionalString(realmPrefix + "-readonly"))) {
    fail("the process library was already initialised");
  }
  void* version = storage();
  version_process_construct(version);
  spawn(virtualBase(version), true);
  if (flags.isGiven("firewall_rules")) installFirewall(flags.text("firewall_rules"));
  loadModules(flags);
  if (flags.isGiven("hooks")) {
    Try<Nothing> result;
    initialize_hooks(&result, flags.text("hooks"));
    if (result.isError()) fail("--hooks: " + result.error());
  }
}

Option<void*> makeAuthorizer(Flags& flags, const std::string& name) {
  Try<void*> authorizer;
  if (name != kDefaultAuthorizer) {
    authorizer_from_name(&authorizer, name);
  } else if (flags.isGiven("acls")) {
    authorizer_from_acls(&authorizer, flags.message("acls"));
  } else {
    return {};
  }
  if (authorizer.isError()) fail("cannot create the authorizer " + name + ": " + authorizer.error());
  logInfo("authorizer " + name + (name == kDefaultAuthorizer ? ", with the rules of --acls" : ""));
  void* callbacks = storage(256);
  make_authorization_callbacks(callbacks, authorizer.get());
  set_authorization_callbacks(callbacks);
  return Option<void*>(authorizer.get());
}

void* spawn(void* processBase, bool managed) {
  void* id = storage(512);
  process_spawn(id, processBase, managed);
  return id;
}

std::string processAddress(void* processId) {
  std::ostringstream text;
  print_process_id(text, processId);
  return text.str();
}

void waitForEver(void* processId) {
  Duration never = -1000000000;
  process_wait(processId, &never);
  // Destructors of library objects are never run: their storage was made by hand.
  fflush(nullptr);
  _exit(0);
}

std::string newProcessId(const std::string& prefix) {
  std::string id;
  generate_process_id(&id, prefix);
  return id;
}
