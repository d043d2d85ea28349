// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import org.apache.mesos.Protos.TaskID;
import org.apache.mesos.Protos.TaskState;
import org.apache.mesos.Protos.TaskStatus;
import org.junit.jupiter.api.Test;

class ProtobufTest {
    private static final TaskStatus STATUS = TaskStatus.newBuilder()
            .setTaskId(TaskID.newBuilder().setValue("täsk")).setState(TaskState.TASK_LOST).setTimestamp(-1.5).build();

    @Test
    void writesWhatGeneratedClassesRead() throws Exception {
        byte[] written = new ProtobufWriter().message(1, new ProtobufWriter().text(1, "täsk"))
                .number(2, TaskState.TASK_LOST.getNumber()).real(6, -1.5).toByteArray();
        assertEquals(STATUS, TaskStatus.parseFrom(written));
        assertArrayEquals(STATUS.toByteArray(), written);
    }

    @Test
    void readsWhatGeneratedClassesWrite() throws Exception {
        ProtobufReader reader = new ProtobufReader(STATUS.toByteArray());
        assertTrue(reader.next());
        assertEquals(1, reader.field());
        assertEquals("täsk", TaskID.parseFrom(reader.bytes()).getValue());
        assertTrue(reader.next());
        assertEquals(2, reader.field());
        assertEquals(TaskState.TASK_LOST.getNumber(), reader.number());
        assertNull(reader.bytes());
        assertTrue(reader.next());
        assertEquals(6, reader.field());
        assertEquals(-1.5, reader.real());
        assertFalse(reader.next());
    }

    @Test
    void laterFieldsOverrideEarlierOnes() throws Exception {
        byte[] both = new ProtobufWriter().fields(STATUS.toByteArray()).real(6, 3).toByteArray();
        assertEquals(3, TaskStatus.parseFrom(both).getTimestamp());
    }

    @Test
    void numbersOfAllLengths() throws Exception {
        for (long number : new long[] {0, 1, 127, 128, 300, Integer.MAX_VALUE, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
            byte[] message = new ProtobufWriter().number(100, number).toByteArray();
            assertEquals(number, ProtobufReader.number(message, 100, 7));
        }
        assertEquals(7, ProtobufReader.number(new byte[0], 100, 7));
    }

    @Test
    void repeatedFields() throws Exception {
        byte[] message = new ProtobufWriter().texts(3, Arrays.asList("a", "", "c")).number(3, 1).toByteArray();
        assertEquals(3, ProtobufReader.all(message, 3).size());
        assertArrayEquals(new byte[] {'a'}, ProtobufReader.first(message, 3));
        assertNull(ProtobufReader.first(message, 4));
    }

    @Test
    void refusesDamagedMessages() {
        byte[] message = new ProtobufWriter().bytes(1, new byte[300]).toByteArray();
        for (int length = 1; length < message.length; length++) {
            byte[] cut = Arrays.copyOf(message, length);
            assertThrows(IOException.class, () -> ProtobufReader.first(cut, 1));
        }
        byte[] endless = new byte[20];
        Arrays.fill(endless, (byte) 0xFF);
        assertThrows(IOException.class, () -> ProtobufReader.first(endless, 1));
        byte[] negativeLength = new ProtobufWriter().number(1, -1).toByteArray();
        negativeLength[0] = 1 << 3 | 2;
        assertThrows(IOException.class, () -> ProtobufReader.first(negativeLength, 1));
        assertThrows(IOException.class, () -> ProtobufReader.first(new byte[] {1 << 3 | 3}, 1));
    }
}
