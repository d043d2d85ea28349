// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.mesos.Protos.ExecutorInfo;
import org.apache.mesos.Protos.FrameworkInfo;
import org.apache.mesos.Protos.SlaveInfo;
import org.apache.mesos.Protos.Status;
import org.apache.mesos.Protos.TaskID;
import org.apache.mesos.Protos.TaskInfo;
import org.apache.mesos.Protos.TaskState;
import org.apache.mesos.Protos.TaskStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The executor driver without native code: callbacks and calls of the v0 interface, carried over the v1 executor HTTP
 * API of the agent that started the process. Status updates are repeated until the agent acknowledges them.
 */
public class MesosExecutorDriver implements ExecutorDriver {
    static final String PATH = "/api/v1/executor";

    private static final Logger LOG = LoggerFactory.getLogger(MesosExecutorDriver.class);
    private static final int FLUSH_SECONDS = 5;
    private static final int SOURCE_EXECUTOR = 2;

    // Numbers of the types of calls and events.
    private static final int CALL_SUBSCRIBE = 1;
    private static final int CALL_UPDATE = 2;
    private static final int CALL_MESSAGE = 3;
    private static final int EVENT_SUBSCRIBED = 1;
    private static final int EVENT_LAUNCH = 2;
    private static final int EVENT_KILL = 3;
    private static final int EVENT_ACKNOWLEDGED = 4;
    private static final int EVENT_MESSAGE = 5;
    private static final int EVENT_ERROR = 6;
    private static final int EVENT_SHUTDOWN = 7;
    private static final int EVENT_LAUNCH_GROUP = 8;

    private final Executor executor;
    private final DriverState state = new DriverState();

    // Guarded by state; an agent that restarted is told of both.
    private final Map<String, byte[]> unacknowledgedUpdates = new LinkedHashMap<>(); // by UUID
    private final Map<String, byte[]> unacknowledgedTasks = new LinkedHashMap<>(); // by id, until any acknowledgement
    private byte[] agentId;

    // Made when the driver starts.
    private Callbacks callbacks;
    private CallSender calls;

    /** A driver for a process that an agent has started. */
    public MesosExecutorDriver(Executor executor) {
        this.executor = Objects.requireNonNull(executor, "Not expecting a null Executor");
    }

    // The driver's life

    @Override
    public Status start() {
        synchronized (state) {
            if (state.status() != Status.DRIVER_NOT_STARTED) {
                return state.status();
            }
            state.setRunning();
            if (!ExecutorEnvironment.isPresent()) {
                state.abort();
                executor.error(this, "MESOS_AGENT_ENDPOINT, MESOS_FRAMEWORK_ID and MESOS_EXECUTOR_ID are not set:"
                        + " this process was not started by an agent");
                return Status.DRIVER_ABORTED;
            }
            callbacks = new Callbacks(state);
            calls = new CallSender(state, PATH, stream -> headers());
        }
        Endpoint agent = Endpoint.parse(ExecutorEnvironment.agentEndpoint(), TlsSettings.isEnabled());
        Callbacks.daemons("mesos-events").newThread(new ExecutorSubscription(this, state, agent)).start();
        return Status.DRIVER_RUNNING;
    }

    @Override
    public Status stop() {
        if (calls != null && !CallSender.isSending()) {
            flush();
        }
        Status before = state.stop();
        state.closeStream();
        return before == Status.DRIVER_RUNNING ? Status.DRIVER_STOPPED : before;
    }

    /** Lets updates that wait go out. */
    private void flush() {
        try {
            calls.submit(() -> { }).get(FLUSH_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("The last status updates may be lost: {}", e.toString());
        }
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

    Map<String, String> headers() {
        Map<String, String> headers = new HashMap<>();
        headers.put("Content-Type", "application/x-protobuf");
        headers.put("Accept", "application/x-protobuf");
        String token = ExecutorEnvironment.authenticationToken();
        if (!token.isEmpty()) {
            headers.put("Authorization", "Bearer " + token);
        }
        return headers;
    }

    Call subscribeCall() {
        ProtobufWriter message = new ProtobufWriter();
        synchronized (state) {
            for (byte[] task : unacknowledgedTasks.values()) {
                message.bytes(1, task);
            }
            for (byte[] update : unacknowledgedUpdates.values()) {
                message.message(2, new ProtobufWriter().bytes(1, update));
            }
        }
        return call("SUBSCRIBE", CALL_SUBSCRIBE, 4, message, true);
    }

    void disconnected() {
        callbacks.later(() -> executor.disconnected(this));
    }

    void fail(String message) {
        callbacks.fail(message, () -> executor.error(this, message));
    }

    /** The agent, or its absence, ends this executor: it may tidy up, but not for long. */
    void leave() {
        Callbacks.daemons("mesos-grace").newThread(() -> {
            try {
                Thread.sleep(ExecutorEnvironment.shutdownGraceMillis());
            } catch (InterruptedException e) {
                // At once, then.
            }
            Runtime.getRuntime().halt(1);
        }).start();
        callbacks.later(() -> {
            executor.shutdown(this);
            stop();
        });
    }

    /** Handles one event of the agent. */
    void handle(byte[] event) throws IOException {
        int type = 0;
        byte[] message = new byte[0];
        ProtobufReader reader = new ProtobufReader(event);
        while (reader.next()) {
            if (reader.field() == 1) {
                type = (int) reader.number();
            } else if (reader.bytes() != null) {
                message = reader.bytes();
            }
        }
        byte[] first = ProtobufReader.first(message, 1);
        switch (type) {
            case EVENT_SUBSCRIBED:
                subscribed(message);
                break;
            case EVENT_LAUNCH:
                launch(first);
                break;
            case EVENT_LAUNCH_GROUP: // a v0 executor gets a group's tasks one by one
                for (byte[] task : ProtobufReader.all(first, 1)) {
                    launch(task);
                }
                break;
            case EVENT_KILL:
                TaskID killed = TaskID.parseFrom(first);
                callbacks.later(() -> executor.killTask(this, killed));
                break;
            case EVENT_ACKNOWLEDGED:
                acknowledged(TaskID.parseFrom(first).getValue(), ProtobufReader.first(message, 2));
                break;
            case EVENT_MESSAGE:
                byte[] data = first == null ? new byte[0] : first;
                callbacks.later(() -> executor.frameworkMessage(this, data));
                break;
            case EVENT_ERROR:
                fail(new String(first, StandardCharsets.UTF_8));
                break;
            case EVENT_SHUTDOWN:
                leave();
                break;
            default:
                break; // heartbeats
        }
    }

    private void subscribed(byte[] message) throws IOException {
        ExecutorInfo executorInfo = ExecutorInfo.parseFrom(ProtobufReader.first(message, 1));
        FrameworkInfo framework = FrameworkInfo.parseFrom(ProtobufReader.first(message, 2));
        SlaveInfo agent = SlaveInfo.parseFrom(ProtobufReader.first(message, 3));
        boolean isFirst;
        synchronized (state) {
            agentId = agent.getId().toByteArray();
            isFirst = state.setSubscribed();
        }
        if (isFirst) {
            callbacks.later(() -> executor.registered(this, executorInfo, framework, agent));
        } else {
            callbacks.later(() -> executor.reregistered(this, agent));
        }
    }

    private void launch(byte[] encoded) throws IOException {
        TaskInfo task = TaskInfo.parseFrom(encoded);
        synchronized (state) {
            unacknowledgedTasks.put(task.getTaskId().getValue(), encoded);
        }
        callbacks.later(() -> executor.launchTask(this, task));
    }

    private void acknowledged(String task, byte[] uuid) {
        synchronized (state) {
            unacknowledgedUpdates.remove(key(uuid));
            unacknowledgedTasks.remove(task);
        }
    }

    private static String key(byte[] uuid) {
        ByteBuffer buffer = ByteBuffer.wrap(uuid);
        return new UUID(buffer.getLong(), buffer.getLong()).toString();
    }

    // Calls

    private static Call call(String name, int type, int field, ProtobufWriter message, boolean repeatable) {
        byte[] bytes = new ProtobufWriter().message(1, new ProtobufWriter().text(1, ExecutorEnvironment.executorId()))
                .message(2, new ProtobufWriter().text(1, ExecutorEnvironment.frameworkId()))
                .number(3, type).message(field, message).toByteArray();
        return new Call(name, bytes, repeatable);
    }

    private Status send(Call call) {
        synchronized (state) {
            if (state.isRunning()) {
                // An update that does not go out is part of the next subscription.
                calls.send(call, () -> LOG.debug("The call {} waits: not connected", call.name()));
            }
            return state.status();
        }
    }

    @Override
    public Status sendStatusUpdate(TaskStatus status) {
        if (status.getState() == TaskState.TASK_STAGING) {
            executor.error(this, "An executor must not send TASK_STAGING");
            return abort();
        }
        UUID id = UUID.randomUUID();
        byte[] uuid = ByteBuffer.allocate(2 * Long.BYTES).putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits()).array();
        ProtobufWriter update = new ProtobufWriter().fields(status.toByteArray());
        if (!status.hasTimestamp()) {
            update.real(6, System.currentTimeMillis() / 1000.0);
        }
        update.message(7, new ProtobufWriter().text(1, ExecutorEnvironment.executorId()))
                .number(9, SOURCE_EXECUTOR).bytes(11, uuid);
        synchronized (state) {
            if (agentId != null) {
                update.bytes(5, agentId);
            }
            byte[] encoded = update.toByteArray();
            if (state.isRunning()) {
                unacknowledgedUpdates.put(id.toString(), encoded);
            }
            return send(call("UPDATE", CALL_UPDATE, 5, new ProtobufWriter().bytes(1, encoded), true));
        }
    }

    @Override
    public Status sendFrameworkMessage(byte[] data) {
        return send(call("MESSAGE", CALL_MESSAGE, 6, new ProtobufWriter().bytes(2, data), false));
    }
}
