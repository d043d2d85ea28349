// SPDX-License-Identifier: GPL-3.0-or-later
package org.apache.mesos;

import java.io.IOException;
import java.net.InetAddress;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.mesos.Protos.FrameworkID;
import org.apache.mesos.Protos.FrameworkInfo;

/**
 * What the master is told about the framework: its FrameworkInfo, the roles it wants no offers for, and its offer
 * constraints. Not thread safe: guarded by the driver's {@link DriverState}.
 */
final class Framework {
    private FrameworkInfo info;
    private final Set<String> suppressedRoles = new LinkedHashSet<>();
    private byte[] offerConstraints;
    private boolean changedWhileAway;

    Framework(FrameworkInfo given, Collection<String> suppressedRoles) {
        this.info = complete(given);
        this.suppressedRoles.addAll(suppressedRoles);
    }

    /** Fills in what a scheduler left open, and what Spark has no setting for. */
    private static FrameworkInfo complete(FrameworkInfo given) {
        FrameworkInfo.Builder completed = given.toBuilder();
        if (given.getUser().isEmpty()) {
            completed.setUser(System.getProperty("user.name", "root"));
        }
        if (given.getHostname().isEmpty()) {
            try {
                completed.setHostname(InetAddress.getLocalHost().getHostName());
            } catch (IOException e) {
                // A host without a name: the field is optional.
            }
        }
        String name = Settings.get("MESOS_FRAMEWORK_NAME");
        if (name != null) {
            completed.setName(name);
        }
        if (Settings.isOn("MESOS_FRAMEWORK_CHECKPOINT", false)) {
            completed.setCheckpoint(true);
        }
        return completed.build();
    }

    FrameworkInfo info() {
        return info;
    }

    /** True if the master has given the framework an id. */
    boolean hasId() {
        return info.hasId();
    }

    void setId(FrameworkID id) {
        info = info.toBuilder().setId(id).build();
    }

    /** Replaces all but the id. */
    void update(FrameworkInfo given, Collection<String> roles, byte[] constraints, boolean connected) {
        info = info.hasId() ? given.toBuilder().setId(info.getId()).build() : given;
        suppressedRoles.clear();
        suppressedRoles.addAll(roles);
        offerConstraints = constraints;
        changedWhileAway |= !connected;
    }

    /** No roles means all roles. */
    void revive(Collection<String> roles, boolean connected) {
        if (roles.isEmpty()) {
            suppressedRoles.clear();
        } else {
            suppressedRoles.removeAll(roles);
        }
        changedWhileAway |= !connected;
    }

    /** No roles means all roles. */
    void suppress(Collection<String> roles, boolean connected) {
        if (!roles.isEmpty()) {
            suppressedRoles.addAll(roles);
        } else {
            for (int i = 0; i < info.getRolesCount(); i++) { // the list's own type names a protobuf package
                suppressedRoles.add(info.getRoles(i));
            }
        }
        changedWhileAway |= !connected;
    }

    boolean isPartitionAware() {
        for (FrameworkInfo.Capability capability : info.getCapabilitiesList()) {
            if (capability.getType() == FrameworkInfo.Capability.Type.PARTITION_AWARE) {
                return true;
            }
        }
        return false;
    }

    /** True once if something changed while no master could be told. */
    boolean takeChangedWhileAway() {
        boolean changed = changedWhileAway;
        changedWhileAway = false;
        return changed;
    }

    /** The fields that SUBSCRIBE and UPDATE_FRAMEWORK have in common. */
    ProtobufWriter encode() {
        ProtobufWriter fields = new ProtobufWriter().bytes(1, info.toByteArray()).texts(2, suppressedRoles);
        return offerConstraints == null ? fields : fields.bytes(3, offerConstraints);
    }
}
