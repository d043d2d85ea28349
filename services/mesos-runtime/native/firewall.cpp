// SPDX-License-Identifier: GPL-3.0-or-later
#include "firewall.hpp"

#include <memory>
#include <set>
#include <vector>

#include "library_types.hpp"

namespace {

extern "C" {
void install_rules(void* rules)
    LIBRARY_SYMBOL("_ZN7process8firewall7installEOSt6vectorINS_5OwnedINS0_12FirewallRuleEEESaIS4_EE");
void forbidden_construct(void*, const std::string* message)
    LIBRARY_SYMBOL("_ZN7process4http9ForbiddenC1E" MANGLED_STRING);
}

// The beginning of the library's URL class, up to the path.
struct Url {
  OptionalString scheme;
  OptionalString domain;
  struct {
    int tag;
    int family;
    int address[4];
  } ip;
  struct {
    int tag;
    uint16_t value;
  } port;
  std::string path;
};
struct Request {
  std::string method;
  Url url;
};

// An optional HTTP response, built in place: the caller's object is larger than this declaration.
class OptionalResponse {
 public:
  OptionalResponse() : tag_(1) {}
  explicit OptionalResponse(const std::string& message) : tag_(0) { forbidden_construct(response_, &message); }
  OptionalResponse(const OptionalResponse&) = delete;
  ~OptionalResponse() {}

 private:
  int tag_;
  alignas(8) char response_[8];
};

// The library has the interface of firewall rules (a virtual destructor, then `apply`), but no rule.
class DisabledEndpoints {
 public:
  explicit DisabledEndpoints(std::set<std::string> paths) : paths_(std::move(paths)) {}
  virtual ~DisabledEndpoints() {}
  virtual OptionalResponse apply(const void* /* socket */, const Request& request) {
    if (paths_.count(request.url.path) == 0) return OptionalResponse();
    return OptionalResponse("Endpoint '" + request.url.path + "' is disabled by --firewall_rules");
  }

 private:
  std::set<std::string> paths_;
};

struct RuleCell {
  void* rule;
};

}  // namespace

void installFirewall(const std::string& rules) {
  std::set<std::string> paths;
  const std::string opening = "paths: \"";
  for (size_t at = rules.find(opening); at != std::string::npos; at = rules.find(opening, at)) {
    at += opening.size();
    paths.insert(rules.substr(at, rules.find('"', at) - at));
  }
  // Given away for the life of the process.
  auto* installed = new std::vector<std::shared_ptr<RuleCell>>;
  installed->push_back(std::make_shared<RuleCell>(RuleCell{new DisabledEndpoints(paths)}));
  install_rules(installed);
}
