/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what is neither process nor linux: version, root, names, annotations, hooks. */
#include "config/validate.h"

#include "base/mem.h"

#include <linux/sched.h>
#include <string.h>

/* __NEW_UTS_LEN of the kernel. */
#define UTS_MAX 64

/* One number of a version: digits without a leading zero. Returns what follows, NULL when it is none. */
static const char *version_number(const char *s)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || (n > 1 && s[0] == '0'))
		return NULL;
	return s + n;
}

/* Identifiers after '-' or '+': not empty, separated by dots. */
static const char *version_suffix(const char *s)
{
	for (;;) {
		size_t n = strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

		if (n == 0)
			return NULL;
		s += n;
		if (*s != '.')
			return s;
		s++;
	}
}

/* semver.org, 2.0.0 */
static bool is_semver(const char *s)
{
	for (int i = 0; i < 3; i++) {
		if (i > 0 && *s++ != '.')
			return false;
		s = version_number(s);
		if (!s)
			return false;
	}
	if (*s == '-') {
		s = version_suffix(s + 1);
		if (!s)
			return false;
	}
	if (*s == '+') {
		s = version_suffix(s + 1);
		if (!s)
			return false;
	}
	return *s == '\0';
}

static int check_version(struct validation *v, struct err *err)
{
	const char *version = v->config->oci_version;

	if (!version || !is_semver(version))
		return INVALID(err, "ociVersion: \"%s\" is not a version (SemVer 2.0.0)", version ? version : "");
	if (strncmp(version, "1.", 2) != 0)
		return INVALID(err, "ociVersion: \"%s\" is not supported, versions 1.x are", version);
	/* Minor versions only add; what is new in them is ignored as any unknown property. */
	if (version[2] > '3' || (version[3] >= '0' && version[3] <= '9'))
		validate_warn(v, "ociVersion: \"%s\" is newer than %s", version, OCISPEC_VERSION);
	return 0;
}

static int check_root(struct validation *v, struct err *err)
{
	const struct oci_root *root = v->config->root;

	if (!root)
		return INVALID(err, "root: required");
	if (root->readonly && !has_namespace(v, CLONE_NEWNS))
		return INVALID(err, "root.readonly: needs a mount namespace");
	return validate_path(root->path, false, err, "root.path");
}

static int check_uts_name(struct validation *v, const char *property, const char *name, struct err *err)
{
	size_t n;

	if (!given(name))
		return 0;
	n = strlen(name);
	if (!has_namespace(v, CLONE_NEWUTS))
		return INVALID(err, "%s: unable to set it without a private UTS namespace", property);
	if (n > UTS_MAX)
		return INVALID(err, "%s: %zu bytes are too many, the kernel takes at most %d", property, n, UTS_MAX);
	return 0;
}

static int check_hostname(struct validation *v, struct err *err)
{
	return check_uts_name(v, "hostname", v->config->hostname, err);
}

static int check_domainname(struct validation *v, struct err *err)
{
	return check_uts_name(v, "domainname", v->config->domainname, err);
}

static int check_annotations(struct validation *v, struct err *err)
{
	for (size_t i = 0; i < v->config->n_annotations; i++)
		if (!v->config->annotations[i].key[0])
			return INVALID(err, "annotations: a key must not be empty");
	return 0;
}

static int check_hooks(struct validation *v, struct err *err)
{
	static const struct oci_hooks none = {0};
	const struct oci_hooks *h = v->config->hooks ? v->config->hooks : &none;
	const struct {
		const char *kind;
		const struct oci_hook *hooks;
		size_t n;
	} lists[] = {
		{"prestart", h->prestart, h->n_prestart},
		{"createRuntime", h->create_runtime, h->n_create_runtime},
		{"createContainer", h->create_container, h->n_create_container},
		{"startContainer", h->start_container, h->n_start_container},
		{"poststart", h->poststart, h->n_poststart},
		{"poststop", h->poststop, h->n_poststop},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t k = 0; k < lists[i].n; k++) {
			const struct oci_hook *hook = &lists[i].hooks[k];
			int r = validate_path(hook->path, true, err, "hooks.%s[%zu].path", lists[i].kind, k);

			if (r < 0)
				return r;
			if (hook->timeout.set && hook->timeout.value <= 0)
				return INVALID(err, "hooks.%s[%zu].timeout: must be greater than zero", lists[i].kind,
					       k);
		}
	return 0;
}

const struct config_check config_checks_root[] = {
	{"ociVersion", check_version},
	{"root", check_root},
	{"hostname", check_hostname},
	{"domainname", check_domainname},
	{"annotations", check_annotations},
	{"hooks", check_hooks},
	{0},
};
