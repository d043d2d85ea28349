// SPDX-License-Identifier: GPL-3.0-or-later
//
// The object behind the agent's /containerizer/debug endpoint.
#pragma once

// Makes and spawns it; the result is what the library takes as PendingFutureTracker*.
void* makePendingFutureTracker();
