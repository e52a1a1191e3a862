/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of linux.intelRdt: the name of the group and the shape of what is written into it. */
#include "config/validate.h"

#include "config/schemata.h"

#include "base/mem.h"

#include <limits.h>
#include <string.h>

static int check_clos(const char *name, struct err *err)
{
	/* What resctrl has in its root beside groups. */
	static const char *const taken[] = {".", "..", "info", "mon_groups", "mon_data"};
	size_t n = strlen(name);
	bool bad = n > NAME_MAX || (n > 1 && strchr(name, '/')) || strchr(name, '\n');

	for (size_t i = 0; i < ARRAY_SIZE(taken) && !bad; i++)
		bad = strcmp(name, taken[i]) == 0;
	return bad ? INVALID(err,
			     "linux.intelRdt.closID: invalid intelRdt.ClosID \"%.300s\": it names a group below "
			     "resctrl's root, or \"/\" the root itself",
			     name)
		   : 0;
}

static int check_schema(const char *property, const char *text, bool single, struct err *err)
{
	if (schemata_valid(text, single))
		return 0;
	return INVALID(err, "linux.intelRdt.%s: \"%.300s\" is not %s like L3:0=ff;1=f", property, text,
		       single ? "a line" : "lines");
}

static int check_rdt(struct validation *v, struct err *err)
{
	const struct oci_intel_rdt *rdt = v->linux_->intel_rdt;
	int r;

	if (!rdt)
		return 0;
	r = given(rdt->clos_id) ? check_clos(rdt->clos_id, err) : 0;
	if (r == 0 && given(rdt->l3_cache_schema))
		r = check_schema("l3CacheSchema", rdt->l3_cache_schema, false, err);
	if (r == 0 && given(rdt->mem_bw_schema))
		r = check_schema("memBwSchema", rdt->mem_bw_schema, false, err);
	for (size_t i = 0; r == 0 && i < rdt->n_schemata; i++) {
		char property[48];

		snprintf(property, sizeof(property), "schemata[%zu]", i);
		r = check_schema(property, rdt->schemata[i], true, err);
	}
	if (r == 0 && (rdt->enable_cmt || rdt->enable_mbm))
		validate_warn(v, "linux.intelRdt.%s does nothing, it is deprecated: enableMonitoring makes a group",
			      rdt->enable_cmt ? "enableCMT" : "enableMBM");
	return r;
}

const struct config_check config_checks_rdt[] = {
	{"intelRdt", check_rdt},
	{0},
};
