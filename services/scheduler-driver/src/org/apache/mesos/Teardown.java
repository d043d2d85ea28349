// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a framework when its driver stops: tasks and executors go with it. */
final class Teardown {
    private static final Logger LOG = LoggerFactory.getLogger(MesosSchedulerDriver.class);
    private static final int ANSWER_MILLIS = 10_000;
    private static final int SUBSCRIBED_FIELD = 2;

    private final MesosSchedulerDriver driver;
    private final DriverState state;
    private final CallSender calls;

    Teardown(MesosSchedulerDriver driver, DriverState state, CallSender calls) {
        this.driver = driver;
        this.state = state;
        this.calls = calls;
    }

    /**
     * Sends it after the calls that wait, and waits for its answer: the process may end right after.
     *
     * @param subscribed whether the subscription held when the driver was stopped
     */
    void run(String master, boolean subscribed) {
        Future<?> sent = calls.submit(() -> send(master, subscribed));
        if (CallSender.isSending()) {
            return; // it would wait for itself
        }
        try {
            sent.get(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("The framework's teardown was not confirmed: {}", e.toString());
        }
    }

    private void send(String master, boolean subscribed) {
        try {
            if (subscribed || subscribe(master)) {
                calls.deliver(driver.complete(SchedulerCalls.teardown()));
            }
        } catch (IOException | RuntimeException e) {
            LOG.warn("The framework's teardown failed: {}", e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** After an abort the subscription is gone, and only a subscribed framework may end itself. */
    private boolean subscribe(String master) throws IOException, InterruptedException {
        try (MasterDetector masters = MasterDetector.of(master)) {
            EventStream stream = new EventStream(new HttpConnection(masters.next()));
            state.reopen(stream);
            HttpResponse response = stream.connection().post(SchedulerCalls.PATH, driver.headers(null),
                    driver.subscribeCall().bytes(), ANSWER_MILLIS);
            byte[] event = response.status() == 200 ? response.nextRecord() : null;
            stream.setId(response.header("Mesos-Stream-Id"));
            // Without a SUBSCRIBED event the master has removed the framework already.
            return event != null && ProtobufReader.first(event, SUBSCRIBED_FIELD) != null;
        }
    }
}
