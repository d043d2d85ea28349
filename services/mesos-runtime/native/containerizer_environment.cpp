// SPDX-License-Identifier: GPL-3.0-or-later
#include "containerizer_environment.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "executor_variables.hpp"

namespace {

std::vector<std::string> forExecutor;

bool startsWith(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

bool isExecutor(const std::string& path) {
  const std::string name = "/mesos-executor";
  return path.size() >= name.size() && path.compare(path.size() - name.size(), name.size(), name) == 0;
}

}  // namespace

void takeExecutorEnvironment() {
  const std::string prefix = kExecutorPrefix;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (startsWith(*variable, prefix)) forExecutor.push_back(*variable + prefix.size());
  }
  for (const std::string& variable : forExecutor) {
    unsetenv((prefix + variable.substr(0, variable.find('='))).c_str());
  }
}

// The library ends its preparations with this call; `environ` is the environment it has put together.
extern "C" int execvp(const char* file, char* const argv[]) noexcept {
  static const auto real = reinterpret_cast<int (*)(const char*, char* const[])>(dlsym(RTLD_NEXT, "execvp"));
  if (forExecutor.empty() || !isExecutor(file)) return real(file, argv);
  std::vector<std::string> variables = forExecutor;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    bool token = startsWith(*variable, kTokenVariable);
    variables.push_back(token ? std::string(*variable) : kTaskPrefix + std::string(*variable));
  }
  std::vector<char*> pointers;
  for (std::string& variable : variables) pointers.push_back(variable.data());
  pointers.push_back(nullptr);
  environ = pointers.data();
  return real(file, argv);
}
