// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

/** An encoded v1 call. */
final class Call {
    private final String name;
    private final byte[] bytes;
    private final boolean repeatable;

    /** @param repeatable whether it does no harm to have it delivered twice */
    Call(String name, byte[] bytes, boolean repeatable) {
        this.name = name;
        this.bytes = bytes;
        this.repeatable = repeatable;
    }

    String name() {
        return name;
    }

    byte[] bytes() {
        return bytes;
    }

    boolean isRepeatable() {
        return repeatable;
    }
}
