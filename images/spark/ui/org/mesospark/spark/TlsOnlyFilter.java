// SPDX-License-Identifier: GPL-3.0-or-later
package org.mesospark.spark;

import java.io.IOException;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.FilterConfig;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import org.sparkproject.jetty.server.Connector;
import org.sparkproject.jetty.server.Server;
import org.sparkproject.jetty.server.handler.ContextHandler;

/**
 * Closes the port in clear that Spark opens beside its UI's TLS port, only to redirect to that one; there is no setting
 * for it. Spark makes UI filters when its ports are open, and this one does its work then; requests it lets pass.
 * It is also where the server can be had whose certificates are to be kept up to date.
 */
public final class TlsOnlyFilter implements Filter {
    private static final String REDIRECTING_CONNECTOR = "HttpsRedirect";

    @Override
    public void init(FilterConfig configuration) throws ServletException {
        ContextHandler handler = ContextHandler.getContextHandler(configuration.getServletContext());
        Server server = handler.getServer();
        CertificateReloader.watchOver(server);
        for (Connector connector : server.getConnectors()) {
            if (REDIRECTING_CONNECTOR.equals(connector.getName()) && connector.isRunning()) {
                try {
                    connector.stop();
                } catch (Exception e) {
                    throw new ServletException("the UI's port in clear could not be closed", e);
                }
            }
        }
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        chain.doFilter(request, response);
    }

    @Override
    public void destroy() {
        // Holds nothing.
    }
}
