/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a JSON object is described as data, so that one parser and one writer serve every document.
 *
 * An object is a table of properties; each says under which key it stands in JSON and where it lies in a C struct.
 * The OCI documents are such tables (config.c, config_linux.c, state.c, features.c), and a program describes its own
 * documents in the same way:
 *
 *	struct lock { const char *holder; int32_t pid; };
 *	struct room {
 *		const char *name;
 *		bool open;
 *		struct oci_opt_u64 size;
 *		struct lock *lock;
 *		size_t n_guests;
 *		const char **guests;
 *		size_t n_labels;
 *		struct oci_pair *labels;
 *	};
 *
 *	static const struct ocispec_property lock_properties[] = {
 *		OCISPEC_FIELD(struct lock, holder, "holder", .required = true),
 *		OCISPEC_FIELD(struct lock, pid, "pid", .min = 1, .max = INT32_MAX),
 *	};
 *	static const struct ocispec_object lock_object = OCISPEC_OBJECT(struct lock, lock_properties);
 *
 *	static const struct ocispec_property room_properties[] = {
 *		OCISPEC_FIELD(struct room, name, "name", .required = true),
 *		OCISPEC_FIELD(struct room, open, "open"),
 *		OCISPEC_FIELD(struct room, size, "size"),
 *		OCISPEC_SUB(struct room, lock, "lock", &lock_object),
 *		OCISPEC_LIST(struct room, guests, "guests"),
 *		OCISPEC_LIST(struct room, labels, "labels"),
 *	};
 *	const struct ocispec_object room_object = OCISPEC_OBJECT(struct room, room_properties);
 *
 * The kind of a property follows from the C type of its field, so a table cannot disagree with its struct. A list
 * xs has its count in the field n_xs. What the absence of each looks like is told in ocispec.h.
 *
 * Reading: unknown keys are skipped with all that they hold, or are errors where the object is closed; null is the
 * absence of a property. Keys match exactly.
 * Writing: properties stand in the order of the table. Left out is what is absent: NULL, an optional scalar that is
 * not set, and a plain scalar that is false or 0 - unless it is required, then it is always written. A struct that is
 * embedded (OCISPEC_EMBED) is never absent. With .null the absence is written too, as null.
 */
#ifndef OCISPEC_JSON_H
#define OCISPEC_JSON_H

#include "ocispec.h"

enum ocispec_kind {
	OCISPEC_STRING, /* const char * */
	OCISPEC_BOOL,
	OCISPEC_I32,
	OCISPEC_U32,
	OCISPEC_I64,
	OCISPEC_U64,
	OCISPEC_OPT_BOOL, /* struct oci_opt_bool, and so on */
	OCISPEC_OPT_I32,
	OCISPEC_OPT_U32,
	OCISPEC_OPT_I64,
	OCISPEC_OPT_U64,
	OCISPEC_SUBOBJECT, /* struct x *: a nested object */
	OCISPEC_STRINGS,   /* const char **: an array of strings */
	OCISPEC_U32S,      /* uint32_t *: an array of numbers */
	OCISPEC_OBJECTS,   /* struct x *: an array of objects */
	OCISPEC_PAIRS,     /* struct oci_pair *: an object with any keys, whose values are strings */
	OCISPEC_ENTRIES,   /* struct x *: an object with any keys, whose values are objects; each keeps its key */
	OCISPEC_INLINE,    /* struct x: a nested object that is always there; also what stands in a list */
	OCISPEC_DOUBLE,    /* double; finite */
	OCISPEC_COUNTS,    /* struct ocispec_count *: an object with any keys, whose values are numbers */
};

struct ocispec_count {
	const char *key;
	uint64_t value;
};

struct ocispec_property {
	const char *key;
	const struct ocispec_object *sub; /* of SUBOBJECT, OBJECTS, ENTRIES */
	int64_t min;                      /* range of a number; both 0: all that the field can hold */
	uint64_t max;
	uint16_t offset;       /* of the field */
	uint16_t count_offset; /* of its count, for lists and maps */
	uint8_t key_size;
	uint8_t kind; /* enum ocispec_kind */
	bool required;
	bool null; /* written as null where it is absent */
};

#define OCISPEC_MAX_PROPERTIES 64

struct ocispec_object {
	const char *name; /* of the C struct; for tests and tools */
	const struct ocispec_property *properties;
	uint16_t n_properties; /* at most OCISPEC_MAX_PROPERTIES */
	uint16_t size;         /* of the C struct */
	uint16_t key_offset;   /* of the const char * that keeps the key, where the object is used in ENTRIES */
	const char *unknown;   /* of a closed object: the error that another key is */
};

/* A string, a bool, a number or a struct oci_opt_*. */
#define OCISPEC_FIELD(type, field, json_key, ...)                                                                               \
	{                                                                                                                       \
		.key = (json_key),                                                                                            \
	 .key_size = sizeof(json_key) - 1,                                                                             \
	 .offset = offsetof(type, field),                                                                              \
	 .kind = _Generic(((type *)0)->field,                                                                          \
		const char *: OCISPEC_STRING,                                                                          \
		bool: OCISPEC_BOOL,                                                                                    \
		int32_t: OCISPEC_I32,                                                                                  \
		uint32_t: OCISPEC_U32,                                                                                 \
		int64_t: OCISPEC_I64,                                                                                  \
		uint64_t: OCISPEC_U64,                                                                                 \
		double: OCISPEC_DOUBLE,                                                                                \
		struct oci_opt_bool: OCISPEC_OPT_BOOL,                                                                 \
		struct oci_opt_i32: OCISPEC_OPT_I32,                                                                   \
		struct oci_opt_u32: OCISPEC_OPT_U32,                                                                   \
		struct oci_opt_i64: OCISPEC_OPT_I64,                                                                   \
		struct oci_opt_u64: OCISPEC_OPT_U64),                                                                  \
	 __VA_ARGS__ \
	}

/* A nested object. */
#define OCISPEC_SUB(type, field, json_key, object, ...)                                                                \
	{                                                                                                              \
		.key = (json_key), .key_size = sizeof(json_key) - 1, .offset = offsetof(type, field), .sub = (object), \
		.kind = OCISPEC_SUBOBJECT, __VA_ARGS__                                                                 \
	}

/* A nested object whose struct is embedded in this one. */
#define OCISPEC_EMBED(type, field, json_key, object, ...)                                                              \
	{                                                                                                              \
		.key = (json_key), .key_size = sizeof(json_key) - 1, .offset = offsetof(type, field), .sub = (object), \
		.kind = OCISPEC_INLINE, __VA_ARGS__                                                                    \
	}

/* An array of strings or numbers, or a map of strings or numbers. */
#define OCISPEC_LIST(type, field, json_key, ...)                                                                                \
	{                                                                                                                       \
		.key = (json_key),                                                                                            \
	 .key_size = sizeof(json_key) - 1,                                                                             \
	 .offset = offsetof(type, field),                                                                              \
	 .count_offset = offsetof(type, n_##field),                                                                    \
	 .kind = _Generic(((type *)0)->field,                                                                          \
		const char **: OCISPEC_STRINGS,                                                                        \
		uint32_t *: OCISPEC_U32S,                                                                              \
		struct oci_pair *: OCISPEC_PAIRS,                                                                      \
		struct ocispec_count *: OCISPEC_COUNTS),                                                               \
	 __VA_ARGS__ \
	}

/* An array of objects. */
#define OCISPEC_SUBS(type, field, json_key, object, ...)                                                         \
	{                                                                                                        \
		.key = (json_key), .key_size = sizeof(json_key) - 1, .offset = offsetof(type, field),            \
		.count_offset = offsetof(type, n_##field), .sub = (object), .kind = OCISPEC_OBJECTS, __VA_ARGS__ \
	}

/* A map of objects; object is made with OCISPEC_ENTRY_OBJECT. */
#define OCISPEC_MAP(type, field, json_key, object, ...)                                                          \
	{                                                                                                        \
		.key = (json_key), .key_size = sizeof(json_key) - 1, .offset = offsetof(type, field),            \
		.count_offset = offsetof(type, n_##field), .sub = (object), .kind = OCISPEC_ENTRIES, __VA_ARGS__ \
	}

#define OCISPEC_OBJECT(type, table)                                                                       \
	{                                                                                                 \
		.name = #type, .properties = (table), .n_properties = sizeof(table) / sizeof((table)[0]), \
		.size = sizeof(type)                                                                      \
	}

/* Has these keys and no others: what a map is whose keys are known. */
#define OCISPEC_CLOSED_OBJECT(type, table, error)                                                         \
	{                                                                                                 \
		.name = #type, .properties = (table), .n_properties = sizeof(table) / sizeof((table)[0]), \
		.size = sizeof(type), .unknown = (error)                                                  \
	}

#define OCISPEC_ENTRY_OBJECT(type, key_field, table)                                                      \
	{                                                                                                 \
		.name = #type, .properties = (table), .n_properties = sizeof(table) / sizeof((table)[0]), \
		.size = sizeof(type), .key_offset = offsetof(type, key_field)                             \
	}

#endif
