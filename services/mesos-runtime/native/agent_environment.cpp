// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent_environment.hpp"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include <map>
#include <vector>

#include "executor_variables.hpp"
#include "json_strings.hpp"

namespace {

// Filled once, read by forked children: a child of a process with threads must not allocate memory.
std::vector<std::string> forDockerExecutor;
std::vector<std::string> forContainerizer;
volatile bool ready = false;

constexpr size_t kMaximum = 1024;  // variables; far more than the agent ever has
char* assembled[kMaximum + 1];

bool startsWith(const char* text, const char* prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

bool endsWith(const char* path, const char* name) {
  size_t pathLength = strlen(path), nameLength = strlen(name);
  return pathLength >= nameLength && strcmp(path + pathLength - nameLength, name) == 0;
}

// `own` and those of the present variables that `keep` wants.
template <class Keep>
char** assemble(std::vector<std::string>& own, Keep keep) {
  size_t count = 0;
  for (std::string& variable : own) {
    if (count < kMaximum) assembled[count++] = variable.data();
  }
  for (char** variable = environ; *variable != nullptr && count < kMaximum; ++variable) {
    if (keep(*variable)) assembled[count++] = *variable;
  }
  assembled[count] = nullptr;
  return assembled;
}

}  // namespace

void setExecutorEnvironment(const Flags& flags, const std::string& agentAddress) {
  // Later ones win: the agent's own TLS settings, then what its operator wants executors to have, then what is certain.
  std::map<std::string, std::string> variables = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
  };
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    size_t equals = text.find('=');
    if (startsWith(*variable, "LIBPROCESS_SSL_")) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  const std::string flag = "executor_environment_variables";
  if (flags.isGiven(flag)) {
    for (const auto& [name, value] : parseStrings(flags.text(flag), "--" + flag)) variables[name] = value;
  }
  variables["MESOS_SLAVE_PID"] = agentAddress;
  variables["MESOS_RECOVERY_TIMEOUT"] = flags.text("recovery_timeout");
  variables["MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD"] = flags.text("executor_shutdown_grace_period");
  if (flags.isOn("http_executor_domain_sockets")) {
    variables["MESOS_DOMAIN_SOCKET"] = flags.text("domain_socket_location");
  }
  for (const auto& [name, value] : variables) {
    forDockerExecutor.push_back(name + "=" + value);
    forContainerizer.push_back(kExecutorPrefix + name + "=" + value);
  }
  ready = true;
}

// The library starts every program through execvp, in a forked child, with `environ` set to the child's environment.
extern "C" int execvp(const char* file, char* const argv[]) noexcept {
  static const auto real = reinterpret_cast<int (*)(const char*, char* const[])>(dlsym(RTLD_NEXT, "execvp"));
  if (ready && endsWith(file, "/mesos-docker-executor")) {
    environ = assemble(forDockerExecutor, [](const char* variable) { return startsWith(variable, kTokenVariable); });
  } else if (ready && endsWith(file, "/mesos-containerizer")) {
    environ = assemble(forContainerizer, [](const char* variable) { return !startsWith(variable, kExecutorPrefix); });
  }
  return real(file, argv);
}

// Looked up before the first fork.
static const void* const kLookedUp = dlsym(RTLD_NEXT, "execvp");
