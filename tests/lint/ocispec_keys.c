/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints every JSON key that libocispec's tables know, one a line: DOCUMENT PATH KIND required|optional. lint/schema
 * compares that with the official JSON schema, lint/properties with the list of tests in properties.md.
 */
#include <stdio.h>
#include <string.h>

#include "json.h"

static const char *kind_name(const struct ocispec_property *property)
{
	switch (property->kind) {
	case OCISPEC_STRING:
		return "string";
	case OCISPEC_BOOL:
	case OCISPEC_OPT_BOOL:
		return "boolean";
	case OCISPEC_I32:
	case OCISPEC_OPT_I32:
		return "int32";
	case OCISPEC_U32:
	case OCISPEC_OPT_U32:
		return property->max == UINT16_MAX ? "uint16" : "uint32";
	case OCISPEC_I64:
	case OCISPEC_OPT_I64:
		return "int64";
	case OCISPEC_U64:
	case OCISPEC_OPT_U64:
		return "uint64";
	case OCISPEC_SUBOBJECT:
		return "object";
	case OCISPEC_STRINGS:
		return "array(string)";
	case OCISPEC_U32S:
		return "array(uint32)";
	case OCISPEC_OBJECTS:
		return "array(object)";
	case OCISPEC_PAIRS:
		return "map(string)";
	case OCISPEC_COUNTS:
		return "map(uint64)";
	case OCISPEC_DOUBLE:
		return "number";
	case OCISPEC_INLINE:
		return "object";
	case OCISPEC_ENTRIES:
		return "map(object)";
	default:
		return "?";
	}
}

static void print_object(const char *document, const char *prefix, const struct ocispec_object *object)
{
	for (unsigned i = 0; i < object->n_properties; i++) {
		const struct ocispec_property *property = &object->properties[i];
		char path[512];
		size_t n = (size_t)snprintf(path, sizeof path, "%s%s", prefix, property->key);

		printf("%s %s %s %s\n", document, path, kind_name(property),
		       property->required ? "required" : "optional");
		if (!property->sub)
			continue;
		snprintf(path + n, sizeof path - n, "%s.",
			 property->kind == OCISPEC_OBJECTS   ? "[]"
			 : property->kind == OCISPEC_ENTRIES ? ".*"
							     : "");
		print_object(document, path, property->sub);
	}
}

int main(void)
{
	print_object("config", "", &oci_config_object);
	print_object("state", "", &oci_state_object);
	print_object("features", "", &oci_features_object);
	return 0;
}
