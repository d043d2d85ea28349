// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends calls in order, from one thread, over one kept connection to where the subscription is. */
final class CallSender {
    private static final Logger LOG = LoggerFactory.getLogger(MesosSchedulerDriver.class);
    private static final String THREAD = "mesos-calls";
    private static final int ANSWER_MILLIS = 30_000;

    private final DriverState state;
    private final String path;
    private final Function<EventStream, Map<String, String>> headers;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(Callbacks.daemons(THREAD));
    private HttpConnection kept; // used by the thread alone
    private EventStream keptFor;

    CallSender(DriverState state, String path, Function<EventStream, Map<String, String>> headers) {
        this.state = state;
        this.path = path;
        this.headers = headers;
    }

    /** Whether the current thread is the one that sends. */
    static boolean isSending() {
        return Thread.currentThread().getName().equals(THREAD);
    }

    /** Sends a call if the subscription holds by its turn; {@code undelivered} runs if it surely did not go out. */
    void send(Call call, Runnable undelivered) {
        executor.execute(() -> {
            if (!state.isConnected() || !deliver(call)) {
                undelivered.run();
            }
        });
    }

    /** Runs something in turn with the calls. */
    Future<?> submit(Runnable task) {
        return executor.submit(task);
    }

    /** Closes the connection after all calls that wait, and takes no more. */
    void shutdown() {
        try {
            executor.execute(this::drop);
            executor.shutdown();
        } catch (RejectedExecutionException e) {
            // It was shut down before.
        }
    }

    /** Sends a call at once, on the sender's thread; false only if the peer surely has not taken it. */
    boolean deliver(Call call) {
        EventStream stream = state.stream();
        if (stream == null) {
            return false;
        }
        boolean sent = false;
        while (true) {
            boolean fresh = false;
            try {
                fresh = connect(stream);
                sent = true;
                return isTaken(call, stream);
            } catch (IOException e) {
                drop();
                if (!fresh && call.isRepeatable()) {
                    continue; // the kept connection had died: once more on a new one
                }
                LOG.warn("The call {} failed: {}", call.name(), e.getMessage());
                stream.close(); // subscribing again finds out where things stand
                return sent;
            }
        }
    }

    /** Makes sure there is a connection to the stream's peer; true if it is a new one. */
    private boolean connect(EventStream stream) throws IOException {
        if (kept != null && keptFor == stream && kept.isUsable()) {
            return false;
        }
        drop();
        kept = new HttpConnection(stream.connection().endpoint());
        keptFor = stream;
        return true;
    }

    private boolean isTaken(Call call, EventStream stream) throws IOException {
        HttpResponse response = kept.post(path, headers.apply(stream), call.bytes(), ANSWER_MILLIS);
        String text = response.text();
        if (response.closesConnection()) {
            drop();
        }
        if (response.isSuccess()) {
            return true;
        }
        LOG.warn("The call {} was refused: HTTP {} {}", call.name(), response.status(), text);
        if (endsSubscription(response, text)) {
            stream.close();
        }
        return false;
    }

    /** Not subscribed there any more, or not with this stream, or another master leads: start again. */
    private static boolean endsSubscription(HttpResponse response, String text) {
        int status = response.status();
        return response.isRedirect() || status == 403 || status == 503 || text.contains("stream ID")
                || text.contains("cannot be found");
    }

    private void drop() {
        if (kept != null) {
            kept.close();
        }
        kept = null;
        keptFor = null;
    }
}
