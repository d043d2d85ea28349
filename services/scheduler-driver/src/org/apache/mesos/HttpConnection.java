// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One HTTP/1.1 connection that never retries, redirects or authenticates by itself, so that a request is sent at most
 * once. (HttpURLConnection silently repeats a POST on a dead kept connection: an ACCEPT sent twice loses a task.)
 */
final class HttpConnection implements Closeable {
    private static final int CONNECT_MILLIS = 10_000;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final long CHECK_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    private final Endpoint endpoint;
    private final Socket socket;
    private final InputStream in;
    private long lastUsed = System.nanoTime();

    /** Connects, and shakes hands if the endpoint speaks TLS. */
    HttpConnection(Endpoint endpoint) throws IOException {
        this.endpoint = endpoint;
        Socket connected = new ListeningSocket();
        try {
            connected.setTcpNoDelay(true);
            connected.setKeepAlive(true);
            connected.connect(new InetSocketAddress(endpoint.host(), endpoint.port()), CONNECT_MILLIS);
            connected.setSoTimeout(CONNECT_MILLIS);
            if (endpoint.usesTls()) {
                connected = TlsSettings.secure(connected, endpoint);
            }
        } catch (IOException | RuntimeException e) {
            connected.close();
            throw e;
        }
        socket = connected;
        in = new BufferedInputStream(connected.getInputStream(), BUFFER_BYTES);
    }

    Endpoint endpoint() {
        return endpoint;
    }

    /** Sends a request and reads the head of its response, whose body must be read before the next request. */
    HttpResponse post(String path, Map<String, String> headers, byte[] body, int readMillis) throws IOException {
        StringBuilder head = new StringBuilder("POST ").append(path).append(" HTTP/1.1\r\nHost: ")
                .append(endpoint.authority()).append("\r\nContent-Length: ").append(body.length).append("\r\n");
        for (Map.Entry<String, String> header : headers.entrySet()) {
            head.append(header.getKey()).append(": ").append(header.getValue()).append("\r\n");
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        request.write(body);
        lastUsed = System.nanoTime();
        socket.setSoTimeout(readMillis);
        socket.getOutputStream().write(request.toByteArray());
        socket.getOutputStream().flush();
        return HttpResponse.read(in);
    }

    /** False when the peer has closed this kept connection in the meantime. */
    boolean isUsable() {
        if (System.nanoTime() - lastUsed < CHECK_AFTER_NANOS) {
            return true; // the look below costs a millisecond
        }
        try {
            socket.setSoTimeout(1);
            in.read();
            return false; // the end of the stream, or bytes nobody has asked for
        } catch (SocketTimeoutException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** How long a read may wait before it fails; 0 for ever. */
    void setReadTimeout(int millis) throws IOException {
        socket.setSoTimeout(millis);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // It is being given up anyway.
        }
    }

    /**
     * Ignores errors of writing. What the peer said before it hung up (a TLS alert, an early refusal) is still there to be
     * read then, and reading finds the end of the connection anyway.
     */
    private static final class ListeningSocket extends Socket {
        @Override
        public OutputStream getOutputStream() throws IOException {
            return new FilterOutputStream(super.getOutputStream()) {
                @Override
                public void write(byte[] bytes, int offset, int length) {
                    try {
                        out.write(bytes, offset, length);
                    } catch (IOException e) {
                        // As said above.
                    }
                }

                @Override
                public void write(int single) {
                    write(new byte[] {(byte) single}, 0, 1);
                }
            };
        }
    }
}
