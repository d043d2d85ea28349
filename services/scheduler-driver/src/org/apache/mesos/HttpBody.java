// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The body of a response on a connection that stays open: as long as was announced, or in chunks. */
final class HttpBody extends InputStream {
    private final InputStream in;
    private final boolean chunked;
    private long left;
    private boolean betweenChunks;
    private boolean ended;

    private HttpBody(InputStream in, boolean chunked, long left) {
        this.in = in;
        this.chunked = chunked;
        this.left = left;
    }

    static HttpBody ofLength(InputStream in, long length) {
        return new HttpBody(in, false, length);
    }

    static HttpBody chunked(InputStream in) {
        return new HttpBody(in, true, 0);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (left == 0 && chunked && !ended) {
            startChunk();
        }
        if (left == 0) {
            return -1;
        }
        int got = in.read(target, offset, (int) Math.min(left, length));
        if (got < 0) {
            throw new EOFException("the peer closed the connection");
        }
        left -= got;
        return got;
    }

    private void startChunk() throws IOException {
        if (betweenChunks) {
            HttpResponse.readLine(in); // the line end after the previous chunk
        }
        betweenChunks = true;
        String line = HttpResponse.readLine(in);
        int extension = line.indexOf(';');
        String size = (extension < 0 ? line : line.substring(0, extension)).trim();
        try {
            left = Long.parseLong(size, 16);
        } catch (NumberFormatException e) {
            throw new IOException("bad chunk size '" + line + "'", e);
        }
        if (left < 0) {
            throw new IOException("bad chunk size '" + line + "'");
        }
        if (left == 0) {
            ended = true;
            while (!HttpResponse.readLine(in).isEmpty()) {
                // Trailers say nothing of interest.
            }
        }
    }
}
