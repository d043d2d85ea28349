// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent_environment.hpp"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include <vector>

#include "executor_variables.hpp"

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
  std::vector<std::string> variables = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "MESOS_SLAVE_PID=" + agentAddress,
      "MESOS_RECOVERY_TIMEOUT=" + flags.text("recovery_timeout"),
      "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD=" + flags.text("executor_shutdown_grace_period"),
  };
  if (flags.isOn("http_executor_domain_sockets")) {
    variables.push_back("MESOS_DOMAIN_SOCKET=" + flags.text("domain_socket_location"));
  }
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (startsWith(*variable, "LIBPROCESS_SSL_")) variables.emplace_back(*variable);
  }
  for (const std::string& variable : variables) forContainerizer.push_back(kExecutorPrefix + variable);
  forDockerExecutor = std::move(variables);
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
