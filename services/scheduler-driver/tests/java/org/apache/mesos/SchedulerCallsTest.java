// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import org.apache.mesos.Protos.Credential;
import org.apache.mesos.Protos.Filters;
import org.apache.mesos.Protos.FrameworkID;
import org.apache.mesos.Protos.FrameworkInfo;
import org.apache.mesos.Protos.Offer;
import org.apache.mesos.Protos.OfferID;
import org.apache.mesos.Protos.TaskID;
import org.apache.mesos.Protos.TaskState;
import org.apache.mesos.Protos.TaskStatus;
import org.junit.jupiter.api.Test;

class SchedulerCallsTest {
    private static final FrameworkInfo FRAMEWORK = FrameworkInfo.newBuilder().setUser("u").setName("n").build();

    @Test
    void acceptCarriesOffersOperationsAndFilters() throws Exception {
        OfferID offer = OfferID.newBuilder().setValue("o1").build();
        Offer.Operation launch = Offer.Operation.newBuilder().setType(Offer.Operation.Type.LAUNCH).build();
        Filters filters = Filters.newBuilder().setRefuseSeconds(2).build();
        Call call = SchedulerCalls.accept(Collections.singleton(offer), Collections.singleton(launch), filters);
        assertEquals(3, ProtobufReader.number(call.bytes(), 2, 0));
        byte[] message = ProtobufReader.first(call.bytes(), 4);
        assertEquals(offer, OfferID.parseFrom(ProtobufReader.first(message, 1)));
        assertEquals(launch, Offer.Operation.parseFrom(ProtobufReader.first(message, 2)));
        assertEquals(filters, Filters.parseFrom(ProtobufReader.first(message, 3)));
        assertFalse(call.isRepeatable());
    }

    @Test
    void declineMayBeRepeated() {
        OfferID offer = OfferID.newBuilder().setValue("o1").build();
        assertTrue(SchedulerCalls.decline(offer, Filters.newBuilder().build()).isRepeatable());
    }

    @Test
    void reconcileNamesTasks() throws Exception {
        TaskStatus status = TaskStatus.newBuilder().setTaskId(TaskID.newBuilder().setValue("t"))
                .setState(TaskState.TASK_RUNNING).build();
        byte[] message = ProtobufReader.first(SchedulerCalls.reconcile(Arrays.asList(status, status)).bytes(), 9);
        assertEquals(2, ProtobufReader.all(message, 1).size());
        byte[] task = ProtobufReader.first(message, 1);
        assertEquals("t", TaskID.parseFrom(ProtobufReader.first(task, 1)).getValue());
        assertNull(ProtobufReader.first(task, 2));
    }

    @Test
    void frameworkIdComesFirstOnceThereIsOne() throws Exception {
        Call call = SchedulerCalls.teardown();
        assertArrayEquals(call.bytes(), SchedulerCalls.complete(call, FRAMEWORK).bytes());
        FrameworkID id = FrameworkID.newBuilder().setValue("f-1").build();
        Call complete = SchedulerCalls.complete(call, FRAMEWORK.toBuilder().setId(id).build());
        assertEquals(id, FrameworkID.parseFrom(ProtobufReader.first(complete.bytes(), 1)));
        assertEquals(2, ProtobufReader.number(complete.bytes(), 2, 0));
    }

    @Test
    void credentialBecomesBasicAuthentication() {
        Credential credential = Credential.newBuilder().setPrincipal("spark").setSecret("pa:ss").build();
        Map<String, String> headers = SchedulerCalls.headers(credential, "s-1");
        assertEquals("Basic c3Bhcms6cGE6c3M=", headers.get("Authorization"));
        assertEquals("s-1", headers.get("Mesos-Stream-Id"));
        assertTrue(headers.get("User-Agent").startsWith("mesos-scheduler-driver/"));
        assertFalse(SchedulerCalls.headers(null, null).containsKey("Authorization"));
    }

    @Test
    void suppressedRolesFollowReviveAndSuppress() throws Exception {
        Framework framework =
                new Framework(FRAMEWORK.toBuilder().addRoles("a").addRoles("b").build(), Collections.emptyList());
        framework.suppress(Collections.emptyList(), true);
        assertEquals(2, ProtobufReader.all(framework.encode().toByteArray(), 2).size());
        framework.revive(Collections.singleton("a"), true);
        assertArrayEquals("b".getBytes(), ProtobufReader.first(framework.encode().toByteArray(), 2));
        assertFalse(framework.takeChangedWhileAway());
        framework.revive(Collections.emptyList(), false);
        assertNull(ProtobufReader.first(framework.encode().toByteArray(), 2));
        assertTrue(framework.takeChangedWhileAway());
        assertFalse(framework.takeChangedWhileAway());
    }

    @Test
    void settingsCompleteTheFramework() {
        System.setProperty("MESOS_FRAMEWORK_NAME", "run-1");
        System.setProperty("MESOS_FRAMEWORK_CHECKPOINT", "true");
        try {
            FrameworkInfo info = new Framework(FRAMEWORK, Collections.emptyList()).info();
            assertEquals("run-1", info.getName());
            assertTrue(info.getCheckpoint());
            assertFalse(info.getHostname().isEmpty());
        } finally {
            System.clearProperty("MESOS_FRAMEWORK_NAME");
            System.clearProperty("MESOS_FRAMEWORK_CHECKPOINT");
        }
        FrameworkInfo plain = new Framework(FRAMEWORK, Collections.emptyList()).info();
        assertEquals("n", plain.getName());
        assertFalse(plain.getCheckpoint());
    }
}
