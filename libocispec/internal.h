/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of libocispec share with each other and with nobody else. */
#ifndef OCISPEC_INTERNAL_H
#define OCISPEC_INTERNAL_H

#include "json.h"

/* How many bytes the UTF-8 sequence at s takes, of n bytes at hand (n > 0); 0 when it is not a valid one. */
size_t ocispec_utf8_length(const char *s, size_t n);

/* What is wrong with a decoded string of n bytes; NULL when nothing is. */
const char *ocispec_bad_utf8(const char *s, size_t n);

/*
 * The same of the escapes of the string whose closing quote lies before text + end; yajl decodes them but does not
 * judge them. The string is well-formed otherwise.
 */
const char *ocispec_bad_escape(const char *text, size_t end);

/* Like ocispec_strndup() where n is the exact length. */
char *ocispec_copy_string(struct ocispec_arena *arena, const char *s, size_t n);

/*
 * Fills *error for the token of text whose last byte lies before token_end (SIZE_MAX: the end of the text).
 * key, when not NULL, is appended to the path: the property that is missing, or the key that is the token itself.
 */
void ocispec_locate(const char *text, size_t size, size_t token_end, const char *name, const char *key,
		    const char *what, struct ocispec_error *error);

extern const struct ocispec_object ocispec_id_mapping_object, ocispec_linux_object;

#endif
