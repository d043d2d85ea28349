// SPDX-License-Identifier: GPL-3.0-or-later
#include "flags.hpp"

#include <cstring>
#include <vector>

#include "messages.hpp"

namespace {

struct Warning {
  std::string message;
};
using LoadResult = Try<std::vector<Warning>>;

extern "C" {
void library_load(LoadResult*, FlagsBase*, const OptionalString& prefix, int argc, const char* const* argv,
                  bool unknowns, bool duplicates)
    LIBRARY_SYMBOL("_ZN5flags9FlagsBase4loadERK6OptionI" MANGLED_STRING "EiPKPKcbb");
void library_usage(std::string*, FlagsBase*, const OptionalString& message)
    LIBRARY_SYMBOL("_ZNK5flags9FlagsBase5usageERK6OptionI" MANGLED_STRING "E");
}

// The same inheritance as the library's flags classes have, so that the compiler finds their virtual base.
namespace shape {
struct Base {
  virtual ~Base();
  int member;
};
struct Middle : virtual Base {
  int member;
};
struct Top : virtual Middle {
  int member;
};
}  // namespace shape

}  // namespace

Flags::Flags(void (*construct)(void*)) : object_(storage()) {
  construct(object_);
  shape::Base* base = reinterpret_cast<shape::Top*>(object_);
  base_ = reinterpret_cast<FlagsBase*>(base);
}

OptionalString Flags::find(const std::string& name) const {
  auto flag = base_->flags.find(name);
  if (flag == base_->flags.end()) return {};
  return flag->second.stringify(*base_);
}

std::string Flags::text(const std::string& name) const {
  OptionalString value = find(name);
  return value.isSome() ? value.get() : std::string();
}

bool Flags::isOn(const std::string& name) const { return text(name) == "true"; }

OptionalString Flags::fileOrText(const std::string& name) const {
  auto* value = field<Option<PathOrValue>>(name);
  return value->isSome() ? OptionalString(value->get().value) : OptionalString();
}

long Flags::offset(const std::string& name) const {
  auto flag = base_->flags.find(name);
  if (flag == base_->flags.end()) fail("the library has no flag --" + name);
  long captured;  // the setter's first captured word is a pointer to member
  memcpy(&captured, &flag->second.load, sizeof captured);
  return captured;
}

OptionalString loadFlags(FlagsBase* flags, const std::string& environmentPrefix, int argc, const char* const* argv,
                         bool ignoreUnknown, std::string* warnings) {
  LoadResult result;
  library_load(&result, flags, environmentPrefix, argc, argv, ignoreUnknown, false);
  if (result.isError()) return result.error();
  if (warnings != nullptr) {
    for (const Warning& warning : result.get()) *warnings += warning.message + "\n";
  }
  return {};
}

std::string usage(FlagsBase* flags) {
  std::string text;
  library_usage(&text, flags, OptionalString());
  return text;
}

bool setFlag(FlagsBase* flags, const std::string& name, const std::string& value) {
  auto flag = flags->flags.find(name);
  return flag != flags->flags.end() && !flag->second.load(flags, value).isError();
}
