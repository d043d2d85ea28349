// SPDX-License-Identifier: GPL-3.0-or-later
//
// Command-line flags of the library, reached by name.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "library_types.hpp"

// ---- layouts of the library's flag classes
struct FlagsBase;

struct FlagName {
  std::string value;
  bool deprecated;
};

struct Flag {
  FlagName name;
  Option<FlagName> alias;
  Option<FlagName> loadedName;
  std::string help;
  bool boolean;
  std::function<Try<Nothing>(FlagsBase*, const std::string&)> load;
  std::function<OptionalString(const FlagsBase&)> stringify;
  std::function<OptionalString(const FlagsBase&)> validate;
  bool required;
};

// The virtual base of every flags object.
struct FlagsBase {
  void* vtable;
  bool help;
  std::string programName;
  OptionalString usageMessage;
  std::map<std::string, Flag> flags;
  std::map<std::string, std::string> aliases;
};

// A flag whose value may stand in a file, as for --zk and --master.
struct FilePath {
  std::string value;
  char separator;
};
struct PathOrValue {
  Option<FilePath> path;
  std::string value;
};

// ---- access
// Where a value lies inside its flags object is not hard-wired: each flag's setter has captured a pointer to member.
class Flags {
 public:
  // `construct` is the exported constructor of the flags class.
  explicit Flags(void (*construct)(void*));

  void* object() const { return object_; }
  FlagsBase* base() const { return base_; }

  OptionalString find(const std::string& name) const;  // none: not given and without default
  std::string text(const std::string& name) const;     // "" where find() gives none
  bool isOn(const std::string& name) const;
  bool isGiven(const std::string& name) const { return find(name).isSome(); }
  // The text of a flag that may also be file:///path; none if it was not given.
  OptionalString fileOrText(const std::string& name) const;
  Duration duration(const std::string& name) const { return *field<Duration>(name); }

  // The storage of an optional message-typed value, behind its tag.
  void* message(const std::string& name) const { return field<char>(name) + 8; }

 private:
  template <class T>
  T* field(const std::string& name) const {
    return reinterpret_cast<T*>(static_cast<char*>(object_) + offset(name));
  }
  long offset(const std::string& name) const;

  void* object_;
  FlagsBase* base_;
};

// Reads flags from arguments and from environment variables with the given prefix; returns the error text, if any.
// Warnings (deprecated names) are appended to `warnings`.
OptionalString loadFlags(FlagsBase* flags, const std::string& environmentPrefix, int argc, const char* const* argv,
                         bool ignoreUnknown, std::string* warnings = nullptr);
std::string usage(FlagsBase* flags);

// Sets one flag of a flags object by its text; false if there is no such flag or the text is bad.
bool setFlag(FlagsBase* flags, const std::string& name, const std::string& value);
