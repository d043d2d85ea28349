// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

/** Settings from outside the API: a Java system property, else the environment variable of that name. */
final class Settings {
    private Settings() {
    }

    /** The value, or null if it is not set or empty. */
    static String get(String name) {
        String value = System.getProperty(name, System.getenv(name));
        return value == null || value.isEmpty() ? null : value;
    }

    static String get(String name, String otherwise) {
        String value = get(name);
        return value == null ? otherwise : value;
    }

    /** As libprocess reads flags: {@code 1} and {@code true} are true. */
    static boolean isOn(String name, boolean otherwise) {
        String value = get(name);
        return value == null ? otherwise : value.equals("1") || value.equalsIgnoreCase("true");
    }
}
