// SPDX-License-Identifier: GPL-3.0-or-later
//
// The value types that cross the border to the Mesos library (x86-64, Itanium C++ ABI, libstdc++'s new strings).
// Only layouts are declared here; they were found by looking at the library's exported symbols and objects.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

// Binds a declaration to an exported (mangled) name of the library.
#define LIBRARY_SYMBOL(name) __asm__(name)
// How std::string reads inside a mangled name.
#define MANGLED_STRING "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"

// A tag (0: holds a value, 1: empty), then the value.
template <class T>
class Option {
 public:
  Option() : tag_(1) {}
  Option(const T& value) : tag_(0) { new (&value_) T(value); }
  Option(const Option& other) : tag_(other.tag_) {
    if (isSome()) new (&value_) T(other.value_);
  }
  Option& operator=(const Option& other) {
    if (this != &other) {
      this->~Option();
      new (this) Option(other);
    }
    return *this;
  }
  ~Option() {
    if (isSome()) value_.~T();
  }

  bool isSome() const { return tag_ == 0; }
  const T& get() const { return value_; }

 private:
  int tag_;
  union {
    T value_;
  };
};

// A value or the text of an error.
template <class T>
class Try {
 public:
  bool isError() const { return !value_.isSome(); }
  const T& get() const { return value_.get(); }
  const std::string& error() const { return error_.get(); }

 private:
  Option<T> value_;
  Option<std::string> error_;
};

struct Nothing {};

using OptionalString = Option<std::string>;
using Duration = int64_t;  // nanoseconds

// Zeroed storage for a library object whose size need not be known. Such objects live as long as the process.
inline void* storage(size_t bytes = 1 << 18) {
  void* memory = calloc(1, bytes);
  if (memory == nullptr) abort();
  return memory;
}

// The address of an object's single virtual base: its offset stands in the vtable.
inline void* virtualBase(void* object) {
  const long* vtable = *static_cast<const long**>(object);
  return static_cast<char*>(object) + vtable[-3];
}
