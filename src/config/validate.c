/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the checks, and holds what they share: see validate.h. */
#include "config/validate.h"

#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct config_check *const tables[] = {
	config_checks_namespaces,  config_checks_root,        config_checks_process, config_checks_scheduling,
	config_checks_mounts,      config_checks_linux,       config_checks_devices, config_checks_seccomp,
	config_checks_annotations, config_checks_net_devices, config_checks_rdt,
};

static int run_checks(const struct config_check *const *list, size_t n, struct validation *v, struct err *err)
{
	static const struct oci_linux nothing = {0};

	v->linux_ = v->config->linux_ ? v->config->linux_ : &nothing;
	for (size_t i = 0; i < n; i++)
		for (const struct config_check *c = list[i]; c->check; c++) {
			int r = c->check(v, err);

			if (r < 0)
				return r;
		}
	return 0;
}

int config_validate(const struct oci_config *config, const struct config_facts *facts,
		    void (*warn)(void *arg, const char *message), void *arg, struct err *err)
{
	struct validation v = {.config = config, .facts = facts, .warn = warn, .arg = arg};

	return run_checks(tables, ARRAY_SIZE(tables), &v, err);
}

int config_validate_process(const struct oci_config *config, const struct config_facts *facts,
			    void (*warn)(void *arg, const char *message), void *arg, struct err *err)
{
	/* What a process may be depends on the namespaces that its container has. */
	static const struct config_check *const process_tables[] = {config_checks_namespaces, config_checks_process,
								    config_checks_scheduling};
	struct validation v = {.config = config, .facts = facts, .warn = warn, .arg = arg};

	return run_checks(process_tables, ARRAY_SIZE(process_tables), &v, err);
}

void validate_warn(struct validation *v, const char *fmt, ...)
{
	char line[ERR_MSG_SIZE];
	va_list ap;

	if (!v->warn)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	v->warn(v->arg, line);
}

int validate_path(const char *path, bool absolute, struct err *err, const char *fmt, ...)
{
	size_t n = path ? strlen(path) : 0;
	char property[256];
	va_list ap;

	if (n > 0 && n < PATH_MAX && (!absolute || path[0] == '/'))
		return 0;
	va_start(ap, fmt);
	vsnprintf(property, sizeof(property), fmt, ap);
	va_end(ap);
	if (n == 0)
		return INVALID(err, "%s: must not be empty", property);
	if (n >= PATH_MAX)
		return err_msg(err, -ENAMETOOLONG, "%s: the path has %zu bytes, the longest possible has %d", property,
			       n, PATH_MAX - 1);
	return INVALID(err, "%s: \"%s\" is not an absolute path", property, path);
}

int validate_id(uint32_t id, struct err *err, const char *fmt, ...)
{
	char property[256];
	va_list ap;

	if (id != UINT32_MAX)
		return 0;
	va_start(ap, fmt);
	vsnprintf(property, sizeof(property), fmt, ap);
	va_end(ap);
	return INVALID(err, "%s: %u is not a valid id", property, id);
}

int validate_label(struct validation *v, const char *label, struct err *err, const char *property)
{
	if (!v->facts->selinux)
		return INVALID(err,
			       "%s: selinux label is specified in config, but selinux is disabled or not supported",
			       property);
	for (const char *s = label; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f || *s == '"')
			return INVALID(err, "%s: there is a space, a quote or a control character in the label",
				       property);
	return 0;
}

bool id_is_mapped(const struct oci_id_mapping *map, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= map[i].container_id && id - map[i].container_id < map[i].size)
			return true;
	return false;
}
