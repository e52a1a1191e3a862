/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of the state of a container (runtime.md) and of what a seccomp agent is sent (config-linux.md). */
#include "internal.h"

static const struct ocispec_property state_properties[] = {
	OCISPEC_FIELD(struct oci_state, oci_version, "ociVersion", .required = true),
	OCISPEC_FIELD(struct oci_state, id, "id", .required = true),
	OCISPEC_FIELD(struct oci_state, status, "status", .required = true),
	OCISPEC_FIELD(struct oci_state, pid, "pid"),
	OCISPEC_FIELD(struct oci_state, bundle, "bundle", .required = true),
	OCISPEC_LIST(struct oci_state, annotations, "annotations"),
};
const struct ocispec_object oci_state_object = OCISPEC_OBJECT(struct oci_state, state_properties);

static const struct ocispec_property container_process_state_properties[] = {
	OCISPEC_FIELD(struct oci_container_process_state, oci_version, "ociVersion", .required = true),
	OCISPEC_LIST(struct oci_container_process_state, fds, "fds", .required = true),
	OCISPEC_FIELD(struct oci_container_process_state, pid, "pid", .required = true),
	OCISPEC_FIELD(struct oci_container_process_state, metadata, "metadata"),
	OCISPEC_SUB(struct oci_container_process_state, state, "state", &oci_state_object, .required = true),
};
const struct ocispec_object oci_container_process_state_object =
	OCISPEC_OBJECT(struct oci_container_process_state, container_process_state_properties);
