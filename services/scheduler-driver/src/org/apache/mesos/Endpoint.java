// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.util.Objects;

/** Where a master or an agent answers: host, port, and whether it speaks TLS. */
final class Endpoint {
    private static final int DEFAULT_PORT = 5050;
    private static final int HIGHEST_PORT = 65535;

    private final boolean tls;
    private final String host;
    private final int port;

    Endpoint(boolean tls, String host, int port) {
        this.tls = tls;
        this.host = host;
        this.port = port;
    }

    /**
     * Reads {@code host:port}, {@code http[s]://host:port[/path]} or {@code //host:port[/path]}.
     *
     * @param tlsByDefault whether an address without a scheme speaks TLS
     * @throws IllegalArgumentException if there is no host or no valid port in it
     */
    static Endpoint parse(String text, boolean tlsByDefault) {
        String rest = text.trim();
        boolean tls = tlsByDefault;
        if (rest.startsWith("https://")) {
            tls = true;
            rest = rest.substring("https:".length());
        } else if (rest.startsWith("http://")) {
            tls = false;
            rest = rest.substring("http:".length());
        }
        if (rest.startsWith("//")) {
            rest = rest.substring(2);
        }
        int slash = rest.indexOf('/');
        String authority = slash < 0 ? rest : rest.substring(0, slash);

        int colon = authority.lastIndexOf(':');
        boolean bareIpv6 = !authority.startsWith("[") && authority.indexOf(':') != colon;
        boolean hasPort = colon >= 0 && !bareIpv6 && !authority.endsWith("]");
        String host = hasPort ? authority.substring(0, colon) : authority;
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        if (host.isEmpty()) {
            throw new IllegalArgumentException("no host in the address '" + text + "'");
        }
        return new Endpoint(tls, host, hasPort ? parsePort(authority.substring(colon + 1), text) : DEFAULT_PORT);
    }

    private static int parsePort(String digits, String text) {
        int port;
        try {
            port = Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            port = -1;
        }
        if (port < 1 || port > HIGHEST_PORT) {
            throw new IllegalArgumentException("no valid port in the address '" + text + "'");
        }
        return port;
    }

    boolean usesTls() {
        return tls;
    }

    String host() {
        return host;
    }

    int port() {
        return port;
    }

    /** {@code host:port}, an IPv6 address in brackets. */
    String authority() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Endpoint)) {
            return false;
        }
        Endpoint that = (Endpoint) other;
        return tls == that.tls && port == that.port && host.equalsIgnoreCase(that.host);
    }

    @Override
    public int hashCode() {
        return Objects.hash(tls, port, host.toLowerCase(java.util.Locale.ROOT));
    }

    @Override
    public String toString() {
        return (tls ? "https://" : "http://") + authority();
    }
}
