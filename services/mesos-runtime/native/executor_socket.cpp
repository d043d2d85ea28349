// SPDX-License-Identifier: GPL-3.0-or-later
#include "executor_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "messages.hpp"

namespace {

extern "C" {
void poll_socket_create(Try<std::shared_ptr<void>>*, int descriptor)
    LIBRARY_SYMBOL("_ZN7process7network8internal14PollSocketImpl6createEi");
}

constexpr int kBacklog = 128;

int listenAt(const std::string& path) {
  const std::string what = "--domain_socket_location=" + path + ": ";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail(what + "longer than 107 characters");
  memcpy(address.sun_path, path.c_str(), path.size());
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) fail(what + error.message());
  unlink(path.c_str());  // of an earlier agent
  int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  // Tasks run as any user; who they are is told by their token.
  if (descriptor < 0 || bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      chmod(path.c_str(), 0666) != 0 || listen(descriptor, kBacklog) != 0) {
    fail(what + strerror(errno));
  }
  return descriptor;
}

}  // namespace

Option<std::shared_ptr<void>> makeExecutorSocket(const Flags& flags) {
  if (!flags.isOn("http_executor_domain_sockets")) return {};
  if (!flags.isGiven("domain_socket_location")) {
    setFlag(flags.base(), "domain_socket_location", flags.text("runtime_dir") + "/agent.sock");
  }
  std::string path = flags.text("domain_socket_location");
  if (path.compare(0, 8, "systemd:") == 0) fail("--domain_socket_location=" + path + ": give a path");
  Try<std::shared_ptr<void>> socket;
  poll_socket_create(&socket, listenAt(path));
  if (socket.isError()) fail("--domain_socket_location=" + path + ": " + socket.error());
  return Option<std::shared_ptr<void>>(socket.get());
}
