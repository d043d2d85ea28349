// SPDX-License-Identifier: GPL-3.0-or-later
//
// Containers with an image get a read-only bind mount over /proc/sysrq-trigger. A kernel built without that file makes
// every such launch fail: there the mount is skipped.
#include <dlfcn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace {

const char kTrigger[] = "/proc/sysrq-trigger";

bool isMissingTrigger(const char* path) {
  static const bool missing = access(kTrigger, F_OK) != 0;
  if (!missing || path == nullptr) return false;
  size_t length = strlen(path), tail = strlen(kTrigger);
  return length > tail && strcmp(path + length - tail, kTrigger) == 0;
}

}  // namespace

extern "C" int mkdir(const char* path, mode_t mode) noexcept {
  static const auto real = reinterpret_cast<int (*)(const char*, mode_t)>(dlsym(RTLD_NEXT, "mkdir"));
  return isMissingTrigger(path) ? 0 : real(path, mode);
}

extern "C" int mount(const char* source, const char* target, const char* type, unsigned long flags,
                     const void* data) noexcept {
  using Mount = int (*)(const char*, const char*, const char*, unsigned long, const void*);
  static const auto real = reinterpret_cast<Mount>(dlsym(RTLD_NEXT, "mount"));
  return isMissingTrigger(target) ? 0 : real(source, target, type, flags, data);
}
