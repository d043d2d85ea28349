// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps an executor subscribed at its agent, and gives up when the agent stays away for too long. */
final class ExecutorSubscription implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(MesosExecutorDriver.class);
    private static final int ANSWER_MILLIS = 30_000;
    private static final long SHORTEST_PAUSE_MILLIS = 50;

    private final MesosExecutorDriver driver;
    private final DriverState state;
    private final Endpoint agent;

    ExecutorSubscription(MesosExecutorDriver driver, DriverState state, Endpoint agent) {
        this.driver = driver;
        this.state = state;
        this.agent = agent;
    }

    @Override
    public void run() {
        long patience = TimeUnit.MILLISECONDS.toNanos(ExecutorEnvironment.recoveryTimeoutMillis());
        long away = System.nanoTime();
        while (state.isRunning()) {
            String reason;
            try {
                reason = subscribe();
            } catch (IOException | RuntimeException e) {
                reason = e.getMessage() == null ? e.toString() : e.getMessage();
            }
            if (!state.isRunning()) {
                return;
            }
            LOG.warn("Not connected to the agent: {}", reason);
            boolean wasConnected = state.setDisconnected();
            if (wasConnected) {
                away = System.nanoTime();
                driver.disconnected();
            }
            boolean abandoned = wasConnected && !ExecutorEnvironment.isCheckpointing();
            if (abandoned || System.nanoTime() - away > patience) {
                driver.leave();
                return;
            }
            try {
                long longest = Math.max(SHORTEST_PAUSE_MILLIS, ExecutorEnvironment.longestBackoffMillis());
                Thread.sleep(SHORTEST_PAUSE_MILLIS + ThreadLocalRandom.current().nextLong(longest));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Subscribes, reads events until they end, and returns why they ended. */
    private String subscribe() throws IOException {
        EventStream stream = new EventStream(new HttpConnection(agent));
        if (!state.open(stream)) {
            return "the driver has ended";
        }
        try {
            HttpResponse response = stream.connection().post(MesosExecutorDriver.PATH, driver.headers(),
                    driver.subscribeCall().bytes(), ANSWER_MILLIS);
            if (response.status() != 200) {
                String reason = "HTTP " + response.status() + " " + response.text();
                if (response.status() == 401 || response.status() == 403) {
                    driver.fail("The agent refused the subscription: " + reason);
                }
                return reason;
            }
            stream.connection().setReadTimeout(0); // an agent sends heartbeats only if it is told to
            for (byte[] event = response.nextRecord(); event != null; event = response.nextRecord()) {
                driver.handle(event);
            }
            return "the agent closed the event stream";
        } finally {
            stream.close();
        }
    }
}
