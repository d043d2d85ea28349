// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * TLS as the variables of libprocess set it: {@code LIBPROCESS_SSL_ENABLED}, {@code _CA_FILE}, {@code _CERT_FILE},
 * {@code _KEY_FILE} and {@code _VERIFY_SERVER_CERT}. Without a CA file the trust store of the JVM is used.
 */
final class TlsSettings {
    static final String CA_FILE = "LIBPROCESS_SSL_CA_FILE";
    private static final String CERT_FILE = "LIBPROCESS_SSL_CERT_FILE";
    private static final String KEY_FILE = "LIBPROCESS_SSL_KEY_FILE";
    private static final char[] NO_PASSWORD = new char[0];

    private TlsSettings() {
    }

    /** The settings themselves are wrong: no new attempt would mend that. */
    static final class InvalidException extends IOException {
        private static final long serialVersionUID = 1L;

        InvalidException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Whether addresses without a scheme speak TLS. */
    static boolean isEnabled() {
        return Settings.isOn("LIBPROCESS_SSL_ENABLED", false);
    }

    /** Puts TLS on a connected socket and checks the name in the peer's certificate. */
    static SSLSocket secure(Socket socket, Endpoint endpoint) throws IOException {
        SSLSocket secured =
                (SSLSocket) context().getSocketFactory().createSocket(socket, endpoint.host(), endpoint.port(), true);
        if (verifiesServer()) {
            SSLParameters parameters = secured.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            secured.setSSLParameters(parameters);
        }
        secured.startHandshake();
        return secured;
    }

    private static boolean verifiesServer() {
        // _VERIFY_CERT is the older name of the same switch.
        return Settings.isOn("LIBPROCESS_SSL_VERIFY_SERVER_CERT", true)
                && Settings.isOn("LIBPROCESS_SSL_VERIFY_CERT", true);
    }

    /** Made anew for each connection: they are few, and renewed certificates are taken up without a restart. */
    private static SSLContext context() throws InvalidException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(), trustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw new InvalidException("The TLS settings are wrong: " + e, e);
        }
    }

    private static TrustManager[] trustManagers() throws IOException, GeneralSecurityException {
        if (!verifiesServer()) {
            return new TrustManager[] {new TrustEveryone()};
        }
        KeyStore authorities = null;
        String file = Settings.get(CA_FILE);
        if (file != null) {
            authorities = emptyStore();
            int number = 0;
            for (Certificate certificate : readCertificates(file)) {
                authorities.setCertificateEntry("ca" + number++, certificate);
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(authorities);
        return factory.getTrustManagers();
    }

    private static KeyManager[] keyManagers() throws IOException, GeneralSecurityException {
        String certificateFile = Settings.get(CERT_FILE);
        String keyFile = Settings.get(KEY_FILE);
        if (certificateFile == null && keyFile == null) {
            return null;
        }
        if (certificateFile == null || keyFile == null) {
            throw new IOException(CERT_FILE + " and " + KEY_FILE + " must be given together");
        }
        Collection<? extends Certificate> chain = readCertificates(certificateFile);
        PrivateKey key = readKey(keyFile, chain.iterator().next().getPublicKey().getAlgorithm());
        KeyStore store = emptyStore();
        store.setKeyEntry("client", key, NO_PASSWORD, chain.toArray(new Certificate[0]));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, NO_PASSWORD);
        return factory.getKeyManagers();
    }

    private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        return store;
    }

    private static Collection<? extends Certificate> readCertificates(String file)
            throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(Paths.get(file))) {
            Collection<? extends Certificate> found = CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (found.isEmpty()) {
                throw new IOException(file + " holds no certificate");
            }
            return found;
        }
    }

    private static PrivateKey readKey(String file, String algorithm) throws IOException, GeneralSecurityException {
        String pem = new String(Files.readAllBytes(Paths.get(file)), StandardCharsets.ISO_8859_1);
        String begin = "-----BEGIN PRIVATE KEY-----";
        int start = pem.indexOf(begin);
        int end = pem.indexOf("-----END PRIVATE KEY-----");
        if (start < 0 || end < start) {
            throw new IOException(file + " is not an unencrypted PKCS#8 key in PEM form (BEGIN PRIVATE KEY)");
        }
        byte[] encoded = Base64.getMimeDecoder().decode(pem.substring(start + begin.length(), end));
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
    }

    /** Used only when {@code LIBPROCESS_SSL_VERIFY_SERVER_CERT} is switched off. */
    private static final class TrustEveryone extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
