// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.security.cert.CertificateException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/** Tells failed handshakes that only other settings can mend from those that may pass. */
final class TlsRefusal {
    private static final Pattern OWN_CERTIFICATE_REFUSED = Pattern.compile(
            "alert: (bad_certificate|unsupported_certificate|certificate_revoked|certificate_expired"
                    + "|certificate_unknown|certificate_required|unknown_ca|handshake_failure)");

    private TlsRefusal() {
    }

    /** What is wrong and which setting is to be looked at, or null if trying again may help. */
    static String explain(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (cause instanceof CertificateException) {
                boolean name = message.startsWith("No name matching") || message.startsWith("No subject alternative");
                return name
                        ? "The certificate of the master is for another host: " + message
                        : "The certificate of the master is not trusted (" + TlsSettings.CA_FILE
                                + " or the trust store of the JVM): " + message;
            }
            if (cause instanceof SSLException) {
                Matcher alert = OWN_CERTIFICATE_REFUSED.matcher(message);
                if (alert.find()) {
                    return "The master refused the TLS handshake (" + alert.group(1)
                            + "): it wants a client certificate that it trusts (LIBPROCESS_SSL_CERT_FILE, _KEY_FILE)";
                }
            }
        }
        return null;
    }
}
