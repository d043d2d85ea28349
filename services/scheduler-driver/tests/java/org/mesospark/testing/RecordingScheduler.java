// SPDX-License-Identifier: GPL-3.0-or-later
package org.mesospark.testing;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.mesos.Protos.ExecutorID;
import org.apache.mesos.Protos.FrameworkID;
import org.apache.mesos.Protos.MasterInfo;
import org.apache.mesos.Protos.Offer;
import org.apache.mesos.Protos.OfferID;
import org.apache.mesos.Protos.SlaveID;
import org.apache.mesos.Protos.TaskState;
import org.apache.mesos.Protos.TaskStatus;
import org.apache.mesos.Scheduler;
import org.apache.mesos.SchedulerDriver;

/** Keeps what the driver tells until a test asks for it. */
public class RecordingScheduler implements Scheduler {
    public static final int PATIENCE_SECONDS = 20;

    public final BlockingQueue<Offer> offers = new LinkedBlockingQueue<>();
    public final BlockingQueue<TaskStatus> updates = new LinkedBlockingQueue<>();
    public final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    public volatile FrameworkID id;
    public volatile MasterInfo master;
    public volatile boolean throwsOnOffers;

    @Override
    public void registered(SchedulerDriver driver, FrameworkID frameworkId, MasterInfo masterInfo) {
        id = frameworkId;
        master = masterInfo;
        event("registered " + frameworkId.getValue());
    }

    @Override
    public void reregistered(SchedulerDriver driver, MasterInfo masterInfo) {
        master = masterInfo;
        event("reregistered");
    }

    @Override
    public void resourceOffers(SchedulerDriver driver, List<Offer> given) {
        if (throwsOnOffers) {
            throw new IllegalStateException("as the test wants it");
        }
        offers.addAll(given);
    }

    @Override
    public void offerRescinded(SchedulerDriver driver, OfferID offer) {
        event("rescinded");
    }

    @Override
    public void statusUpdate(SchedulerDriver driver, TaskStatus status) {
        updates.add(status);
    }

    @Override
    public void frameworkMessage(SchedulerDriver driver, ExecutorID executor, SlaveID agent, byte[] data) {
        event("message " + new String(data));
    }

    @Override
    public void disconnected(SchedulerDriver driver) {
        event("disconnected");
    }

    @Override
    public void slaveLost(SchedulerDriver driver, SlaveID agent) {
        event("agent lost");
    }

    @Override
    public void executorLost(SchedulerDriver driver, ExecutorID executor, SlaveID agent, int status) {
        event("executor lost");
    }

    @Override
    public void error(SchedulerDriver driver, String message) {
        event("error " + message);
    }

    /** Called for everything but offers and updates. */
    protected void event(String text) {
        events.add(text);
    }

    /** Waits for an event that starts so, forgetting those before it. */
    public String await(String start) throws InterruptedException {
        return take(events, event -> event.startsWith(start), start);
    }

    /** Waits for an update of this state, forgetting those before it. */
    public TaskStatus await(TaskState state) throws InterruptedException {
        return take(updates, status -> status.getState() == state, state.name());
    }

    /** Waits for an offer. */
    public Offer awaitOffer() throws InterruptedException {
        return take(offers, offer -> true, "an offer");
    }

    private static <T> T take(BlockingQueue<T> queue, Predicate<T> wanted, String what) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            T next = queue.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (next == null) {
                throw new AssertionError("waited " + PATIENCE_SECONDS + " s for " + what);
            }
            if (wanted.test(next)) {
                return next;
            }
        }
    }
}
