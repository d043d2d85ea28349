// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.apache.mesos.Protos.Credential;
import org.apache.mesos.Protos.ExecutorID;
import org.apache.mesos.Protos.Filters;
import org.apache.mesos.Protos.FrameworkInfo;
import org.apache.mesos.Protos.Offer;
import org.apache.mesos.Protos.OfferID;
import org.apache.mesos.Protos.Request;
import org.apache.mesos.Protos.SlaveID;
import org.apache.mesos.Protos.TaskID;
import org.apache.mesos.Protos.TaskStatus;

/** The calls of the v1 scheduler API, encoded; and what else a request to it consists of. */
final class SchedulerCalls {
    static final String PATH = "/api/v1/scheduler";

    private static final String PROTOBUF = "application/x-protobuf";
    private static final int FRAMEWORK_ID = 1;
    private static final int TYPE = 2;

    /** Number of the call's type, and of the field that holds its message (0: none). */
    enum Type {
        SUBSCRIBE(1, 3),
        TEARDOWN(2, 0),
        ACCEPT(3, 4),
        DECLINE(4, 5),
        REVIVE(5, 15),
        KILL(6, 6),
        ACKNOWLEDGE(8, 8),
        RECONCILE(9, 9),
        MESSAGE(10, 10),
        REQUEST(11, 11),
        SUPPRESS(12, 16),
        UPDATE_FRAMEWORK(17, 19);

        private final int number;
        private final int field;

        Type(int number, int field) {
            this.number = number;
            this.field = field;
        }
    }

    private SchedulerCalls() {
    }

    /** HTTP headers of a call.
     *
     * @param streamId id of the subscription the call belongs to; null for SUBSCRIBE itself
     */
    static Map<String, String> headers(Credential credential, String streamId) {
        Map<String, String> headers = new HashMap<>();
        headers.put("Content-Type", PROTOBUF);
        headers.put("Accept", PROTOBUF);
        headers.put("User-Agent", "mesos-scheduler-driver/" + version());
        if (streamId != null) {
            headers.put("Mesos-Stream-Id", streamId);
        }
        if (credential != null) {
            String account = credential.getPrincipal() + ":" + credential.getSecret();
            byte[] bytes = account.getBytes(StandardCharsets.UTF_8);
            headers.put("Authorization", "Basic " + Base64.getEncoder().encodeToString(bytes));
        }
        return headers;
    }

    private static String version() {
        String version = SchedulerCalls.class.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }

    /** A call without the framework's id: {@link #complete} puts it in front. */
    static Call call(Type type, ProtobufWriter message) {
        ProtobufWriter fields = new ProtobufWriter().number(TYPE, type.number);
        if (type.field != 0) {
            fields.message(type.field, message);
        }
        // An ACCEPT that arrives twice loses its tasks, and a message would be read twice.
        boolean repeatable = type != Type.ACCEPT && type != Type.MESSAGE;
        return new Call(type.name(), fields.toByteArray(), repeatable);
    }

    /** Adds the framework's id, if it has one. */
    static Call complete(Call call, FrameworkInfo framework) {
        ProtobufWriter fields = new ProtobufWriter();
        if (framework.hasId()) {
            fields.bytes(FRAMEWORK_ID, framework.getId().toByteArray());
        }
        return new Call(call.name(), fields.fields(call.bytes()).toByteArray(), call.isRepeatable());
    }

    static Call teardown() {
        return call(Type.TEARDOWN, new ProtobufWriter());
    }

    static Call accept(Collection<OfferID> offers, Collection<Offer.Operation> operations, Filters filters) {
        ProtobufWriter message = new ProtobufWriter();
        for (OfferID offer : offers) {
            message.bytes(1, offer.toByteArray());
        }
        for (Offer.Operation operation : operations) {
            message.bytes(2, operation.toByteArray());
        }
        return call(Type.ACCEPT, message.bytes(3, filters.toByteArray()));
    }

    static Call decline(OfferID offer, Filters filters) {
        return call(Type.DECLINE,
                new ProtobufWriter().bytes(1, offer.toByteArray()).bytes(2, filters.toByteArray()));
    }

    static Call revive(Collection<String> roles) {
        return call(Type.REVIVE, new ProtobufWriter().texts(1, roles));
    }

    static Call suppress(Collection<String> roles) {
        return call(Type.SUPPRESS, new ProtobufWriter().texts(1, roles));
    }

    static Call kill(TaskID task) {
        return call(Type.KILL, new ProtobufWriter().bytes(1, task.toByteArray()));
    }

    static Call acknowledge(TaskStatus status, byte[] uuid) {
        return call(Type.ACKNOWLEDGE, new ProtobufWriter().bytes(1, status.getSlaveId().toByteArray())
                .bytes(2, status.getTaskId().toByteArray()).bytes(3, uuid));
    }

    static Call reconcile(Collection<TaskStatus> statuses) {
        ProtobufWriter message = new ProtobufWriter();
        for (TaskStatus status : statuses) {
            ProtobufWriter task = new ProtobufWriter().bytes(1, status.getTaskId().toByteArray());
            if (status.hasSlaveId()) {
                task.bytes(2, status.getSlaveId().toByteArray());
            }
            message.message(1, task);
        }
        return call(Type.RECONCILE, message);
    }

    static Call message(ExecutorID executor, SlaveID agent, byte[] data) {
        return call(Type.MESSAGE, new ProtobufWriter().bytes(1, agent.toByteArray())
                .bytes(2, executor.toByteArray()).bytes(3, data));
    }

    static Call request(Collection<Request> requests) {
        ProtobufWriter message = new ProtobufWriter();
        for (Request request : requests) {
            message.bytes(1, request.toByteArray());
        }
        return call(Type.REQUEST, message);
    }
}
