// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpTest {
    private static HttpResponse response(String text) throws IOException {
        return HttpResponse.read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void bodyOfKnownLength() throws Exception {
        HttpResponse response = response("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\nX-A: b \r\n\r\noh noHTTP/1.1");
        assertEquals(401, response.status());
        assertEquals("b", response.header("x-a"));
        assertEquals("oh n", response.text());
        assertFalse(response.isSuccess());
    }

    @Test
    void bodyUntilTheConnectionCloses() throws Exception {
        HttpResponse response = response("HTTP/1.1 503 Unavailable\nConnection: close\n\nlater");
        assertEquals("later", response.text());
        assertTrue(response.closesConnection());
    }

    @Test
    void noContent() throws Exception {
        assertEquals("", response("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK").text());
    }

    @Test
    void recordsAcrossChunks() throws Exception {
        HttpResponse response = response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "1\r\n1\r\n3;ext=1\r\n1\nh\r\n6\r\nello w\r\na\r\norld2\nhi0\n\r\n0\r\nTrailer: x\r\n\r\n");
        assertArrayEquals("hello world".getBytes(), response.nextRecord());
        assertArrayEquals("hi".getBytes(), response.nextRecord());
        assertArrayEquals(new byte[0], response.nextRecord());
        assertNull(response.nextRecord());
        assertNull(response.nextRecord());
    }

    @ParameterizedTest
    @ValueSource(strings = {"5\nhi", "x\nhi", "99999999999\nhi", "2147483648\n", "12"})
    void refusesBrokenStreams(String body) throws Exception {
        HttpResponse response = response("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
        assertThrows(IOException.class, response::nextRecord);
    }

    @ParameterizedTest
    @ValueSource(strings = {"g\r\n", "-1\r\n", "5\r\nhi", "\r\n"})
    void refusesBrokenChunks(String body) throws Exception {
        HttpResponse response = response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
        assertThrows(IOException.class, response::text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\r\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b"})
    void refusesWhatIsNoHttp(String text) {
        assertThrows(IOException.class, () -> response(text));
    }

    @Test
    void refusesABadLength() {
        assertThrows(IOException.class, () -> response("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"));
    }

    @ParameterizedTest
    @ValueSource(ints = {301, 302, 307, 308})
    void redirects(int status) throws Exception {
        assertTrue(response("HTTP/1.1 " + status + " x\r\n\r\n").isRedirect());
    }
}
