// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes the few protobuf primitives that a v1 call needs.
 *
 * <p>v0 and v1 messages of Mesos share their field numbers, so the bytes of a v0 message go into a v1 call as they are.
 * Neither a generated v1 class nor a protobuf package is named anywhere in this driver: one jar fits every build of
 * mesos.jar, whether protobuf was moved to another package in it or not.
 */
final class ProtobufWriter {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH_DELIMITED = 2;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    ProtobufWriter number(int field, long value) {
        writeKey(field, VARINT);
        writeVarint(value);
        return this;
    }

    ProtobufWriter real(int field, double value) {
        writeKey(field, FIXED64);
        long bits = Double.doubleToLongBits(value);
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            out.write((int) (bits >>> shift));
        }
        return this;
    }

    ProtobufWriter bytes(int field, byte[] value) {
        writeKey(field, LENGTH_DELIMITED);
        writeVarint(value.length);
        return fields(value);
    }

    ProtobufWriter text(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    ProtobufWriter texts(int field, Iterable<String> values) {
        for (String value : values) {
            text(field, value);
        }
        return this;
    }

    ProtobufWriter message(int field, ProtobufWriter value) {
        return bytes(field, value.toByteArray());
    }

    /** Fields that are encoded already; those written later override them, or are merged into them. */
    ProtobufWriter fields(byte[] encoded) {
        out.write(encoded, 0, encoded.length);
        return this;
    }

    byte[] toByteArray() {
        return out.toByteArray();
    }

    private void writeKey(int field, int wireType) {
        writeVarint((long) field << 3 | wireType);
    }

    private void writeVarint(long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) (rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
