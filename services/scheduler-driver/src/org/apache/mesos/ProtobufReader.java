// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads the fields of an encoded protobuf message in their order; see {@link ProtobufWriter} for why. */
final class ProtobufReader {
    private final byte[] message;
    private int position;
    private int field;
    private long number;
    private byte[] bytes;

    ProtobufReader(byte[] message) {
        this.message = message;
    }

    /** Goes to the next field; false at the end of the message. */
    boolean next() throws IOException {
        if (position >= message.length) {
            return false;
        }
        long key = readVarint();
        field = (int) (key >>> 3);
        number = 0;
        bytes = null;
        switch ((int) (key & 7)) {
            case 0:
                number = readVarint();
                break;
            case 1:
                number = readFixed(Long.BYTES);
                break;
            case 2:
                bytes = readBytes();
                break;
            case 5:
                number = readFixed(Integer.BYTES);
                break;
            default:
                throw new IOException("unknown wire type in a protobuf message");
        }
        return true;
    }

    int field() {
        return field;
    }

    /** The value of a varint or fixed field; 0 for others. */
    long number() {
        return number;
    }

    /** The value of a fixed 64 bit field as a floating point number. */
    double real() {
        return Double.longBitsToDouble(number);
    }

    /** The value of a length delimited field; null for others. */
    byte[] bytes() {
        return bytes;
    }

    /** The first length delimited field of this number in a message, or null. */
    static byte[] first(byte[] message, int field) throws IOException {
        List<byte[]> all = all(message, field);
        return all.isEmpty() ? null : all.get(0);
    }

    /** All length delimited fields of this number in a message. */
    static List<byte[]> all(byte[] message, int field) throws IOException {
        List<byte[]> found = new ArrayList<>();
        ProtobufReader reader = new ProtobufReader(message);
        while (reader.next()) {
            if (reader.field == field && reader.bytes != null) {
                found.add(reader.bytes);
            }
        }
        return found;
    }

    /** The last number (varint or fixed) of this field in a message, or the given default. */
    static long number(byte[] message, int field, long otherwise) throws IOException {
        long found = otherwise;
        ProtobufReader reader = new ProtobufReader(message);
        while (reader.next()) {
            if (reader.field == field && reader.bytes == null) {
                found = reader.number;
            }
        }
        return found;
    }

    private long readVarint() throws IOException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            require(1);
            byte part = message[position++];
            value |= (long) (part & 0x7F) << shift;
            if (part >= 0) {
                return value;
            }
        }
        throw new IOException("a number in a protobuf message does not end");
    }

    private long readFixed(int length) throws IOException {
        require(length);
        long value = 0;
        for (int i = length - 1; i >= 0; i--) {
            value = value << Byte.SIZE | message[position + i] & 0xFF;
        }
        position += length;
        return value;
    }

    private byte[] readBytes() throws IOException {
        long length = readVarint();
        require(length);
        byte[] value = Arrays.copyOfRange(message, position, position + (int) length);
        position += (int) length;
        return value;
    }

    private void require(long length) throws IOException {
        if (length < 0 || length > message.length - position) {
            throw new IOException("a protobuf message is cut short");
        }
    }
}
