// SPDX-License-Identifier: GPL-3.0-or-later
//
// mesos-containerizer: the agent's helper that sets up a container and starts its program.
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "containerizer_environment.hpp"
#include "flags.hpp"

namespace {

extern "C" {
extern char launch_vtable[] LIBRARY_SYMBOL("_ZTVN5mesos8internal5slave24MesosContainerizerLaunchE");
void launch_flags_construct(void*) LIBRARY_SYMBOL("_ZN5mesos8internal5slave24MesosContainerizerLaunch5FlagsC1Ev");
FlagsBase* launch_flags(void*) LIBRARY_SYMBOL("_ZN5mesos8internal5slave24MesosContainerizerLaunch8getFlagsEv");
int launch_execute(void*) LIBRARY_SYMBOL("_ZN5mesos8internal5slave24MesosContainerizerLaunch7executeEv");
void cni_setup_construct(void*) LIBRARY_SYMBOL("_ZN5mesos8internal5slave23NetworkCniIsolatorSetupC1Ev");
FlagsBase* cni_setup_flags(void*) LIBRARY_SYMBOL("_ZN5mesos8internal5slave23NetworkCniIsolatorSetup8getFlagsEv");
int cni_setup_execute(void*) LIBRARY_SYMBOL("_ZN5mesos8internal5slave23NetworkCniIsolatorSetup7executeEv");
}

const char kEnvironmentPrefix[] = "MESOS_CONTAINERIZER_";
const char kUsage[] =
    "Usage: mesos-containerizer SUBCOMMAND [--flag=value ...]\n"
    "Subcommands: help, launch, mount, network-cni-setup\n";

// argv[1] is the subcommand.
int runWithFlags(FlagsBase* flags, void* object, int (*execute)(void*), int argc, char** argv) {
  OptionalString error = loadFlags(flags, kEnvironmentPrefix, argc - 1, argv + 1, false);
  if (error.isSome()) {
    std::cerr << "mesos-containerizer " << argv[1] << ": " << error.get() << std::endl;
    return 1;
  }
  if (flags->help) {
    std::cout << usage(flags) << std::endl;
    return 0;
  }
  return execute(object);
}

int launch(int argc, char** argv) {
  // The subcommand's constructor is not exported. In front of its flags lie the vtable pointer, its name and a flags
  // base of its own, which is not used.
  const size_t flagsOffset = sizeof(void*) + sizeof(std::string) + sizeof(FlagsBase);
  char* object = static_cast<char*>(storage(8192));
  *reinterpret_cast<char**>(object) = launch_vtable + 2 * sizeof(void*);
  launch_flags_construct(object + flagsOffset);
  FlagsBase* flags = launch_flags(object);
  if (flags != virtualBase(object + flagsOffset)) {
    std::cerr << "internal: the flags of launch are not where they are expected" << std::endl;
    return 1;
  }
  return runWithFlags(flags, object, launch_execute, argc, argv);
}

int setUpCniNetwork(int argc, char** argv) {
  void* object = storage(8192);
  cni_setup_construct(object);
  return runWithFlags(cni_setup_flags(object), object, cni_setup_execute, argc, argv);
}

// The library lacks this subcommand. It has one operation: make a mount a recursive slave of its peers.
int makeMount(int argc, char** argv) {
  auto variable = [](const std::string& name) {
    const char* value = getenv((kEnvironmentPrefix + name).c_str());
    return std::string(value != nullptr ? value : "");
  };
  std::string operation = variable("OPERATION"), path = variable("PATH");
  const std::string operationFlag = "--operation=", pathFlag = "--path=";
  for (int i = 2; i < argc; i++) {
    std::string argument = argv[i];
    if (argument == "--help") {
      std::cout << "Usage: mesos-containerizer mount --operation=make-rslave --path=PATH" << std::endl;
      return 0;
    }
    if (argument.compare(0, operationFlag.size(), operationFlag) == 0) {
      operation = argument.substr(operationFlag.size());
    } else if (argument.compare(0, pathFlag.size(), pathFlag) == 0) {
      path = argument.substr(pathFlag.size());
    } else {
      std::cerr << "mesos-containerizer mount: unknown flag " << argument << std::endl;
      return 1;
    }
  }
  if (operation != "make-rslave" || path.empty()) {
    std::cerr << "mesos-containerizer mount: give --operation=make-rslave and --path" << std::endl;
    return 1;
  }
  if (mount(nullptr, path.c_str(), nullptr, MS_SLAVE | MS_REC, nullptr) < 0) {
    std::cerr << "mesos-containerizer mount: " << path << ": " << strerror(errno) << std::endl;
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  takeExecutorEnvironment();
  std::string subcommand = argc > 1 ? argv[1] : "";
  char helpFlag[] = "--help";
  if (subcommand == "help") {
    if (argc == 2) {
      std::cout << kUsage;
      return 0;
    }
    argv[1] = argv[2];
    argv[2] = helpFlag;
    subcommand = argv[1];
  }
  if (subcommand == "launch") return launch(argc, argv);
  if (subcommand == "network-cni-setup") return setUpCniNetwork(argc, argv);
  if (subcommand == "mount") return makeMount(argc, argv);
  std::cerr << kUsage;
  return 1;
}
