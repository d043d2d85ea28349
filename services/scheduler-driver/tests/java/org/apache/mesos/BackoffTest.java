// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
    private static long seconds(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    @Test
    void quickInTheFirstMinuteThenSlower() {
        Backoff backoff = new Backoff(seconds(100));
        assertEquals(500, backoff.next(seconds(100), false));
        assertEquals(500, backoff.next(seconds(159), false));
        assertEquals(1000, backoff.next(seconds(160), false));
        assertEquals(2000, backoff.next(seconds(161), false));
        for (int i = 0; i < 5; i++) {
            backoff.next(seconds(170), false);
        }
        assertEquals(15_000, backoff.next(seconds(200), false));
    }

    @Test
    void quickWheneverALeaderIsExpected() {
        Backoff backoff = new Backoff(0);
        backoff.next(seconds(100), false);
        assertEquals(500, backoff.next(seconds(100), true));
    }

    @Test
    void quickAgainAfterASubscription() {
        Backoff backoff = new Backoff(0);
        backoff.next(seconds(100), false);
        backoff.reset(seconds(200));
        assertEquals(500, backoff.next(seconds(201), false));
        assertEquals(1000, backoff.next(seconds(300), false));
    }

    @ParameterizedTest
    @CsvSource({"15mins, 900000", "2secs, 2000", "250ms, 250", "1.5hrs, 5400000", "1days, 86400000", "x, 7", "'', 7"})
    void durationsOfAgents(String text, long millis) {
        assertEquals(millis, ExecutorEnvironment.millis(text, 7));
    }

    @Test
    void versionsCompare() {
        MesosNativeLibrary.Version version = MesosNativeLibrary.version();
        assertEquals(new MesosNativeLibrary.Version(1, 11), version);
        assertTrue(new MesosNativeLibrary.Version(1, 5, 9).before(version));
        assertTrue(new MesosNativeLibrary.Version(2).after(version));
    }
}
