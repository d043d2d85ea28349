// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What an agent tells an executor by its environment. */
final class ExecutorEnvironment {
    private static final Pattern DURATION = Pattern.compile("([0-9.]+)(ns|us|ms|secs|mins|hrs|days|weeks)");
    private static final long DEFAULT_GRACE_MILLIS = TimeUnit.SECONDS.toMillis(5);
    private static final long DEFAULT_RECOVERY_MILLIS = TimeUnit.MINUTES.toMillis(15);
    private static final long DEFAULT_BACKOFF_MILLIS = TimeUnit.SECONDS.toMillis(2);

    private ExecutorEnvironment() {
    }

    /** Whether an agent has started this process. */
    static boolean isPresent() {
        return !agentEndpoint().isEmpty() && !frameworkId().isEmpty() && !executorId().isEmpty();
    }

    static String agentEndpoint() {
        return Settings.get("MESOS_AGENT_ENDPOINT", "");
    }

    static String frameworkId() {
        return Settings.get("MESOS_FRAMEWORK_ID", "");
    }

    static String executorId() {
        return Settings.get("MESOS_EXECUTOR_ID", "");
    }

    /** The token of an agent that authenticates executors; empty for others. */
    static String authenticationToken() {
        return Settings.get("MESOS_EXECUTOR_AUTHENTICATION_TOKEN", "");
    }

    /** Whether the executor outlives its agent's restart. */
    static boolean isCheckpointing() {
        return Settings.isOn("MESOS_CHECKPOINT", false);
    }

    /** How long a checkpointing executor waits for its agent to come back. */
    static long recoveryTimeoutMillis() {
        return millis(Settings.get("MESOS_RECOVERY_TIMEOUT", ""), DEFAULT_RECOVERY_MILLIS);
    }

    /** Longest pause between two attempts to subscribe. */
    static long longestBackoffMillis() {
        return millis(Settings.get("MESOS_SUBSCRIPTION_BACKOFF_MAX", ""), DEFAULT_BACKOFF_MILLIS);
    }

    /** How long an executor may take to shut down. */
    static long shutdownGraceMillis() {
        return millis(Settings.get("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", ""), DEFAULT_GRACE_MILLIS);
    }

    /** Reads a duration as agents write them ({@code 15mins}, {@code 250ms}). */
    static long millis(String duration, long otherwise) {
        Matcher matcher = DURATION.matcher(duration);
        return matcher.matches() ? (long) (Double.parseDouble(matcher.group(1)) * unitMillis(matcher.group(2)))
                : otherwise;
    }

    private static double unitMillis(String unit) {
        switch (unit) {
            case "ns":
                return 1e-6;
            case "us":
                return 1e-3;
            case "ms":
                return 1;
            case "secs":
                return TimeUnit.SECONDS.toMillis(1);
            case "mins":
                return TimeUnit.MINUTES.toMillis(1);
            case "hrs":
                return TimeUnit.HOURS.toMillis(1);
            case "days":
                return TimeUnit.DAYS.toMillis(1);
            default:
                return TimeUnit.DAYS.toMillis(7);
        }
    }
}
