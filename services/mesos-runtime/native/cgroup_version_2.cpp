// SPDX-License-Identifier: GPL-3.0-or-later
//
// On a host with cgroup v2 only, the docker containerizer refuses to start because no v1 "cpu" hierarchy is mounted,
// though it never writes to one for an ordinary docker task. There, and only there, the library is shown one. Such a
// host has no resource statistics of docker tasks and no cgroups/* isolators.
#include <dlfcn.h>
#include <mntent.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace {

const char kMounts[] = "/proc/mounts";
const char kPretendedMount[] = "none /sys/fs/cgroup cgroup rw,cpu,cpuacct,memory 0 0\n";

// The mount table with the pretended line; empty if this host has a v1 hierarchy or no v2 one.
std::string extendedMounts() {
  std::ifstream file(kMounts);
  std::string table;
  bool version2 = false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string device, folder, type;
    words >> device >> folder >> type;
    if (type == "cgroup") return {};
    version2 |= type == "cgroup2" && folder == "/sys/fs/cgroup";
    table += line + "\n";
  }
  return version2 ? table + kPretendedMount : std::string();
}

}  // namespace

extern "C" FILE* setmntent(const char* path, const char* mode) noexcept {
  static const auto real = reinterpret_cast<FILE* (*)(const char*, const char*)>(dlsym(RTLD_NEXT, "setmntent"));
  if (path == nullptr || strcmp(path, kMounts) != 0) return real(path, mode);
  std::string table = extendedMounts();
  if (table.empty()) return real(path, mode);
  int descriptor = memfd_create("mounts", MFD_CLOEXEC);
  if (descriptor < 0) return real(path, mode);
  if (write(descriptor, table.data(), table.size()) != static_cast<ssize_t>(table.size())) {
    close(descriptor);
    return real(path, mode);
  }
  lseek(descriptor, 0, SEEK_SET);
  return fdopen(descriptor, "r");
}
