// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.mesos.Protos.ExecutorID;
import org.apache.mesos.Protos.FrameworkID;
import org.apache.mesos.Protos.MasterInfo;
import org.apache.mesos.Protos.Offer;
import org.apache.mesos.Protos.OfferID;
import org.apache.mesos.Protos.SlaveID;
import org.apache.mesos.Protos.TaskStatus;

/** Decodes the events of a scheduler's subscription into callbacks. */
final class SchedulerEvents {
    private static final int SUBSCRIBED = 1;
    private static final int OFFERS = 2;
    private static final int RESCIND = 3;
    private static final int UPDATE = 4;
    private static final int MESSAGE = 5;
    private static final int FAILURE = 6;
    private static final int ERROR = 7;

    private static final int TYPE_FIELD = 1;
    private static final byte[] EMPTY = new byte[0];

    private final MesosSchedulerDriver driver;
    private final Scheduler scheduler;
    private final Callbacks callbacks;

    SchedulerEvents(MesosSchedulerDriver driver, Scheduler scheduler, Callbacks callbacks) {
        this.driver = driver;
        this.scheduler = scheduler;
        this.callbacks = callbacks;
    }

    /** Handles one event; false for an ERROR, after which nothing more will come. */
    boolean handle(byte[] event) throws IOException {
        byte[] message = EMPTY;
        int type = 0;
        ProtobufReader reader = new ProtobufReader(event);
        while (reader.next()) {
            if (reader.field() == TYPE_FIELD) {
                type = (int) reader.number();
            } else if (reader.bytes() != null) {
                message = reader.bytes();
            }
        }
        switch (type) {
            case SUBSCRIBED:
                subscribed(message);
                break;
            case OFFERS:
                offers(message);
                break;
            case RESCIND:
                OfferID offer = OfferID.parseFrom(part(message, 1));
                callbacks.later(() -> scheduler.offerRescinded(driver, offer));
                break;
            case UPDATE:
                TaskStatus status = TaskStatus.parseFrom(part(message, 1));
                callbacks.later(() -> {
                    scheduler.statusUpdate(driver, status);
                    driver.acknowledgeImplicitly(status);
                });
                break;
            case MESSAGE:
                SlaveID agent = SlaveID.parseFrom(part(message, 1));
                ExecutorID executor = ExecutorID.parseFrom(part(message, 2));
                byte[] data = part(message, 3);
                callbacks.later(() -> scheduler.frameworkMessage(driver, executor, agent, data));
                break;
            case FAILURE:
                failure(message);
                break;
            case ERROR:
                driver.fail(new String(part(message, 1), StandardCharsets.UTF_8));
                return false;
            default:
                break; // heartbeats; inverse offers and operations have no v0 callback
        }
        return true;
    }

    private void subscribed(byte[] message) throws IOException {
        FrameworkID id = FrameworkID.parseFrom(part(message, 1));
        double heartbeatSeconds = 0;
        ProtobufReader reader = new ProtobufReader(message);
        while (reader.next()) {
            if (reader.field() == 2) {
                heartbeatSeconds = reader.real();
            }
        }
        byte[] info = ProtobufReader.first(message, 3);
        driver.subscribed(id, heartbeatSeconds, info == null ? null : MasterInfo.parseFrom(info));
    }

    private void offers(byte[] message) throws IOException {
        List<Offer> offers = new ArrayList<>();
        for (byte[] offer : ProtobufReader.all(message, 1)) {
            offers.add(Offer.parseFrom(offer));
        }
        callbacks.later(() -> scheduler.resourceOffers(driver, offers));
    }

    /** An agent is lost, or one executor on it. */
    private void failure(byte[] message) throws IOException {
        SlaveID agent = SlaveID.newBuilder().setValue("").build();
        byte[] agentId = ProtobufReader.first(message, 1);
        SlaveID lost = agentId == null ? agent : SlaveID.parseFrom(agentId);
        byte[] executorId = ProtobufReader.first(message, 2);
        if (executorId == null) {
            callbacks.later(() -> scheduler.slaveLost(driver, lost));
            return;
        }
        ExecutorID executor = ExecutorID.parseFrom(executorId);
        int status = (int) ProtobufReader.number(message, 3, 0);
        callbacks.later(() -> scheduler.executorLost(driver, executor, lost, status));
    }

    private static byte[] part(byte[] message, int field) throws IOException {
        byte[] found = ProtobufReader.first(message, field);
        return found == null ? EMPTY : found;
    }
}
