// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a scheduler subscribed at the leading master: finds it, reads its events, finds it again. */
final class SchedulerSubscription implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(MesosSchedulerDriver.class);
    private static final int ANSWER_MILLIS = 30_000;
    private static final long REMIND_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final MesosSchedulerDriver driver;
    private final DriverState state;
    private final MasterDetector masters;
    private final SchedulerEvents events;
    private final Set<Endpoint> asked = new HashSet<>(); // since the last pause
    private String lastWarning = "";
    private long lastWarned;

    SchedulerSubscription(MesosSchedulerDriver driver, DriverState state, MasterDetector masters,
            SchedulerEvents events) {
        this.driver = driver;
        this.state = state;
        this.masters = masters;
        this.events = events;
    }

    /** How an attempt to subscribe, or a subscription, ended. */
    private static final class Ending {
        private final String reason;
        private final Endpoint leader; // whom a redirect names
        private final boolean leaderExpected; // a master answers, and there is no leader yet

        private Ending(String reason, Endpoint leader, boolean leaderExpected) {
            this.reason = reason;
            this.leader = leader;
            this.leaderExpected = leaderExpected;
        }

        static Ending because(String reason) {
            return new Ending(reason, null, false);
        }

        static Ending withoutLeader(String reason) {
            return new Ending(reason, null, true);
        }

        static Ending redirectedTo(Endpoint leader) {
            return new Ending("it redirects to " + leader, leader, false);
        }
    }

    @Override
    public void run() {
        Backoff backoff = new Backoff(System.nanoTime());
        Endpoint named = null;
        boolean leaderExpected = false;
        int candidatesAsked = 0;
        try {
            while (state.isRunning()) {
                Endpoint endpoint = null;
                Ending ending;
                try {
                    endpoint = named != null ? named : masters.next();
                    asked.add(endpoint);
                    ending = subscribe(endpoint);
                } catch (IOException | RuntimeException e) {
                    ending = failed(e);
                } catch (LinkageError e) {
                    driver.fail("A class is missing in the class path: " + e.getMessage());
                    return;
                }
                // Whoever ended the driver needs the stream for a teardown: it is not closed here then.
                if (!state.isRunning()) {
                    return;
                }
                if (state.setDisconnected()) {
                    LOG.warn("Disconnected from the master: {}", ending.reason);
                    driver.disconnected();
                    backoff.reset(System.nanoTime());
                } else if (ending.leader == null) {
                    warn(endpoint, ending.reason);
                }

                named = ending.leader;
                if (named != null && !asked.contains(named)) {
                    LOG.info("{} is not the leading master, going to {}", endpoint, named);
                    continue;
                }
                // A redirect to whom we asked already (most often to itself): the masters know no leader yet.
                leaderExpected |= ending.leaderExpected || named != null;
                named = null;
                if (++candidatesAsked < masters.candidates()) {
                    continue;
                }
                pause(backoff.next(System.nanoTime(), leaderExpected));
                asked.clear();
                candidatesAsked = 0;
                leaderExpected = false;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            masters.close();
        }
    }

    /** Asks one master; if it takes the subscription, reads its events until they end. */
    private Ending subscribe(Endpoint endpoint) throws IOException {
        EventStream stream = new EventStream(new HttpConnection(endpoint));
        if (!state.open(stream)) {
            return Ending.because("the driver has ended");
        }
        try {
            HttpResponse response = request(stream);
            if (response.status() == 200) {
                return follow(stream, response);
            }
            return refused(endpoint, response);
        } finally {
            if (state.isRunning()) {
                stream.close();
            }
        }
    }

    private HttpResponse request(EventStream stream) throws IOException {
        Call call = driver.subscribeCall();
        return stream.connection().post(SchedulerCalls.PATH, driver.headers(null), call.bytes(), ANSWER_MILLIS);
    }

    private Ending follow(EventStream stream, HttpResponse response) throws IOException {
        stream.setId(response.header("Mesos-Stream-Id"));
        boolean open = true;
        while (open && state.isRunning()) {
            byte[] event = response.nextRecord();
            open = event != null && events.handle(event);
        }
        return Ending.because("the master closed the event stream");
    }

    private Ending refused(Endpoint endpoint, HttpResponse response) throws IOException {
        int status = response.status();
        if (response.isRedirect()) {
            Endpoint leader = Endpoint.parse(String.valueOf(response.header("Location")), endpoint.usesTls());
            if (endpoint.usesTls() && !leader.usesTls()) {
                return Ending.because("it redirects to " + leader + ", where the credential would go out in clear");
            }
            return Ending.redirectedTo(leader);
        }
        String text = response.text();
        String reason = "HTTP " + status + " " + text;
        if (status == 503) {
            return Ending.withoutLeader(reason);
        }
        if (status == 401) {
            driver.fail("The master " + endpoint + " refused the authentication: " + driver.describeCredential()
                    + " (HTTP 401)");
        } else if (status / 100 == 4 && status != 404 && status != 408 && status != 429) {
            driver.fail("The master " + endpoint + " refused the subscription: " + reason);
        }
        return Ending.because(reason);
    }

    /** Wrong settings show before the first registration; later, the same errors may pass. */
    private Ending failed(Exception error) {
        String reason = error.getMessage() == null ? error.toString() : error.getMessage();
        if (error instanceof TlsSettings.InvalidException) {
            driver.fail(reason);
        } else if (!state.wasEverRegistered()) {
            String refusal = TlsRefusal.explain(error);
            if (refusal != null) {
                driver.fail(refusal);
            }
        }
        return Ending.because(reason);
    }

    private void warn(Endpoint endpoint, String reason) {
        String warning = (endpoint == null ? "No master found" : "No subscription at " + endpoint) + ": " + reason;
        long now = System.nanoTime();
        if (!warning.equals(lastWarning) || now - lastWarned > REMIND_NANOS) {
            LOG.warn("{} (will be tried again)", warning);
            lastWarning = warning;
            lastWarned = now;
        }
    }

    /** A fifth more or less, so that many drivers do not come at the same moment. */
    private static void pause(long millis) throws InterruptedException {
        Thread.sleep(millis - millis / 5 + ThreadLocalRandom.current().nextLong(millis * 2 / 5));
    }
}
