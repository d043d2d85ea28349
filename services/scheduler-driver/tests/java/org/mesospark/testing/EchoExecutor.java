// SPDX-License-Identifier: GPL-3.0-or-later
package org.mesospark.testing;

import org.apache.mesos.Executor;
import org.apache.mesos.ExecutorDriver;
import org.apache.mesos.MesosExecutorDriver;
import org.apache.mesos.Protos.ExecutorInfo;
import org.apache.mesos.Protos.FrameworkInfo;
import org.apache.mesos.Protos.SlaveInfo;
import org.apache.mesos.Protos.Status;
import org.apache.mesos.Protos.TaskID;
import org.apache.mesos.Protos.TaskInfo;
import org.apache.mesos.Protos.TaskState;
import org.apache.mesos.Protos.TaskStatus;

/** Sends messages back, and says that its tasks run until they are killed. */
public final class EchoExecutor implements Executor {
    public static void main(String[] arguments) {
        System.exit(new MesosExecutorDriver(new EchoExecutor()).run() == Status.DRIVER_STOPPED ? 0 : 1);
    }

    private static void send(ExecutorDriver driver, TaskID task, TaskState state) {
        driver.sendStatusUpdate(TaskStatus.newBuilder().setTaskId(task).setState(state).setMessage("echo").build());
    }

    @Override
    public void registered(ExecutorDriver driver, ExecutorInfo executor, FrameworkInfo framework, SlaveInfo agent) {
        driver.sendFrameworkMessage(("registered on " + agent.getHostname()).getBytes());
    }

    @Override
    public void reregistered(ExecutorDriver driver, SlaveInfo agent) {
        driver.sendFrameworkMessage("reregistered".getBytes());
    }

    @Override
    public void disconnected(ExecutorDriver driver) {
    }

    @Override
    public void launchTask(ExecutorDriver driver, TaskInfo task) {
        send(driver, task.getTaskId(), TaskState.TASK_RUNNING);
    }

    @Override
    public void killTask(ExecutorDriver driver, TaskID task) {
        send(driver, task, TaskState.TASK_KILLED);
    }

    @Override
    public void frameworkMessage(ExecutorDriver driver, byte[] data) {
        driver.sendFrameworkMessage(data);
    }

    @Override
    public void shutdown(ExecutorDriver driver) {
    }

    @Override
    public void error(ExecutorDriver driver, String message) {
        System.err.println(message);
    }
}
