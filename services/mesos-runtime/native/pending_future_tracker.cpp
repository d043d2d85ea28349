// SPDX-License-Identifier: GPL-3.0-or-later
#include "pending_future_tracker.hpp"

#include <cstring>
#include <memory>
#include <string>

#include "library_types.hpp"
#include "startup.hpp"

namespace {

extern "C" {
void process_base_construct(void*, const std::string& id)
    LIBRARY_SYMBOL("_ZN7process11ProcessBaseC2ERK" MANGLED_STRING);
extern char process_base_vtable[] LIBRARY_SYMBOL("_ZTVN7process11ProcessBaseE");
extern char tracker_typeinfo[] LIBRARY_SYMBOL("_ZTIN5mesos8internal27PendingFutureTrackerProcessE");
}

// The library has the tracker's methods and type information, but neither its constructor nor its vtable. The object is
// built by hand: vtable pointer, a std::list, then the virtual base with the base's own virtual functions.
constexpr long kListOffset = 8;
constexpr long kBaseOffset = 32;
constexpr size_t kBaseVtableSize = 0x70;

struct TrackerOwner {
  void* process;
};

}  // namespace

void* makePendingFutureTracker() {
  static long headVtable[5];
  headVtable[0] = kBaseOffset;  // offset of the virtual base
  headVtable[1] = 0;            // offset to the top
  headVtable[2] = reinterpret_cast<long>(tracker_typeinfo);
  static long baseVtable[32];
  static_assert(sizeof baseVtable >= kBaseVtableSize);
  memcpy(baseVtable, process_base_vtable, kBaseVtableSize);
  baseVtable[0] = -kBaseOffset;
  baseVtable[1] = reinterpret_cast<long>(tracker_typeinfo);

  char* process = static_cast<char*>(storage(65536));
  process_base_construct(process + kBaseOffset, newProcessId("pending-future-tracker"));
  *reinterpret_cast<long**>(process) = headVtable + 3;
  *reinterpret_cast<long**>(process + kBaseOffset) = baseVtable + 2;
  void** list = reinterpret_cast<void**>(process + kListOffset);  // empty: both ends point at itself, length 0
  list[0] = list[1] = list;
  list[2] = nullptr;
  spawn(process + kBaseOffset, false);
  // The tracker itself is one shared pointer to a cell that holds the process.
  return new std::shared_ptr<TrackerOwner>(new TrackerOwner{process});
}
