// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the user's callbacks: one at a time, in order, never on a thread that talks to Mesos. */
final class Callbacks {
    private static final Logger LOG = LoggerFactory.getLogger(MesosSchedulerDriver.class);

    private final DriverState state;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(daemons("mesos-callbacks"));

    Callbacks(DriverState state) {
        this.state = state;
    }

    /** Makes threads that do not keep the JVM alive. */
    static ThreadFactory daemons(String name) {
        return runnable -> {
            Thread thread = new Thread(runnable, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** A callback; dropped if the driver has ended by its turn. One that throws aborts the driver. */
    void later(Runnable callback) {
        execute(() -> {
            if (state.isRunning()) {
                try {
                    callback.run();
                } catch (Throwable e) {
                    LOG.error("A callback failed, the driver ends", e);
                    state.abort();
                }
            }
        });
    }

    /** Aborts the driver because of an error, of which {@code report} then tells the user. */
    void fail(String message, Runnable report) {
        LOG.error("Mesos: {}", message);
        if (state.abort() == Protos.Status.DRIVER_RUNNING) {
            execute(report);
        }
    }

    void shutdown() {
        executor.shutdown();
    }

    private void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            // The driver was stopped in the meantime: nobody waits for callbacks.
        }
    }
}
