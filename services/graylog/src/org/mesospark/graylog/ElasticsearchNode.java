// SPDX-License-Identifier: GPL-3.0-or-later
package org.mesospark.graylog;

import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.analysis.common.CommonAnalysisPlugin;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.reindex.ReindexPlugin;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.painless.PainlessPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.transport.Netty4Plugin;

/**
 * A node of Elasticsearch 6.8 with its modules on the class path, where the distribution loads them from folders.
 *
 * <p>Arguments: the home folder, and the folder of {@code elasticsearch.yml}. What that file does not say is Elasticsearch's own
 * default. The node ends at SIGTERM, having written what it holds.
 */
public final class ElasticsearchNode extends Node {
    /** Without this module the node could be reached by nobody. */
    private static final Settings TRANSPORT =
            Settings.builder().put("http.type", "netty4").put("transport.type", "netty4").build();

    private static final Collection<Class<? extends Plugin>> MODULES =
            Arrays.asList(Netty4Plugin.class, ReindexPlugin.class, CommonAnalysisPlugin.class, PainlessPlugin.class);

    private ElasticsearchNode(Environment environment) {
        super(environment, MODULES, true);
    }

    @Override
    protected void registerDerivedNodeNameWithLogger(String name) {
        LogConfigurator.setNodeName(name);
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: ElasticsearchNode <home folder> <configuration folder>");
            System.exit(2);
        }
        Path configuration = Paths.get(arguments[1]).toAbsolutePath();
        Settings settings = Settings.builder()
                .put(TRANSPORT)
                .put("path.home", Paths.get(arguments[0]).toAbsolutePath().toString())
                .build();
        Environment environment =
                InternalSettingsPreparer.prepareEnvironment(settings, null, Collections.emptyMap(), configuration);
        // To standard output, which is the journal.
        LogConfigurator.configureWithoutConfig(environment.settings());
        Node node = new ElasticsearchNode(environment);
        CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception error) {
                error.printStackTrace();
            } finally {
                closed.countDown();
            }
        }));
        try {
            node.start();
        } catch (Exception error) {
            // Its other threads would keep a node alive that serves nobody.
            error.printStackTrace();
            System.exit(1);
        }
        closed.await();
    }
}
