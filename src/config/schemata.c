/* SPDX-License-Identifier: Apache-2.0 */
/* See schemata.h. What the resources are called, and what their values may be, is the kernel's to say. */
#include "config/schemata.h"

#include <errno.h>
#include <string.h>

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define BLANKS  " \t"

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, BLANKS);
}

/* "NAME:" */
static const char *take_name(const char *s, struct schemata_entry *entry)
{
	entry->name = s;
	entry->name_size = strspn(s, DIGITS LETTERS "_");
	s = skip_blanks(s + entry->name_size);
	return entry->name_size > 0 && *s == ':' ? s + 1 : NULL;
}

/* "DOMAIN=VALUE", and the semicolon behind it */
static const char *take_value(const char *s, struct schemata_entry *entry)
{
	size_t digits;

	s = skip_blanks(s);
	digits = strspn(s, DIGITS);
	if (digits == 0 || digits > 9)
		return NULL;
	entry->domain = 0;
	for (size_t i = 0; i < digits; i++)
		entry->domain = entry->domain * 10 + (uint32_t)(s[i] - '0');
	s = skip_blanks(s + digits);
	if (*s != '=')
		return NULL;
	s = skip_blanks(s + 1);
	entry->value = s;
	entry->value_size = strspn(s, DIGITS LETTERS);
	s = skip_blanks(s + entry->value_size);
	if (entry->value_size == 0 || (*s && *s != ';' && *s != '\n'))
		return NULL;
	if (*s == ';')
		s = skip_blanks(s + 1);
	entry->last = *s == '\0' || *s == '\n';
	return s;
}

int schemata_next(const char **at, struct schemata_entry *entry)
{
	const char *s = *at;

	if (!entry->name || entry->last) {
		s += strspn(s, BLANKS "\n");
		if (!*s)
			return 0;
		s = take_name(s, entry);
	}
	if (s)
		s = take_value(s, entry);
	if (!s)
		return -EINVAL;
	*at = s;
	return 1;
}

bool schemata_valid(const char *text, bool single)
{
	struct schemata_entry entry = {0};
	const char *at = text;
	int r;

	if (single && strchr(text, '\n'))
		return false;
	while ((r = schemata_next(&at, &entry)) > 0)
		;
	return r == 0 && entry.name;
}
