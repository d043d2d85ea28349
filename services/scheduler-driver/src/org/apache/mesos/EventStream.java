// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.Closeable;

/** A subscription: the connection its events arrive on and the id that calls belonging to it carry. */
final class EventStream implements Closeable {
    private final HttpConnection connection;
    private volatile String id;

    EventStream(HttpConnection connection) {
        this.connection = connection;
    }

    HttpConnection connection() {
        return connection;
    }

    /** Value of {@code Mesos-Stream-Id}; null for an agent's streams, and until the master has answered. */
    String id() {
        return id;
    }

    void setId(String value) {
        id = value;
    }

    @Override
    public void close() {
        connection.close();
    }
}
