/* SPDX-License-Identifier: Apache-2.0 */
/* A container as JSON: see document.h. Keys and their order are runc's, but for the unit, which crun names. */
#include "cmd/document.h"

#include "json.h"

struct document {
	const char *oci_version, *id;
	int32_t pid;
	const char *status, *bundle, *rootfs, *created;
	size_t n_annotations;
	struct oci_pair *annotations;
	const char *unit, *owner;
};

static const struct ocispec_property properties[] = {
	OCISPEC_FIELD(struct document, oci_version, "ociVersion", .required = true),
	OCISPEC_FIELD(struct document, id, "id", .required = true),
	OCISPEC_FIELD(struct document, pid, "pid", .required = true), /* 0 when stopped */
	OCISPEC_FIELD(struct document, status, "status", .required = true),
	OCISPEC_FIELD(struct document, bundle, "bundle", .required = true),
	OCISPEC_FIELD(struct document, rootfs, "rootfs", .required = true),
	OCISPEC_FIELD(struct document, created, "created", .required = true),
	OCISPEC_LIST(struct document, annotations, "annotations"),
	OCISPEC_FIELD(struct document, unit, "systemd-scope"),
	OCISPEC_FIELD(struct document, owner, "owner", .required = true),
};
static const struct ocispec_object object = OCISPEC_OBJECT(struct document, properties);

int document_write(const struct container_view *view, const char *owner, enum ocispec_style style,
		   struct ocispec_arena *arena, char **ret, size_t *ret_size)
{
	const struct container_state *state = &view->container.state;
	struct document document = {
		.oci_version = state->oci_version,
		.id = state->id,
		.pid = view->pid,
		.status = container_status_name(view->status),
		.bundle = state->bundle,
		.rootfs = state->rootfs,
		.created = state->created,
		.n_annotations = state->n_annotations,
		.annotations = state->n_annotations > 0 ? state->annotations : NULL,
		.unit = state->systemd_unit,
		.owner = owner,
	};

	return ocispec_write(&object, &document, style, arena, ret, ret_size);
}
