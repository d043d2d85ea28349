// SPDX-License-Identifier: GPL-3.0-or-later
#include "json_strings.hpp"

#include <cstdlib>

#include "messages.hpp"

namespace {

class Parser {
 public:
  Parser(const std::string& text, const std::string& what) : text_(text), what_(what) {}

  std::map<std::string, std::string> object() {
    std::map<std::string, std::string> found;
    expect('{');
    if (next() == '}') return found;
    while (true) {
      std::string name = string();
      expect(':');
      found[name] = string();
      if (next() == '}') return found;
      expect(',');
    }
  }

 private:
  // The next character that is no blank; not consumed.
  char next() {
    at_ = text_.find_first_not_of(" \t\r\n", at_);
    if (at_ == std::string::npos) bad();
    return text_[at_];
  }

  void expect(char wanted) {
    if (next() != wanted) bad();
    ++at_;
  }

  std::string string() {
    expect('"');
    std::string value;
    while (take() != '"') {
      if (text_[at_ - 1] != '\\') {
        value += text_[at_ - 1];
        continue;
      }
      char escape = take();
      static const std::string kNames = "bfnrt", kValues = "\b\f\n\r\t";
      size_t known = kNames.find(escape);
      if (escape == 'u') {
        appendUtf8(value);
      } else {
        value += known == std::string::npos ? escape : kValues[known];
      }
    }
    return value;
  }

  void appendUtf8(std::string& value) {
    if (at_ + 4 > text_.size()) bad();
    unsigned long code = strtoul(text_.substr(at_, 4).c_str(), nullptr, 16);
    at_ += 4;
    if (code < 0x80) {
      value += static_cast<char>(code);
      return;
    }
    if (code >= 0x800) {
      value += static_cast<char>(0xe0 | code >> 12);
      value += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    } else {
      value += static_cast<char>(0xc0 | code >> 6);
    }
    value += static_cast<char>(0x80 | (code & 0x3f));
  }

  char take() {
    if (at_ >= text_.size()) bad();
    return text_[at_++];
  }

  [[noreturn]] void bad() { fail(what_ + ": give a JSON object whose values are strings"); }

  const std::string& text_;
  const std::string& what_;
  size_t at_ = 0;
};

}  // namespace

std::map<std::string, std::string> parseStrings(const std::string& json, const std::string& what) {
  return Parser(json, what).object();
}
