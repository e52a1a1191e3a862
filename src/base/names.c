/* SPDX-License-Identifier: Apache-2.0 */
/* Names of kernel constants: see names.h. */
#include "base/names.h"

#include "base/mem.h"
#include "base/sys.h"

#include <string.h>

static const struct {
	const char *name;
	uint32_t type;
} namespaces[] = {
	{"pid", CLONE_NEWPID}, {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},      {"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS}, {"user", CLONE_NEWUSER},   {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},
};

const char *namespace_name(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (namespaces[i].type == type)
			return namespaces[i].name;
	return "unknown";
}

uint32_t namespace_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		if (strcmp(namespaces[i].name, name) == 0)
			return namespaces[i].type;
	return 0;
}
