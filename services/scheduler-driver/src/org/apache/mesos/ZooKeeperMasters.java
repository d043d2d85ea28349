// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;

/**
 * The leading master according to the masters' election in ZooKeeper. The only class that names ZooKeeper's: without
 * {@code zk://} its jar is not needed.
 */
final class ZooKeeperMasters extends MasterDetector {
    private static final int SESSION_MILLIS = 10_000;
    private static final String CANDIDATE_PREFIX = "json.info_";
    private static final Pattern ADDRESS = Pattern.compile("\"address\"\\s*:\\s*\\{([^{}]*)\\}");

    private final String servers;
    private final String path;
    private final String account; // user:password, or null
    private ZooKeeper session;

    /** @param location {@code [user:password@]host:port[,host:port...]/path} */
    ZooKeeperMasters(String location) {
        int slash = location.indexOf('/');
        if (slash <= 0 || slash == location.length() - 1) {
            throw new IllegalArgumentException("a zk:// address needs servers and a path: zk://host:2181/mesos");
        }
        path = location.endsWith("/") ? location.substring(slash, location.length() - 1) : location.substring(slash);
        String authority = location.substring(0, slash);
        int at = authority.lastIndexOf('@');
        account = at < 0 ? null : authority.substring(0, at);
        servers = authority.substring(at + 1);
    }

    @Override
    Endpoint next() throws IOException, InterruptedException {
        if (session != null && !session.getState().isAlive()) {
            close();
        }
        if (session == null) {
            connect();
        }
        try {
            String leader = null; // the candidate with the lowest sequence number leads
            for (String child : session.getChildren(path, false)) {
                if (child.startsWith(CANDIDATE_PREFIX) && (leader == null || child.compareTo(leader) < 0)) {
                    leader = child;
                }
            }
            if (leader == null) {
                throw new IOException("no master leads in ZooKeeper's " + path);
            }
            byte[] info = session.getData(path + "/" + leader, false, null);
            return endpointOf(new String(info, StandardCharsets.UTF_8), TlsSettings.isEnabled());
        } catch (KeeperException e) {
            throw new IOException("ZooKeeper at " + servers + ": " + e.getMessage(), e);
        }
    }

    private void connect() throws IOException, InterruptedException {
        CountDownLatch connected = new CountDownLatch(1);
        session = new ZooKeeper(servers, SESSION_MILLIS, event -> {
            if (event.getState() == Watcher.Event.KeeperState.SyncConnected) {
                connected.countDown();
            }
        });
        if (account != null) {
            session.addAuthInfo("digest", account.getBytes(StandardCharsets.UTF_8));
        }
        if (!connected.await(SESSION_MILLIS, TimeUnit.MILLISECONDS)) {
            close();
            throw new IOException("no connection to ZooKeeper at " + servers);
        }
    }

    /** The address in the JSON MasterInfo that a candidate leaves in ZooKeeper. */
    static Endpoint endpointOf(String masterInfo, boolean tls) throws IOException {
        Matcher address = ADDRESS.matcher(masterInfo);
        String json = address.find() ? address.group(1) : masterInfo;
        String host = field(json, "hostname");
        String ip = field(json, "ip");
        String port = field(json, "port");
        if (port == null || host == null && ip == null) {
            throw new IOException("there is no address in the leading master's entry in ZooKeeper");
        }
        boolean byName = ip == null || tls && host != null; // certificates carry names
        return new Endpoint(tls, byName ? host : ip, Integer.parseInt(port));
    }

    private static String field(String json, String name) {
        Matcher matcher = Pattern.compile("\"" + name + "\"\\s*:\\s*(?:\"([^\"]*)\"|([0-9]+))").matcher(json);
        if (!matcher.find()) {
            return null;
        }
        return matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    }

    @Override
    int candidates() {
        return 1;
    }

    @Override
    public void close() {
        try {
            if (session != null) {
                session.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        session = null;
    }
}
