// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import org.apache.mesos.Protos.Status;

/**
 * What the threads of a driver share: its status and its subscription. Each method is atomic; whoever needs several of
 * them at once, or the driver's own fields with them, synchronizes on this object.
 */
final class DriverState {
    private Status status = Status.DRIVER_NOT_STARTED;
    private boolean connected;
    private boolean everRegistered;
    private EventStream stream;

    synchronized Status status() {
        return status;
    }

    synchronized boolean isRunning() {
        return status == Status.DRIVER_RUNNING;
    }

    synchronized boolean isConnected() {
        return connected;
    }

    synchronized boolean wasEverRegistered() {
        return everRegistered;
    }

    /** The latest stream, or null; it may not be subscribed yet, or not any more. */
    synchronized EventStream stream() {
        return stream;
    }

    synchronized void setRunning() {
        status = Status.DRIVER_RUNNING;
    }

    /** Ends a running driver and its subscription; returns the status it had. */
    synchronized Status abort() {
        Status before = status;
        if (before == Status.DRIVER_RUNNING) {
            status = Status.DRIVER_ABORTED;
            closeStream();
        }
        return before;
    }

    /** Marks a running or aborted driver as stopped, leaving its stream open; returns the status it had. */
    synchronized Status stop() {
        Status before = status;
        if (before == Status.DRIVER_RUNNING || before == Status.DRIVER_ABORTED) {
            status = Status.DRIVER_STOPPED;
            notifyAll();
        }
        return before;
    }

    /** Waits until the driver is no longer running. */
    synchronized Status join() {
        boolean interrupted = false;
        while (status == Status.DRIVER_RUNNING) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return status;
    }

    /** Takes a connection on which a subscription is going to be asked for; closes it if the driver has ended. */
    synchronized boolean open(EventStream opened) {
        if (status != Status.DRIVER_RUNNING) {
            opened.close();
            return false;
        }
        stream = opened;
        return true;
    }

    /** Takes a connection that a driver which has ended opens to say farewell. */
    synchronized void reopen(EventStream opened) {
        stream = opened;
    }

    /** The subscription has succeeded; true if it is the driver's first. */
    synchronized boolean setSubscribed() {
        boolean first = !everRegistered;
        everRegistered = true;
        connected = true;
        return first;
    }

    /** The subscription is over; true if there was one. */
    synchronized boolean setDisconnected() {
        boolean was = connected;
        connected = false;
        return was;
    }

    /** Ends the subscription: its reader finds the connection closed. */
    synchronized void closeStream() {
        connected = false;
        if (stream != null) {
            stream.close();
        }
        notifyAll();
    }
}
