// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.mesos.Protos.Credential;
import org.apache.mesos.Protos.ExecutorID;
import org.apache.mesos.Protos.Filters;
import org.apache.mesos.Protos.FrameworkID;
import org.apache.mesos.Protos.FrameworkInfo;
import org.apache.mesos.Protos.MasterInfo;
import org.apache.mesos.Protos.Offer;
import org.apache.mesos.Protos.OfferID;
import org.apache.mesos.Protos.Request;
import org.apache.mesos.Protos.SlaveID;
import org.apache.mesos.Protos.Status;
import org.apache.mesos.Protos.TaskID;
import org.apache.mesos.Protos.TaskInfo;
import org.apache.mesos.Protos.TaskState;
import org.apache.mesos.Protos.TaskStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The scheduler driver without native code: callbacks and calls of the v0 interface, carried over the v1 scheduler HTTP
 * API of the master. It opens outgoing connections only.
 *
 * <p>Callbacks come one at a time, in order, from one thread; calls go out in order from another. An exception in a
 * callback aborts the driver. Tasks launched while no master is connected are reported as lost.
 */
public class MesosSchedulerDriver implements SchedulerDriver {
    private static final Logger LOG = LoggerFactory.getLogger(MesosSchedulerDriver.class);
    private static final double DEFAULT_HEARTBEAT_SECONDS = 15;
    private static final double LONGEST_HEARTBEAT_SECONDS = 3600;
    private static final int MISSED_HEARTBEATS = 5;
    private static final int TASK_STATUS_UUID = 11;
    private static final Filters NO_FILTERS = Filters.newBuilder().build();

    private final Scheduler scheduler;
    private final String master;
    private final boolean implicitAcknowledgements;
    private final Credential credential;
    private final DriverState state = new DriverState();
    private final Framework framework;

    // Made when the driver starts.
    private Callbacks callbacks;
    private CallSender calls;

    /** A driver with implicit acknowledgements, for a master that asks for no authentication. */
    public MesosSchedulerDriver(Scheduler scheduler, FrameworkInfo framework, String master) {
        this(scheduler, framework, Collections.<String>emptyList(), master, true, null, false);
    }

    /** A driver with implicit acknowledgements. */
    public MesosSchedulerDriver(Scheduler scheduler, FrameworkInfo framework, String master, Credential credential) {
        this(scheduler, framework, Collections.<String>emptyList(), master, true, credential, true);
    }

    /** A driver for a master that asks for no authentication. */
    public MesosSchedulerDriver(Scheduler scheduler, FrameworkInfo framework, String master,
            boolean implicitAcknowledgements) {
        this(scheduler, framework, Collections.<String>emptyList(), master, implicitAcknowledgements, null, false);
    }

    /** A driver that chooses who acknowledges status updates. */
    public MesosSchedulerDriver(Scheduler scheduler, FrameworkInfo framework, String master,
            boolean implicitAcknowledgements, Credential credential) {
        this(scheduler, framework, Collections.<String>emptyList(), master, implicitAcknowledgements, credential, true);
    }

    /** A driver that starts with some roles suppressed, for a master that asks for no authentication. */
    public MesosSchedulerDriver(Scheduler scheduler, FrameworkInfo framework, Collection<String> suppressedRoles,
            String master, boolean implicitAcknowledgements) {
        this(scheduler, framework, suppressedRoles, master, implicitAcknowledgements, null, false);
    }

    /** A driver that starts with some roles suppressed. */
    public MesosSchedulerDriver(Scheduler scheduler, FrameworkInfo framework, Collection<String> suppressedRoles,
            String master, boolean implicitAcknowledgements, Credential credential) {
        this(scheduler, framework, suppressedRoles, master, implicitAcknowledgements, credential, true);
    }

    private MesosSchedulerDriver(Scheduler scheduler, FrameworkInfo framework, Collection<String> suppressedRoles,
            String master, boolean implicitAcknowledgements, Credential credential, boolean credentialGiven) {
        this.scheduler = Objects.requireNonNull(scheduler, "Not expecting a null scheduler");
        this.master = Objects.requireNonNull(master, "Not expecting a null master");
        this.implicitAcknowledgements = implicitAcknowledgements;
        this.credential =
                credentialGiven ? Objects.requireNonNull(credential, "Not expecting a null credential") : null;
        this.framework = new Framework(Objects.requireNonNull(framework, "Not expecting a null framework"),
                Objects.requireNonNull(suppressedRoles, "Not expecting null suppressed roles"));
    }

    // The driver's life

    @Override
    public Status start() {
        MasterDetector masters;
        synchronized (state) {
            if (state.status() != Status.DRIVER_NOT_STARTED) {
                return state.status();
            }
            state.setRunning();
            try {
                masters = MasterDetector.of(master);
            } catch (IOException | IllegalArgumentException | LinkageError e) {
                state.abort();
                scheduler.error(this, "Failed to create a master detector for '" + master + "': " + e.getMessage());
                return Status.DRIVER_ABORTED;
            }
            callbacks = new Callbacks(state);
            calls = new CallSender(state, SchedulerCalls.PATH, stream -> headers(stream.id()));
        }
        SchedulerEvents events = new SchedulerEvents(this, scheduler, callbacks);
        Runnable subscription = new SchedulerSubscription(this, state, masters, events);
        Callbacks.daemons("mesos-events").newThread(subscription).start();
        return Status.DRIVER_RUNNING;
    }

    @Override
    public Status stop() {
        return stop(false);
    }

    @Override
    public Status stop(boolean failover) {
        Status before;
        boolean subscribed;
        boolean endsFramework;
        synchronized (state) {
            subscribed = state.isConnected();
            before = state.stop();
            if (before != Status.DRIVER_RUNNING && before != Status.DRIVER_ABORTED) {
                return before;
            }
            endsFramework = !failover && framework.hasId();
        }
        if (calls != null) {
            if (endsFramework) {
                new Teardown(this, state, calls).run(master, subscribed);
            }
            calls.shutdown();
            callbacks.shutdown();
        }
        state.closeStream();
        return before == Status.DRIVER_ABORTED ? before : Status.DRIVER_STOPPED;
    }

    @Override
    public Status abort() {
        Status before = state.abort();
        return before == Status.DRIVER_RUNNING ? Status.DRIVER_ABORTED : before;
    }

    @Override
    public Status join() {
        return state.join();
    }

    @Override
    public Status run() {
        Status started = start();
        return started == Status.DRIVER_RUNNING ? join() : started;
    }

    // What the subscription asks and tells

    Map<String, String> headers(String streamId) {
        return SchedulerCalls.headers(credential, streamId);
    }

    String describeCredential() {
        return credential == null
                ? "it wants a principal and a secret, and none were given"
                : "principal '" + credential.getPrincipal() + "' or its secret is wrong";
    }

    Call subscribeCall() {
        synchronized (state) {
            framework.takeChangedWhileAway(); // this call tells it
            return complete(SchedulerCalls.call(SchedulerCalls.Type.SUBSCRIBE, framework.encode()));
        }
    }

    /** Adds the framework's id to a call. */
    Call complete(Call call) {
        synchronized (state) {
            return SchedulerCalls.complete(call, framework.info());
        }
    }

    /** A master has taken the subscription; {@code info} is null if it does not say who it is. */
    void subscribed(FrameworkID id, double heartbeatSeconds, MasterInfo info) throws IOException {
        HttpConnection connection = state.stream().connection();
        Endpoint endpoint = connection.endpoint();
        double heartbeat = heartbeatSeconds > 0 ? heartbeatSeconds : DEFAULT_HEARTBEAT_SECONDS;
        // A stream on which nothing comes for so long is dead, whatever the operating system thinks of it.
        double silence = Math.min(heartbeat, LONGEST_HEARTBEAT_SECONDS) * MISSED_HEARTBEATS;
        connection.setReadTimeout((int) Math.max(1000, silence * 1000));
        MasterInfo leader = info != null ? info : MasterInfo.newBuilder().setId("").setIp(0)
                .setPort(endpoint.port()).setHostname(endpoint.host()).build();
        boolean first;
        boolean changedWhileAway;
        synchronized (state) {
            framework.setId(id);
            first = state.setSubscribed();
            changedWhileAway = framework.takeChangedWhileAway();
        }
        LOG.info("Subscribed at {} as framework {}", endpoint, id.getValue());
        if (changedWhileAway) {
            sendUpdate();
        }
        if (first) {
            callbacks.later(() -> scheduler.registered(this, id, leader));
        } else {
            callbacks.later(() -> scheduler.reregistered(this, leader));
        }
    }

    void disconnected() {
        callbacks.later(() -> scheduler.disconnected(this));
    }

    /** As in the native driver: an error ends the driver, and then the scheduler hears of it. */
    void fail(String message) {
        callbacks.fail(message, () -> scheduler.error(this, message));
    }

    void acknowledgeImplicitly(TaskStatus status) {
        if (implicitAcknowledgements) {
            acknowledge(status);
        }
    }

    // Calls

    private Status send(Call call) {
        return send(call, () -> LOG.debug("The call {} is dropped: not connected", call.name()));
    }

    private Status send(Call call, Runnable undelivered) {
        synchronized (state) {
            if (!state.isRunning()) {
                return state.status();
            }
            if (state.isConnected()) {
                calls.send(complete(call), undelivered);
            } else {
                undelivered.run();
            }
            return Status.DRIVER_RUNNING;
        }
    }

    @Override
    public Status requestResources(Collection<Request> requests) {
        return send(SchedulerCalls.request(requests));
    }

    @Override
    public Status launchTasks(OfferID offer, Collection<TaskInfo> tasks) {
        return launchTasks(Collections.singleton(offer), tasks, NO_FILTERS);
    }

    @Override
    public Status launchTasks(OfferID offer, Collection<TaskInfo> tasks, Filters filters) {
        return launchTasks(Collections.singleton(offer), tasks, filters);
    }

    @Override
    public Status launchTasks(Collection<OfferID> offers, Collection<TaskInfo> tasks) {
        return launchTasks(offers, tasks, NO_FILTERS);
    }

    @Override
    public Status launchTasks(Collection<OfferID> offers, Collection<TaskInfo> tasks, Filters filters) {
        Offer.Operation launch = Offer.Operation.newBuilder().setType(Offer.Operation.Type.LAUNCH)
                .setLaunch(Offer.Operation.Launch.newBuilder().addAllTaskInfos(tasks)).build();
        return acceptOffers(offers, Collections.singleton(launch), filters);
    }

    @Override
    public Status acceptOffers(Collection<OfferID> offers, Collection<Offer.Operation> operations, Filters filters) {
        List<TaskInfo> tasks = new ArrayList<>();
        for (Offer.Operation operation : operations) {
            if (operation.getType() == Offer.Operation.Type.LAUNCH) {
                tasks.addAll(operation.getLaunch().getTaskInfosList());
            }
        }
        return send(SchedulerCalls.accept(offers, operations, filters), () -> reportLost(tasks));
    }

    /** Tasks that no master has seen would stay unknown for ever. */
    private void reportLost(List<TaskInfo> tasks) {
        TaskState lost;
        synchronized (state) {
            lost = framework.isPartitionAware() ? TaskState.TASK_DROPPED : TaskState.TASK_LOST;
        }
        for (TaskInfo task : tasks) {
            TaskStatus status = TaskStatus.newBuilder().setTaskId(task.getTaskId()).setSlaveId(task.getSlaveId())
                    .setState(lost).setSource(TaskStatus.Source.SOURCE_MASTER)
                    .setReason(TaskStatus.Reason.REASON_MASTER_DISCONNECTED).setMessage("Master disconnected")
                    .setTimestamp(System.currentTimeMillis() / 1000.0).build();
            callbacks.later(() -> scheduler.statusUpdate(this, status));
        }
    }

    @Override
    public Status declineOffer(OfferID offer) {
        return declineOffer(offer, NO_FILTERS);
    }

    @Override
    public Status declineOffer(OfferID offer, Filters filters) {
        return send(SchedulerCalls.decline(offer, filters));
    }

    @Override
    public Status killTask(TaskID task) {
        return send(SchedulerCalls.kill(task));
    }

    @Override
    public Status reviveOffers() {
        return reviveOffers(Collections.<String>emptyList());
    }

    /** Asks for offers again for these roles; for all roles if there are none in the list. */
    @Override
    public Status reviveOffers(Collection<String> roles) {
        synchronized (state) {
            framework.revive(roles, state.isConnected());
            return send(SchedulerCalls.revive(roles));
        }
    }

    @Override
    public Status suppressOffers() {
        return suppressOffers(Collections.<String>emptyList());
    }

    /** Asks for no more offers for these roles; for all roles if there are none in the list. */
    @Override
    public Status suppressOffers(Collection<String> roles) {
        synchronized (state) {
            framework.suppress(roles, state.isConnected());
            return send(SchedulerCalls.suppress(roles));
        }
    }

    @Override
    public Status acknowledgeStatusUpdate(TaskStatus status) {
        if (implicitAcknowledgements) {
            abort();
            throw new IllegalStateException("Cannot acknowledge explicitly: implicit acknowledgements are on");
        }
        return acknowledge(status);
    }

    private Status acknowledge(TaskStatus status) {
        byte[] uuid;
        try {
            uuid = ProtobufReader.first(status.toByteArray(), TASK_STATUS_UUID); // its getter's type is protobuf's
        } catch (IOException e) {
            throw new IllegalArgumentException("not a valid TaskStatus", e);
        }
        if (uuid == null || uuid.length == 0 || !status.hasSlaveId()) {
            return state.status(); // not from an agent: nobody waits for it
        }
        return send(SchedulerCalls.acknowledge(status, uuid));
    }

    @Override
    public Status sendFrameworkMessage(ExecutorID executor, SlaveID agent, byte[] data) {
        return send(SchedulerCalls.message(executor, agent, data));
    }

    @Override
    public Status reconcileTasks(Collection<TaskStatus> statuses) {
        return send(SchedulerCalls.reconcile(statuses));
    }

    /** Replaces what the master knows of the framework (its id stays), and which roles get no offers. */
    @Override
    public Status updateFramework(FrameworkInfo info, Collection<String> suppressedRoles) {
        return update(info, suppressedRoles, null);
    }

    /** Replaces what the master knows of the framework, with constraints on the offers it wants to see. */
    @Override
    public Status updateFramework(FrameworkInfo info, Collection<String> suppressedRoles,
            org.apache.mesos.scheduler.Protos.OfferConstraints offerConstraints) {
        return update(info, suppressedRoles, offerConstraints.toByteArray());
    }

    private Status update(FrameworkInfo info, Collection<String> suppressedRoles, byte[] offerConstraints) {
        synchronized (state) {
            framework.update(info, suppressedRoles, offerConstraints, state.isConnected());
            return sendUpdate();
        }
    }

    private Status sendUpdate() {
        synchronized (state) {
            return send(SchedulerCalls.call(SchedulerCalls.Type.UPDATE_FRAMEWORK, framework.encode()));
        }
    }
}
