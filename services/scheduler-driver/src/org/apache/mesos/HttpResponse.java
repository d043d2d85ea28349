// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** An HTTP/1.1 response: status, headers, and a body that is read as text or as a RecordIO stream. */
final class HttpResponse {
    private static final int LONGEST_LINE = 1 << 16;
    private static final int LONGEST_TEXT = 1 << 20;
    private static final int LARGEST_RECORD = 1 << 30;
    private static final int MOST_LENGTH_DIGITS = 10;

    private final int status;
    private final Map<String, String> headers;
    private final InputStream body;

    private HttpResponse(int status, Map<String, String> headers, InputStream body) {
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    /** Reads the head of a response. */
    static HttpResponse read(InputStream in) throws IOException {
        String line = readLine(in);
        String[] words = line.split(" ", 3);
        if (words.length < 2 || !words[0].startsWith("HTTP/1.")) {
            throw new IOException("not an HTTP answer: " + line);
        }
        int status;
        try {
            status = Integer.parseInt(words[1]);
        } catch (NumberFormatException e) {
            throw new IOException("not an HTTP answer: " + line, e);
        }
        Map<String, String> headers = new HashMap<>();
        for (line = readLine(in); !line.isEmpty(); line = readLine(in)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
            }
        }
        return new HttpResponse(status, headers, body(in, status, headers));
    }

    private static InputStream body(InputStream in, int status, Map<String, String> headers) throws IOException {
        if ("chunked".equalsIgnoreCase(headers.get("transfer-encoding"))) {
            return HttpBody.chunked(in);
        }
        String length = headers.get("content-length");
        if (length != null) {
            try {
                return HttpBody.ofLength(in, Long.parseLong(length));
            } catch (NumberFormatException e) {
                throw new IOException("bad Content-Length '" + length + "'", e);
            }
        }
        return status == 204 ? HttpBody.ofLength(in, 0) : in;
    }

    /** One line without its end. */
    static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the peer closed the connection");
            }
            if (line.length() > LONGEST_LINE) {
                throw new IOException("a header line does not end");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    int status() {
        return status;
    }

    boolean isSuccess() {
        return status / 100 == 2;
    }

    boolean isRedirect() {
        return status == 301 || status == 302 || status == 307 || status == 308;
    }

    /** The value of a header, or null. */
    String header(String name) {
        return headers.get(name.toLowerCase(Locale.ROOT));
    }

    /** Whether the peer closes the connection after this response. */
    boolean closesConnection() {
        return "close".equalsIgnoreCase(header("Connection"));
    }

    /** The whole body as text; what is beyond the first MiB is cut off. */
    String text() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int next = body.read(); next >= 0 && text.size() < LONGEST_TEXT; next = body.read()) {
            text.write(next);
        }
        return new String(text.toByteArray(), StandardCharsets.UTF_8).trim();
    }

    /** The next RecordIO record (its length in decimal digits, a newline, its bytes); null at the end of the stream. */
    byte[] nextRecord() throws IOException {
        long length = 0;
        int digits = 0;
        for (int next = body.read(); next != '\n'; next = body.read()) {
            if (next < 0 && digits == 0) {
                return null;
            }
            if (next < '0' || next > '9' || ++digits > MOST_LENGTH_DIGITS) {
                throw new IOException("bad record length in the event stream");
            }
            length = length * 10 + next - '0';
        }
        if (length > LARGEST_RECORD) {
            throw new IOException("an event of " + length + " bytes");
        }
        byte[] record = new byte[(int) length];
        int filled = 0;
        while (filled < record.length) {
            int got = body.read(record, filled, record.length - filled);
            if (got < 0) {
                throw new EOFException("the event stream was cut");
            }
            filled += got;
        }
        return record;
    }
}
