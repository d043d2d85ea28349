// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;

/** Names a master to ask. One that does not lead answers with a redirect to the one that does. */
abstract class MasterDetector implements Closeable {
    private static final String FILE = "file://";
    private static final String ZOOKEEPER = "zk://";

    /** The next master to ask. */
    abstract Endpoint next() throws IOException, InterruptedException;

    /** How many masters it makes sense to ask in a row before a pause. */
    abstract int candidates();

    @Override
    public abstract void close();

    /**
     * @param master {@code host:port[,host:port...]}, {@code zk://[user:password@]host:port[,...]/path}, or
     *     {@code file:///path} of a file that holds either
     * @throws IllegalArgumentException if it is none of these
     * @throws IOException if the file cannot be read
     */
    static MasterDetector of(String master) throws IOException {
        String text = master.trim();
        if (text.startsWith(FILE)) {
            byte[] content = Files.readAllBytes(Paths.get(text.substring(FILE.length())));
            text = new String(content, StandardCharsets.UTF_8).trim();
        }
        if (text.startsWith(ZOOKEEPER)) {
            return new ZooKeeperMasters(text.substring(ZOOKEEPER.length()));
        }
        return new ListedMasters(text);
    }

    /** A fixed list, asked in turn. */
    private static final class ListedMasters extends MasterDetector {
        private final List<Endpoint> masters = new ArrayList<>();
        private int position;

        ListedMasters(String list) {
            for (String address : list.split(",")) {
                if (!address.trim().isEmpty()) {
                    masters.add(Endpoint.parse(address, TlsSettings.isEnabled()));
                }
            }
            if (masters.isEmpty()) {
                throw new IllegalArgumentException("no master is given");
            }
        }

        @Override
        Endpoint next() {
            return masters.get(position++ % masters.size());
        }

        @Override
        int candidates() {
            return masters.size();
        }

        @Override
        public void close() {
            // Holds nothing.
        }
    }
}
