// SPDX-License-Identifier: GPL-3.0-or-later
package org.mesospark.spark;

import java.io.IOException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparkproject.jetty.server.Connector;
import org.sparkproject.jetty.server.Server;
import org.sparkproject.jetty.server.SslConnectionFactory;
import org.sparkproject.jetty.util.component.AbstractLifeCycle;
import org.sparkproject.jetty.util.resource.Resource;
import org.sparkproject.jetty.util.ssl.SslContextFactory;

/**
 * Has the UI serve the certificate, and trust the authorities, that its files hold now: they are renewed while jobs run,
 * and Spark reads them once. Connections that are open stay as they are.
 *
 * <p>Jetty's own scanner looks at the key store only, but authorities change before certificates do.
 */
final class CertificateReloader extends AbstractLifeCycle {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateReloader.class);
    private static final long SECONDS_BETWEEN_LOOKS = 5;

    private final SslContextFactory.Server certificates;
    // Unknown until the first look: the files may have been replaced since Spark read them.
    private String loaded = "";
    private ScheduledExecutorService clock;

    private CertificateReloader(SslContextFactory.Server certificates) {
        this.certificates = certificates;
    }

    /** Watches over the server's certificate as long as the server runs; a second call does nothing. */
    static void watchOver(Server server) {
        if (server.getBean(CertificateReloader.class) != null) {
            return;
        }
        for (Connector connector : server.getConnectors()) {
            SslConnectionFactory tls = connector.getConnectionFactory(SslConnectionFactory.class);
            if (tls != null && tls.getSslContextFactory() instanceof SslContextFactory.Server) {
                server.addManaged(new CertificateReloader((SslContextFactory.Server) tls.getSslContextFactory()));
            }
        }
    }

    @Override
    protected void doStart() {
        clock = Executors.newSingleThreadScheduledExecutor(
                task -> {
                    Thread thread = new Thread(task, "ui-certificate-reloader");
                    thread.setDaemon(true);
                    return thread;
                });
        clock.scheduleWithFixedDelay(this::look, SECONDS_BETWEEN_LOOKS, SECONDS_BETWEEN_LOOKS, TimeUnit.SECONDS);
    }

    @Override
    protected void doStop() {
        clock.shutdownNow();
    }

    private void look() {
        try {
            String present = state();
            if (!present.equals(loaded) && readable()) {
                certificates.reload(unchanged -> {});
                if (!loaded.isEmpty()) {
                    LOG.info("The UI has read its certificate, and the authorities that it trusts, again");
                }
                loaded = present;
            }
        } catch (Exception e) {
            // Anything else would end the schedule; what is amiss now may be mended until the next look.
            LOG.warn("The UI could not read its certificate again: {}", e.toString());
        }
    }

    /** A file that has just been replaced may not have its owner yet, and a reload that fails would leave nothing to serve. */
    private boolean readable() throws IOException {
        return certificates.getKeyStoreResource().getFile().canRead()
                && certificates.getTrustStoreResource().getFile().canRead();
    }

    private String state() {
        return state(certificates.getKeyStoreResource()) + "\n" + state(certificates.getTrustStoreResource());
    }

    /** Differs for other contents: files are replaced, never written in place. */
    private static String state(Resource file) {
        return file.lastModified() + " " + file.length();
    }
}
