// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

/** Takes the place of the loader of the native library: there is none behind this driver, so loading does nothing. */
public class MesosNativeLibrary {
    /** The version of Mesos whose API these drivers offer. */
    public static final String VERSION = "1.11.0";

    /** Loads nothing. */
    public static void load() {
    }

    /**
     * Loads nothing.
     *
     * @param libraryPath ignored
     */
    public static void load(String libraryPath) {
    }

    /** The version of Mesos whose API these drivers offer; Marathon asks for it. */
    public static Version version() {
        return new Version(1, 11, 0);
    }

    /** A version of Mesos. */
    public static class Version implements Comparable<Version> {
        /** The first number. */
        public final long major;
        /** The second number. */
        public final long minor;
        /** The third number. */
        public final long patch;

        /** A version of three numbers. */
        public Version(long major, long minor, long patch) {
            this.major = major;
            this.minor = minor;
            this.patch = patch;
        }

        /** A version whose third number is 0. */
        public Version(long major, long minor) {
            this(major, minor, 0);
        }

        /** A version whose second and third numbers are 0. */
        public Version(long major) {
            this(major, 0, 0);
        }

        /** Whether this is an older version than the other. */
        public boolean before(Version other) {
            return compareTo(other) < 0;
        }

        /** Whether this is a newer version than the other. */
        public boolean after(Version other) {
            return compareTo(other) > 0;
        }

        @Override
        public int compareTo(Version other) {
            int byMajor = Long.compare(major, other.major);
            int byMinor = byMajor != 0 ? byMajor : Long.compare(minor, other.minor);
            return byMinor != 0 ? byMinor : Long.compare(patch, other.patch);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Version && compareTo((Version) other) == 0;
        }

        @Override
        public int hashCode() {
            return java.util.Objects.hash(major, minor, patch);
        }
    }
}
