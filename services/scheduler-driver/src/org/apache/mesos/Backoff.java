// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.util.concurrent.TimeUnit;

/**
 * How long to wait before looking for the leading master again. In the first minute, in which a master is restarted or
 * another one elected, every half second; then less and less often, but never less than every 15 seconds.
 */
final class Backoff {
    static final long SHORTEST_MILLIS = 500;
    static final long LONGEST_MILLIS = 15_000;
    private static final long QUICK_NANOS = TimeUnit.MINUTES.toNanos(1);

    private long since;
    private long pause;

    Backoff(long nowNanos) {
        reset(nowNanos);
    }

    /** A subscription has held until now. */
    void reset(long nowNanos) {
        since = nowNanos;
        pause = SHORTEST_MILLIS;
    }

    /**
     * Milliseconds to wait.
     *
     * @param leaderExpected whether a master has answered that there is no leader yet: there will be one soon
     */
    long next(long nowNanos, boolean leaderExpected) {
        if (leaderExpected || nowNanos - since < QUICK_NANOS) {
            return SHORTEST_MILLIS;
        }
        pause = Math.min(pause * 2, LONGEST_MILLIS);
        return pause;
    }
}
