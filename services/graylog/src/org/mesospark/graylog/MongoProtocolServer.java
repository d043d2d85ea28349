// SPDX-License-Identifier: GPL-3.0-or-later
package org.mesospark.graylog;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.NoSuchCommandException;
import io.netty.channel.Channel;
import java.util.Collection;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * A server of MongoDB's protocol that keeps its data in one file, and answers what Graylog asks of it.
 *
 * <p>Arguments: an IPv4 address and a port to listen on, and the file.
 */
public final class MongoProtocolServer {
    private MongoProtocolServer() {}

    /** The backend, with what it lacks and Graylog needs. */
    private static final class Backend extends H2Backend {
        private Backend(String file) {
            super(file);
        }

        @Override
        public Document handleCommand(Channel channel, String database, String command, Document query) {
            switch (command.toLowerCase(Locale.ROOT)) {
                case "create":
                    // Capped collections are unknown here: they become ordinary ones.
                    query.remove("capped");
                    query.remove("size");
                    query.remove("max");
                    return super.handleCommand(channel, database, command, query);
                case "hostinfo":
                case "serverstatus":
                    // Half an answer would break Graylog's overview; without any it leaves that part out.
                    throw new NoSuchCommandException(command);
                case "buildinfo":
                    return super.handleCommand(channel, database, command, query)
                            .append("gitVersion", "")
                            .append("sysInfo", "")
                            .append("loaderFlags", "")
                            .append("compilerFlags", "")
                            .append("allocator", "")
                            .append("javascriptEngine", "")
                            .append("bits", 64)
                            .append("debug", false);
                case "update":
                    if (hasAlternativeArrayFilter(query)) {
                        // Unknown here, and used by one migration of dashboards that no store of this kind ever had.
                        return new Document("n", 0).append("nModified", 0).append("ok", 1.0);
                    }
                    return super.handleCommand(channel, database, command, query);
                default:
                    return super.handleCommand(channel, database, command, query);
            }
        }

        private static boolean hasAlternativeArrayFilter(Document command) {
            return documents(command.get("updates"))
                    .flatMap(update -> documents(update.get("arrayFilters")))
                    .anyMatch(filter -> filter.containsKey("$or"));
        }

        private static Stream<Document> documents(Object list) {
            return list instanceof Collection
                    ? ((Collection<?>) list).stream().filter(Document.class::isInstance).map(Document.class::cast)
                    : Stream.empty();
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("usage: MongoProtocolServer <address> <port> <file>");
            System.exit(2);
        }
        MongoServer server = new MongoServer(new Backend(arguments[2]));
        CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.shutdownNow();
            closed.countDown();
        }));
        try {
            server.bind(arguments[0], Integer.parseInt(arguments[1]));
        } catch (RuntimeException error) {
            error.printStackTrace();
            System.exit(1);
        }
        closed.await();
    }
}
