// SPDX-License-Identifier: GPL-3.0-or-later
//
// --http_executor_domain_sockets: executors reach the agent by a Unix socket instead of TCP.
#pragma once

#include <memory>

#include "flags.hpp"

// The listening socket at --domain_socket_location (default: <runtime_dir>/agent.sock, and the flag is set to it);
// none if the flag is off. What the library takes as Option<unix::Socket>.
Option<std::shared_ptr<void>> makeExecutorSocket(const Flags& flags);
