// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {
    @ParameterizedTest
    @CsvSource({
        "master1:5051, http://master1:5051",
        "master1, http://master1:5050",
        "' master1:1 ', http://master1:1",
        "https://master1:5051, https://master1:5051",
        "http://master1:5051/api/v1, http://master1:5051",
        "//master1:5051/api/v1/scheduler, http://master1:5051",
        "10.0.0.1:5051, http://10.0.0.1:5051",
        "[::1]:5051, http://[::1]:5051",
        "[fe80::1], http://[fe80::1]:5050",
        "fe80::1, http://[fe80::1]:5050",
        "//[::1]:5051/x, http://[::1]:5051",
    })
    void reads(String text, String expected) {
        assertEquals(expected, Endpoint.parse(text, false).toString());
    }

    @Test
    void schemeDecidesAboutTlsElseTheDefault() {
        assertTrue(Endpoint.parse("//master1:5050/", true).usesTls());
        assertEquals("http://master1:5050", Endpoint.parse("http://master1:5050", true).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":5050", "http://", "master1:x", "master1:", "master1:0", "master1:65536", "null:-1"})
    void refuses(String text) {
        assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(text, false));
    }

    @Test
    void sameHostInOtherLettersIsTheSame() {
        assertEquals(Endpoint.parse("MASTER1:5050", false), Endpoint.parse("master1", false));
        assertEquals(Endpoint.parse("MASTER1:5050", false).hashCode(), Endpoint.parse("master1", false).hashCode());
        assertNotEquals(Endpoint.parse("master1", true), Endpoint.parse("master1", false));
    }

    @Test
    void listOfMastersIsAskedInTurn() throws Exception {
        MasterDetector masters = MasterDetector.of("a:1, b:2,,c");
        assertEquals(3, masters.candidates());
        assertEquals("http://a:1", masters.next().toString());
        assertEquals("http://b:2", masters.next().toString());
        assertEquals("http://c:5050", masters.next().toString());
        assertEquals("http://a:1", masters.next().toString());
    }

    @Test
    void mastersMayStandInAFile(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("masters");
        Files.write(file, "a:1\n".getBytes());
        assertEquals("http://a:1", MasterDetector.of("file://" + file).next().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "zk://nopath", "zk:///mesos", "zk://host/"})
    void refusesMasters(String text) {
        assertThrows(IllegalArgumentException.class, () -> MasterDetector.of(text));
    }

    @Test
    void leadersEntryInZooKeeper() throws Exception {
        String info = "{\"address\":{\"hostname\":\"m1.test\",\"ip\":\"10.0.0.1\",\"port\":5051},\"port\":1,\"ip\":9}";
        assertEquals("http://10.0.0.1:5051", ZooKeeperMasters.endpointOf(info, false).toString());
        assertEquals("https://m1.test:5051", ZooKeeperMasters.endpointOf(info, true).toString());
        assertThrows(java.io.IOException.class, () -> ZooKeeperMasters.endpointOf("{}", false));
    }
}
