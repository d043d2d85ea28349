// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.TimeUnit;
import org.apache.mesos.Protos.CommandInfo;
import org.apache.mesos.Protos.ExecutorID;
import org.apache.mesos.Protos.ExecutorInfo;
import org.apache.mesos.Protos.Filters;
import org.apache.mesos.Protos.FrameworkID;
import org.apache.mesos.Protos.FrameworkInfo;
import org.apache.mesos.Protos.Offer;
import org.apache.mesos.Protos.OfferID;
import org.apache.mesos.Protos.Resource;
import org.apache.mesos.Protos.SlaveID;
import org.apache.mesos.Protos.Status;
import org.apache.mesos.Protos.TaskID;
import org.apache.mesos.Protos.TaskInfo;
import org.apache.mesos.Protos.TaskState;
import org.apache.mesos.Protos.TaskStatus;
import org.apache.mesos.Protos.Value;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.mesospark.testing.EchoExecutor;
import org.mesospark.testing.RecordingScheduler;

/** Against the real master of {@code -Dmesos.master=HOST:PORT}, whose one agent nobody else uses. */
@Tag("system")
class MesosSchedulerDriverSystemTest {
    private static final String MASTER = System.getProperty("mesos.master");
    private static final int NO_OFFER_SECONDS = 2;

    private final List<MesosSchedulerDriver> started = new ArrayList<>();
    private final RecordingScheduler scheduler = new RecordingScheduler();

    @AfterEach
    void stopAll() {
        for (MesosSchedulerDriver driver : started) {
            driver.stop();
        }
    }

    private static FrameworkInfo.Builder framework() {
        return FrameworkInfo.newBuilder().setUser("root").setName("test").setFailoverTimeout(60).setCheckpoint(true);
    }

    private MesosSchedulerDriver start(RecordingScheduler recorder, FrameworkInfo info, boolean implicit)
            throws InterruptedException {
        MesosSchedulerDriver driver = new MesosSchedulerDriver(recorder, info, MASTER, implicit);
        started.add(driver);
        assertEquals(Status.DRIVER_RUNNING, driver.start());
        recorder.await("registered");
        return driver;
    }

    private MesosSchedulerDriver start() throws InterruptedException {
        return start(scheduler, framework().build(), true);
    }

    private static Resource scalar(String name, double value) {
        return Resource.newBuilder().setName(name).setType(Value.Type.SCALAR)
                .setScalar(Value.Scalar.newBuilder().setValue(value)).build();
    }

    private static TaskInfo.Builder task(String id, SlaveID agent) {
        return TaskInfo.newBuilder().setName(id).setTaskId(TaskID.newBuilder().setValue(id)).setSlaveId(agent)
                .addResources(scalar("cpus", 0.1)).addResources(scalar("mem", 32));
    }

    private static TaskInfo command(String id, SlaveID agent, String command) {
        return task(id, agent).setCommand(CommandInfo.newBuilder().setValue(command)).build();
    }

    private static TaskStatus statusOf(String task) {
        return TaskStatus.newBuilder().setTaskId(TaskID.newBuilder().setValue(task)).setState(TaskState.TASK_RUNNING)
                .build();
    }

    private static Filters refuse(double seconds) {
        return Filters.newBuilder().setRefuseSeconds(seconds).build();
    }

    private void assertNoOffer() throws InterruptedException {
        assertNull(scheduler.offers.poll(NO_OFFER_SECONDS, TimeUnit.SECONDS));
    }

    @Test
    void startsOnce() throws Exception {
        MesosSchedulerDriver driver = start();
        assertEquals(Status.DRIVER_RUNNING, driver.start());
        assertEquals(MASTER.substring(MASTER.indexOf(':') + 1), String.valueOf(scheduler.master.getPort()));
        assertEquals("1.11.0", scheduler.master.getVersion());
    }

    @Test
    void declinedOffersFollowTheirFilters() throws Exception {
        MesosSchedulerDriver driver = start();
        driver.declineOffer(scheduler.awaitOffer().getId(), refuse(0));
        driver.declineOffer(scheduler.awaitOffer().getId(), refuse(3600));
        assertNoOffer();
        driver.reviveOffers();
        assertNotNull(scheduler.awaitOffer());
    }

    @Test
    void suppressedFrameworkGetsNoOffersUntilItIsRevived() throws Exception {
        MesosSchedulerDriver driver = start();
        driver.suppressOffers();
        driver.declineOffer(scheduler.awaitOffer().getId(), refuse(0));
        assertNoOffer();
        driver.reviveOffers();
        assertNotNull(scheduler.awaitOffer());
    }

    @Test
    void explicitAcknowledgementsAndReconciliation() throws Exception {
        MesosSchedulerDriver driver = start(scheduler, framework().build(), false);
        Offer offer = scheduler.awaitOffer();
        List<TaskInfo> tasks = Arrays.asList(command("sleeps", offer.getSlaveId(), "sleep 1000"),
                command("fails", offer.getSlaveId(), "exit 3"));
        driver.launchTasks(Collections.singleton(offer.getId()), tasks, refuse(1));

        Map<String, TaskState> last = new HashMap<>();
        int startings = 0;
        while (startings < 3) { // two tasks, and the first of them again, as nobody acknowledges
            TaskStatus update = scheduler.updates.poll(RecordingScheduler.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertNotNull(update, "an update that is not acknowledged must come again");
            assertEquals(TaskState.TASK_STARTING, update.getState());
            startings++;
            if (startings > 2) {
                driver.acknowledgeStatusUpdate(update);
            }
        }
        while (last.get("sleeps") != TaskState.TASK_RUNNING || last.get("fails") != TaskState.TASK_FAILED) {
            TaskStatus update = scheduler.updates.poll(RecordingScheduler.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertNotNull(update, "states so far: " + last);
            last.put(update.getTaskId().getValue(), update.getState());
            driver.acknowledgeStatusUpdate(update);
        }

        scheduler.updates.clear();
        driver.reconcileTasks(Arrays.asList(statusOf("sleeps"), statusOf("nobody")));
        Map<String, TaskState> reconciled = new HashMap<>();
        while (reconciled.size() < 2) {
            TaskStatus update = scheduler.updates.poll(RecordingScheduler.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertNotNull(update);
            if (update.getReason() == TaskStatus.Reason.REASON_RECONCILIATION) {
                reconciled.put(update.getTaskId().getValue(), update.getState());
            }
        }
        assertEquals(TaskState.TASK_RUNNING, reconciled.get("sleeps"));
        assertEquals(TaskState.TASK_LOST, reconciled.get("nobody"));

        driver.reconcileTasks(Collections.emptyList());
        assertEquals("sleeps", scheduler.await(TaskState.TASK_RUNNING).getTaskId().getValue());
        driver.killTask(TaskID.newBuilder().setValue("sleeps").build());
        driver.acknowledgeStatusUpdate(scheduler.await(TaskState.TASK_KILLED));
    }

    @Test
    void explicitAcknowledgementIsRefusedWhenImplicit() throws Exception {
        MesosSchedulerDriver driver = start();
        assertThrows(IllegalStateException.class, () -> driver.acknowledgeStatusUpdate(statusOf("any")));
        assertEquals(Status.DRIVER_ABORTED, driver.join());
    }

    @Test
    void callsAfterStopDoNothing() throws Exception {
        MesosSchedulerDriver driver = start();
        assertEquals(Status.DRIVER_STOPPED, driver.stop());
        assertEquals(Status.DRIVER_STOPPED, driver.join());
        assertEquals(Status.DRIVER_STOPPED, driver.killTask(TaskID.newBuilder().setValue("any").build()));
        assertEquals(Status.DRIVER_STOPPED, driver.reviveOffers());
        assertFalse(isActive(scheduler.id));
    }

    @Test
    void frameworkFailsOverAndIsTakenOver() throws Exception {
        MesosSchedulerDriver first = start();
        Offer offer = scheduler.awaitOffer();
        first.launchTasks(offer.getId(), Collections.singleton(command("stays", offer.getSlaveId(), "sleep 1000")));
        scheduler.await(TaskState.TASK_RUNNING);
        assertEquals(Status.DRIVER_STOPPED, first.stop(true));

        FrameworkInfo known = framework().setId(scheduler.id).build();
        RecordingScheduler secondScheduler = new RecordingScheduler();
        MesosSchedulerDriver second = start(secondScheduler, known, true);
        assertEquals(scheduler.id, secondScheduler.id);

        RecordingScheduler thirdScheduler = new RecordingScheduler();
        MesosSchedulerDriver third = start(thirdScheduler, known, true);
        assertEquals("error Framework failed over", secondScheduler.await("error"));
        assertEquals(Status.DRIVER_ABORTED, second.join());
        started.remove(second); // its stop() would end the framework of the third

        third.killTask(TaskID.newBuilder().setValue("stays").build());
        thirdScheduler.await(TaskState.TASK_KILLED);
    }

    @Test
    void exceptionInACallbackAbortsAndStopStillEndsTheFramework() throws Exception {
        scheduler.throwsOnOffers = true;
        MesosSchedulerDriver driver = start();
        assertEquals(Status.DRIVER_ABORTED, driver.join());
        assertEquals(Status.DRIVER_ABORTED, driver.stop());

        RecordingScheduler again = new RecordingScheduler();
        MesosSchedulerDriver refused =
                new MesosSchedulerDriver(again, framework().setId(scheduler.id).build(), MASTER);
        refused.start();
        assertEquals("error Framework has been removed", again.await("error"));
        assertEquals(Status.DRIVER_ABORTED, refused.join());
    }

    @Test
    void addressThatIsNoneAborts() throws Exception {
        MesosSchedulerDriver driver = new MesosSchedulerDriver(scheduler, framework().build(), "zk://nopath");
        assertEquals(Status.DRIVER_ABORTED, driver.start());
        assertTrue(scheduler.await("error").contains("'zk://nopath'"));
        assertEquals(Status.DRIVER_ABORTED, driver.run());
    }

    @Test
    void invalidTaskIsAnError() throws Exception {
        MesosSchedulerDriver driver = start();
        Offer offer = scheduler.awaitOffer();
        SlaveID nowhere = SlaveID.newBuilder().setValue("nowhere").build();
        driver.launchTasks(offer.getId(), Collections.singleton(command("bad", nowhere, "true")));
        assertEquals("bad", scheduler.await(TaskState.TASK_ERROR).getTaskId().getValue());
    }

    @Test
    void tasksLaunchedWithoutAMasterAreLost() throws Exception {
        MesosSchedulerDriver driver = new MesosSchedulerDriver(scheduler, framework().build(), "127.0.0.1:1");
        started.add(driver);
        driver.start();
        OfferID offer = OfferID.newBuilder().setValue("old").build();
        SlaveID agent = SlaveID.newBuilder().setValue("a").build();
        assertEquals(Status.DRIVER_RUNNING,
                driver.launchTasks(offer, Collections.singleton(command("lost", agent, "true"))));
        TaskStatus status = scheduler.await(TaskState.TASK_LOST);
        assertEquals("lost", status.getTaskId().getValue());
        assertEquals(TaskStatus.Reason.REASON_MASTER_DISCONNECTED, status.getReason());
    }

    @Test
    void executorDriverCarriesTasksAndMessages() throws Exception {
        MesosSchedulerDriver driver = start();
        Offer offer = scheduler.awaitOffer();
        ExecutorID executorId = ExecutorID.newBuilder().setValue("echo").build();
        String java = System.getProperty("java.home") + "/bin/java";
        String command = java + " -cp '" + System.getProperty("java.class.path") + "' " + EchoExecutor.class.getName();
        ExecutorInfo executor = ExecutorInfo.newBuilder().setExecutorId(executorId)
                .setCommand(CommandInfo.newBuilder().setValue(command))
                .addResources(scalar("cpus", 0.1)).addResources(scalar("mem", 64)).build();
        TaskInfo task = task("echoes", offer.getSlaveId()).setExecutor(executor).build();
        driver.launchTasks(offer.getId(), Collections.singleton(task));

        assertEquals("message registered on " + offer.getHostname(), scheduler.await("message"));
        TaskStatus running = scheduler.await(TaskState.TASK_RUNNING);
        assertEquals(TaskStatus.Source.SOURCE_EXECUTOR, running.getSource());
        assertEquals("echo", running.getMessage());
        driver.sendFrameworkMessage(executorId, offer.getSlaveId(), "Grüße".getBytes(StandardCharsets.UTF_8));
        assertEquals("message Grüße", scheduler.await("message"));
        driver.killTask(task.getTaskId());
        scheduler.await(TaskState.TASK_KILLED);
    }

    @Test
    void updatedFrameworkReachesTheMaster() throws Exception {
        MesosSchedulerDriver driver = start();
        driver.updateFramework(framework().setFailoverTimeout(1234).build(), Collections.emptyList());
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!state().contains("\"failover_timeout\":1234")) {
            assertTrue(System.nanoTime() < deadline, "the master never showed the new failover timeout");
            Thread.sleep(100);
        }
    }

    private static String state() throws Exception {
        try (InputStream in = new URL("http://" + MASTER + "/frameworks").openStream();
                Scanner scanner = new Scanner(in, "UTF-8").useDelimiter("\\A")) {
            return scanner.next();
        }
    }

    private static boolean isActive(FrameworkID id) throws Exception {
        String state = state();
        return state.substring(0, state.indexOf("\"completed_frameworks\"")).contains(id.getValue());
    }
}
