/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.intelRdt: which resctrl group the container is in, and what is written there. l3CacheSchema and memBwSchema are
 * what a group that is there already must have; schemata is written in any case, after them.
 */
#include "plan/internal.h"

#include <string.h>

/* A line of l3CacheSchema that is about bandwidth: memBwSchema alone says that. */
static bool is_bandwidth(const char *line)
{
	return strncmp(line + strspn(line, " \t"), "MB:", 3) == 0;
}

static void add_lines(struct text *text, const char *lines, bool without_bandwidth)
{
	for (const char *line = lines; line && *line;) {
		size_t n = strcspn(line, "\n");

		if (n > 0 && !(without_bandwidth && is_bandwidth(line))) {
			text_add(text, line, n);
			text_str(text, "\n");
		}
		line += n;
		line += *line == '\n';
	}
}

int plan_rdt_schema(const char *l3_cache_schema, const char *mem_bw_schema, struct ocispec_arena *arena,
		    const char **ret, struct err *err)
{
	struct text text = {.arena = arena};

	add_lines(&text, l3_cache_schema, true);
	add_lines(&text, mem_bw_schema, false);
	if (text.failed)
		return plan_no_memory(err);
	*ret = text.s;
	return 0;
}

int plan_rdt(struct planner *p, struct err *err)
{
	const struct oci_intel_rdt *rdt = p->config->linux_ ? p->config->linux_->intel_rdt : NULL;
	struct text schemata = {.arena = p->arena};
	const char *schema = NULL;
	bool named;
	int r;

	if (!rdt)
		return 0;
	named = rdt->clos_id && rdt->clos_id[0];
	r = plan_rdt_schema(rdt->l3_cache_schema, rdt->mem_bw_schema, p->arena, &schema, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < rdt->n_schemata; i++)
		add_lines(&schemata, rdt->schemata[i], false);
	if (schemata.failed)
		return plan_no_memory(err);
	p->plan.rdt = (struct plan_rdt){.group = named ? rdt->clos_id : p->request->id,
					.named = named,
					.needs_cache = rdt->l3_cache_schema && rdt->l3_cache_schema[0],
					.needs_bandwidth = rdt->mem_bw_schema && rdt->mem_bw_schema[0],
					.schema = schema,
					.schemata = schemata.s,
					.monitor = rdt->enable_monitoring};
	return 0;
}
