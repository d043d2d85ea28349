// SPDX-License-Identifier: GPL-3.0-or-later
//
// The library knows the capabilities 0 to 37 and aborts where the kernel has more, as soon as the isolator
// linux/capabilities is used. It is shown the number it knows.
#include <dlfcn.h>

#include <cstdio>
#include <cstring>

extern "C" FILE* fopen(const char* path, const char* mode) {
  static const auto real = reinterpret_cast<FILE* (*)(const char*, const char*)>(dlsym(RTLD_NEXT, "fopen"));
  FILE* file = real(path, mode);
  if (file == nullptr || path == nullptr || strcmp(path, "/proc/sys/kernel/cap_last_cap") != 0) return file;
  static char known[] = "37\n";
  int last = 0;
  if (fscanf(file, "%d", &last) == 1 && last > 37) {
    fclose(file);
    return fmemopen(known, strlen(known), "r");
  }
  rewind(file);
  return file;
}
