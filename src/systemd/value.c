/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GVariant text is what annotations hold ("uint64 5", "['a', 'b']", "15"), and GLib has the parser for it. What
 * GVariant can say and D-Bus can't (maybe types, dictionary entries outside of arrays) is refused.
 */
#include "systemd/value.h"

#include "base/mem.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define USEC_PER_SEC UINT64_C(1000000)

static int append(sd_bus_message *message, GVariant *value);

static int append_children(sd_bus_message *message, GVariant *value)
{
	int r = 0;

	for (size_t i = 0, n = g_variant_n_children(value); i < n && r >= 0; i++) {
		GVariant *child = g_variant_get_child_value(value, i);

		r = append(message, child);
		g_variant_unref(child);
	}
	return r;
}

/* D-Bus writes down what is inside a container: the type of a variant's value, of an array's elements, of members. */
static int append_container(sd_bus_message *message, GVariant *value)
{
	const char *type = g_variant_get_type_string(value);
	_cleanup_free_ char *contents = NULL;
	char kind;
	int r;

	switch (type[0]) {
	case 'v': {
		GVariant *child = g_variant_get_variant(value);

		kind = SD_BUS_TYPE_VARIANT;
		contents = strdup(g_variant_get_type_string(child));
		g_variant_unref(child);
		break;
	}
	case 'a':
		kind = SD_BUS_TYPE_ARRAY;
		contents = strdup(type + 1);
		break;
	case '(':
		kind = SD_BUS_TYPE_STRUCT;
		contents = strndup(type + 1, strlen(type) - 2);
		break;
	case '{':
		kind = SD_BUS_TYPE_DICT_ENTRY;
		contents = strndup(type + 1, strlen(type) - 2);
		break;
	default: /* maybe */
		return -EINVAL;
	}
	if (!contents)
		return -ENOMEM;
	r = sd_bus_message_open_container(message, kind, contents);
	if (r >= 0)
		r = append_children(message, value);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append(sd_bus_message *message, GVariant *value)
{
	char type = g_variant_get_type_string(value)[0];
	union {
		int boolean; /* sd-bus reads an int, D-Bus has 32 bits */
		uint8_t y;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
		double d;
	} v;

	switch (type) {
	case 'b':
		v.boolean = g_variant_get_boolean(value);
		break;
	case 'y':
		v.y = g_variant_get_byte(value);
		break;
	case 'n':
		v.n = g_variant_get_int16(value);
		break;
	case 'q':
		v.q = g_variant_get_uint16(value);
		break;
	case 'i':
		v.i = g_variant_get_int32(value);
		break;
	case 'u':
		v.u = g_variant_get_uint32(value);
		break;
	case 'x':
		v.x = g_variant_get_int64(value);
		break;
	case 't':
		v.t = g_variant_get_uint64(value);
		break;
	case 'd':
		v.d = g_variant_get_double(value);
		break;
	case 's':
	case 'o':
	case 'g':
		return sd_bus_message_append_basic(message, type, g_variant_get_string(value, NULL));
	case 'h': /* the number of a descriptor that nobody passes */
		return -EINVAL;
	default:
		return append_container(message, value);
	}
	return sd_bus_message_append_basic(message, type, &v);
}

/* A whole number of seconds of any type, or a fraction; -EINVAL for another type, -ERANGE. */
static int seconds_to_usec(GVariant *value, uint64_t *ret)
{
	uint64_t sec;
	int64_t whole;

	switch (g_variant_get_type_string(value)[0]) {
	case 'd': {
		double usec = g_variant_get_double(value) * (double)USEC_PER_SEC + 0.5; /* to be rounded */

		/* Written so that a NaN is out of range as well. */
		if (!(usec >= 0.5 && usec < 0x1p64))
			return -ERANGE;
		*ret = (uint64_t)usec;
		return 0;
	}
	case 'y':
		sec = g_variant_get_byte(value);
		break;
	case 'q':
		sec = g_variant_get_uint16(value);
		break;
	case 'u':
		sec = g_variant_get_uint32(value);
		break;
	case 't':
		sec = g_variant_get_uint64(value);
		break;
	case 'n':
	case 'i':
	case 'x':
		whole = g_variant_is_of_type(value, G_VARIANT_TYPE_INT16)   ? g_variant_get_int16(value)
			: g_variant_is_of_type(value, G_VARIANT_TYPE_INT32) ? g_variant_get_int32(value)
									    : g_variant_get_int64(value);
		if (whole < 0)
			return -ERANGE;
		sec = (uint64_t)whole;
		break;
	default:
		return -EINVAL;
	}
	if (sec > UINT64_MAX / USEC_PER_SEC)
		return -ERANGE;
	*ret = sec * USEC_PER_SEC;
	return 0;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* "RestartSec", 3 -> "RestartUSec", uint64 3000000 */
static int convert_seconds(struct property *property, const char *text, struct err *err)
{
	size_t n = strlen(property->name);
	uint64_t usec;
	char *name;
	int r;

	r = seconds_to_usec(property->value, &usec);
	if (r == -EINVAL)
		return err_msg(err, r, "systemd property %s: \"%s\" is not a number of seconds", property->name, text);
	if (r < 0)
		return err_msg(err, r, "systemd property %s: \"%s\" seconds are out of range", property->name, text);
	if (asprintf(&name, "%.*sUSec", (int)(n - strlen("Sec")), property->name) < 0)
		return err_set(err, -ENOMEM, "systemd property %s", property->name);
	free(property->name);
	property->name = name;
	g_variant_unref(property->value);
	property->value = g_variant_ref_sink(g_variant_new_uint64(usec));
	return 0;
}

/*
 * Whether all \uXXXX and \UXXXXXXXX in the text are characters. GLib takes halves of surrogate pairs and what is beyond
 * Unicode for some, and crashes later.
 */
static bool escapes_are_characters(const char *text)
{
	for (const char *p = strchr(text, '\\'); p && p[1]; p = strchr(p + 2, '\\')) {
		size_t digits = p[1] == 'u' ? 4 : p[1] == 'U' ? 8 : 0;
		char number[9] = "";

		if (digits == 0)
			continue;
		strncpy(number, p + 2, digits);
		/* What is no number at all is GLib's to complain about. */
		if (strspn(number, "0123456789abcdefABCDEF") == digits &&
		    !g_unichar_validate((gunichar)strtoul(number, NULL, 16)))
			return false;
	}
	return true;
}

int property_parse(const char *name, const char *text, struct property *ret, struct err *err)
{
	struct property property = {0};
	GError *error = NULL;
	int r = 0;

	if (!g_utf8_validate(text, -1, NULL))
		return err_msg(err, -EINVAL, "systemd property %s: its value is not UTF-8", name);
	if (!escapes_are_characters(text))
		return err_msg(err, -EINVAL,
			       "systemd property %s: can't parse \"%s\" as GVariant text: an escape is no character",
			       name, text);
	property.value = g_variant_parse(NULL, text, NULL, NULL, &error);
	if (!property.value) {
		r = err_msg(err, -EINVAL, "systemd property %s: can't parse \"%s\" as GVariant text: %s", name, text,
			    error->message);
		g_error_free(error);
		return r;
	}
	property.name = strdup(name);
	if (!property.name)
		r = err_set(err, -ENOMEM, "systemd property %s", name);
	else if (ends_with(name, "Sec") && !ends_with(name, "USec"))
		r = convert_seconds(&property, text, err);
	if (r < 0)
		property_free(&property);
	else
		*ret = property;
	return r;
}

void property_free(struct property *property)
{
	if (property->value)
		g_variant_unref(property->value);
	free(property->name);
	*property = (struct property){0};
}

int property_append(sd_bus_message *message, const struct property *property)
{
	GVariant *value = property->value;
	int r;

	r = sd_bus_message_open_container(message, SD_BUS_TYPE_STRUCT, "sv");
	if (r >= 0)
		r = sd_bus_message_append_basic(message, SD_BUS_TYPE_STRING, property->name);
	if (r >= 0)
		r = sd_bus_message_open_container(message, SD_BUS_TYPE_VARIANT, g_variant_get_type_string(value));
	if (r >= 0)
		r = append(message, value);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

int property_check(sd_bus *bus, const struct property *property, struct err *err)
{
	sd_bus_message *message = NULL;
	int r;

	/* Whatever can be said at all can be said in any message. */
	r = sd_bus_message_new_method_call(bus, &message, NULL, "/", NULL, "Check");
	if (r >= 0)
		r = property_append(message, property);
	sd_bus_message_unref(message);
	if (r == -ENOMEM)
		return err_set(err, r, "systemd property %s", property->name);
	if (r < 0)
		return err_msg(err, -EINVAL, "systemd property %s: a value of type %s has no form in D-Bus",
			       property->name, g_variant_get_type_string(property->value));
	return 0;
}
