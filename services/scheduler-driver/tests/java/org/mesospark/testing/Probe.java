// SPDX-License-Identifier: GPL-3.0-or-later
package org.mesospark.testing;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.apache.mesos.MesosSchedulerDriver;
import org.apache.mesos.Protos.Credential;
import org.apache.mesos.Protos.FrameworkInfo;
import org.apache.mesos.Protos.Status;

/**
 * A framework without tasks that prints a line for each event: milliseconds since 1970, a space, the event. It stops when
 * its standard input ends; exit status 1 if the driver aborted. Arguments: MASTER [PRINCIPAL SECRET].
 */
public final class Probe {
    private Probe() {
    }

    public static void main(String[] arguments) throws Exception {
        RecordingScheduler scheduler = new RecordingScheduler() {
            @Override
            protected void event(String text) {
                System.out.println(System.currentTimeMillis() + " " + text);
            }
        };
        FrameworkInfo.Builder framework =
                FrameworkInfo.newBuilder().setUser("root").setName("probe").setFailoverTimeout(60);
        MesosSchedulerDriver driver;
        if (arguments.length > 1) {
            Credential credential =
                    Credential.newBuilder().setPrincipal(arguments[1]).setSecret(arguments[2]).build();
            driver = new MesosSchedulerDriver(scheduler, framework.setPrincipal(arguments[1]).build(), arguments[0],
                    credential);
        } else {
            driver = new MesosSchedulerDriver(scheduler, framework.build(), arguments[0]);
        }
        driver.start();
        Thread input = new Thread(() -> {
            try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in))) {
                while (in.readLine() != null) {
                    // Nothing to do before its end.
                }
            } catch (java.io.IOException e) {
                // As good as its end.
            }
            driver.stop();
        });
        input.setDaemon(true);
        input.start();
        Status status = driver.join();
        Thread.sleep(200); // error() is called after join() returns
        if (status == Status.DRIVER_STOPPED) {
            input.join(15_000);
        }
        System.exit(status == Status.DRIVER_STOPPED ? 0 : 1);
    }
}
