// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent_cgroups.hpp"

#include <unistd.h>

#include <sstream>
#include <utility>

#include "messages.hpp"

namespace {

extern "C" {
void systemd_flags_construct(void*) LIBRARY_SYMBOL("_ZN7systemd5FlagsC1Ev");
void systemd_initialize(Try<Nothing>*, void* flags) LIBRARY_SYMBOL("_ZN7systemd10initializeERKNS_5FlagsE");
bool systemd_exists() LIBRARY_SYMBOL("_ZN7systemd6existsEv");
void cgroups_prepare(Try<std::string>*, const std::string& hierarchy, const std::string& subsystem,
                     const std::string& cgroup) LIBRARY_SYMBOL("_ZN7cgroups7prepareERK" MANGLED_STRING "S7_S7_");
bool cgroups_exists(const std::string& hierarchy, const std::string& cgroup)
    LIBRARY_SYMBOL("_ZN7cgroups6existsERK" MANGLED_STRING "S7_");
void cgroups_create(Try<Nothing>*, const std::string& hierarchy, const std::string& cgroup, bool recursive)
    LIBRARY_SYMBOL("_ZN7cgroups6createERK" MANGLED_STRING "S7_b");
void cgroups_assign(Try<Nothing>*, const std::string& hierarchy, const std::string& cgroup, int pid)
    LIBRARY_SYMBOL("_ZN7cgroups6assignERK" MANGLED_STRING "S7_i");
}

}  // namespace

void enterAgentCgroups(const Flags& flags) {
  std::string root = flags.text("cgroups_root");
  std::string cgroup = root + "/slave";
  std::stringstream subsystems(flags.text("agent_subsystems"));
  for (std::string subsystem; std::getline(subsystems, subsystem, ',');) {
    if (subsystem.empty()) continue;
    const std::string what = "--agent_subsystems: " + subsystem + ", cgroup " + cgroup + ": ";
    Try<std::string> hierarchy;
    cgroups_prepare(&hierarchy, flags.text("cgroups_hierarchy"), subsystem, root);
    if (hierarchy.isError()) fail(what + hierarchy.error());
    if (!cgroups_exists(hierarchy.get(), cgroup)) {
      Try<Nothing> created;
      cgroups_create(&created, hierarchy.get(), cgroup, false);
      if (created.isError()) fail(what + created.error());
    }
    Try<Nothing> entered;
    cgroups_assign(&entered, hierarchy.get(), cgroup, getpid());
    if (entered.isError()) fail(what + entered.error());
  }
}

void initializeSystemd(const Flags& flags) {
  if (!flags.isOn("systemd_enable_support") || !systemd_exists()) return;
  logInfo("systemd found: executors go to its slice");
  void* object = storage(8192);
  systemd_flags_construct(object);
  auto* systemdFlags = static_cast<FlagsBase*>(virtualBase(object));
  const std::pair<const char*, std::string> values[] = {
      {"enabled", "true"},
      {"runtime_directory", flags.text("systemd_runtime_directory")},
      {"cgroups_hierarchy", flags.text("cgroups_hierarchy")},
  };
  for (const auto& [name, value] : values) {
    if (!setFlag(systemdFlags, name, value)) fail(std::string("internal: systemd flag ") + name);
  }
  Try<Nothing> result;
  systemd_initialize(&result, object);
  if (result.isError()) fail("--systemd_enable_support: " + result.error());
}
