/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a document an error is. The parser keeps neither paths nor lines while it works; when something is wrong,
 * the text up to there is walked once more, with the simplest of tokenizers: all of it but the last token is known to
 * be well-formed.
 */
#include <stdio.h>
#include <string.h>

#include "internal.h"

struct level {
	bool array;
	size_t index;    /* in an array */
	const char *key; /* in an object, once seen; as it stands in the text */
	size_t key_size;
};

struct walk {
	const char *text;
	size_t size;
	unsigned depth;
	struct level levels[OCISPEC_MAX_DEPTH + 1];
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_mark(char c)
{
	return c && strchr("{}[],:", c);
}

/* The end of the token that starts at pos. */
static size_t token_end(const struct walk *w, size_t pos)
{
	const char *text = w->text;

	if (is_mark(text[pos]))
		return pos + 1;
	if (text[pos] != '"') {
		do
			pos++;
		while (pos < w->size && !is_space(text[pos]) && !is_mark(text[pos]) && text[pos] != '"');
		return pos;
	}
	for (pos++; pos < w->size; pos++) {
		if (text[pos] == '"')
			return pos + 1;
		if (text[pos] == '\\')
			pos++;
	}
	return w->size;
}

static void push(struct walk *w, bool array)
{
	if (w->depth <= OCISPEC_MAX_DEPTH)
		w->levels[w->depth++] = (struct level){.array = array};
}

static void take_token(struct walk *w, size_t start, size_t end)
{
	struct level *top = w->depth ? &w->levels[w->depth - 1] : NULL;

	switch (w->text[start]) {
	case '{':
	case '[':
		push(w, w->text[start] == '[');
		break;
	case '}':
	case ']':
		if (top)
			w->depth--;
		break;
	case ',':
		if (top) {
			top->index++;
			top->key = NULL;
		}
		break;
	case '"':
		if (top && !top->array && !top->key) {
			top->key = w->text + start + 1;
			top->key_size = end - start >= 2 ? end - start - 2 : 0;
		}
		break;
	}
}

/* Walks to the token that ends at or after end and returns where it starts. */
static size_t walk_to(struct walk *w, size_t end)
{
	size_t pos = 0;

	for (;;) {
		size_t start = pos, next;

		while (start < w->size && is_space(w->text[start]))
			start++;
		if (start == w->size)
			return pos; /* the end of the text is where its last token ends */
		next = token_end(w, start);
		if (next >= end)
			return start;
		take_token(w, start, next);
		pos = next;
	}
}

struct path {
	char *buffer;
	size_t size, used;
	bool cut;
};

static void add(struct path *path, const char *s, size_t n)
{
	static const char more[] = "...";

	if (path->cut)
		return;
	if (n >= path->size - path->used - sizeof more) {
		path->cut = true;
		s = more;
		n = sizeof more - 1;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned char c = s[i];

		/* a message must not be able to steer the terminal it is shown on */
		path->buffer[path->used++] = c < 0x20 || c == 0x7f ? '?' : c;
	}
	path->buffer[path->used] = '\0';
}

/* key when it reads well after a dot, ["key"] otherwise: annotations["org.example.name"] */
static void add_key(struct path *path, const char *key, size_t n)
{
	bool word = n > 0;

	for (size_t i = 0; i < n && word; i++)
		word = (key[i] >= 'a' && key[i] <= 'z') || (key[i] >= 'A' && key[i] <= 'Z') ||
		       (key[i] >= '0' && key[i] <= '9') || key[i] == '_' || key[i] == '-';
	if (word) {
		if (path->used)
			add(path, ".", 1);
		add(path, key, n);
		return;
	}
	add(path, "[\"", 2);
	add(path, key, n);
	add(path, "\"]", 2);
}

static void add_levels(struct path *path, const struct walk *w)
{
	for (unsigned i = 0; i < w->depth; i++) {
		const struct level *level = &w->levels[i];
		char index[32];

		if (level->array) {
			int n = snprintf(index, sizeof index, "[%zu]", level->index);

			add(path, index, (size_t)n);
		} else if (level->key) {
			add_key(path, level->key, level->key_size);
		}
	}
}

void ocispec_locate(const char *text, size_t size, size_t end, const char *name, const char *key, const char *what,
		    struct ocispec_error *error)
{
	struct walk w = {.text = text, .size = size};
	struct path path = {.buffer = error->path, .size = sizeof error->path};
	size_t start = walk_to(&w, end);

	*error = (struct ocispec_error){.line = 1, .column = 1};
	for (size_t i = 0; i < start; i++) {
		if (text[i] == '\n') {
			error->line++;
			error->column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			error->column++; /* characters, not bytes */
		}
	}
	add_levels(&path, &w);
	if (key)
		add_key(&path, key, strlen(key));
	snprintf(error->message, sizeof error->message, "%s%s%s (%.200s:%u:%u)", error->path, path.used ? ": " : "",
		 what, name, error->line, error->column);
}
