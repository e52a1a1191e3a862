/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a cgroup's files to numbers: see stats.h. Pure. */
#include "host/cgroup/stats.h"

#include "base/mem.h"
#include "base/num.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A piece of the text. */
struct word {
	const char *s;
	size_t n;
};

/* The next word of the line at *at, which moves on behind it; false at the end of the line. */
static bool next_word(const char **at, struct word *ret)
{
	*at += strspn(*at, " \t");
	ret->s = *at;
	ret->n = strcspn(*at, " \t\n");
	*at += ret->n;
	return ret->n > 0;
}

/* To the beginning of the next line; false at the end of the text. */
static bool next_line(const char **at)
{
	*at += strcspn(*at, "\n");
	*at += **at == '\n';
	return **at != '\0';
}

static bool word_is(const struct word *word, const char *s)
{
	return strlen(s) == word->n && memcmp(word->s, s, word->n) == 0;
}

/* Digits that fit. */
static bool word_number(const struct word *word, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < word->n; i++) {
		if (word->s[i] < '0' || word->s[i] > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (unsigned)(word->s[i] - '0'), &v))
			return false;
	}
	*ret = v;
	return word->n > 0;
}

/* "key=value": the word becomes the key. */
static bool split(struct word *word, struct word *ret_value)
{
	const char *equals = memchr(word->s, '=', word->n);

	if (!equals)
		return false;
	*ret_value = (struct word){equals + 1, word->n - (size_t)(equals - word->s) - 1};
	word->n = (size_t)(equals - word->s);
	return true;
}

/* A line of a key and a number, and nothing else; moves on behind the words that it has read. */
static bool read_pair(const char **at, struct word *ret_key, uint64_t *ret)
{
	struct word value, more;

	return next_word(at, ret_key) && next_word(at, &value) && !next_word(at, &more) && word_number(&value, ret);
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
	return __builtin_mul_overflow(a, b, &a) ? UINT64_MAX : a;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return __builtin_add_overflow(a, b, &a) ? UINT64_MAX : a;
}

int stats_parse_value(const char *text, uint64_t *ret)
{
	if (strcmp(text, "max") != 0)
		return num_u64(text, ret);
	*ret = UINT64_MAX;
	return 0;
}

bool stats_parse_key(const char *text, const char *key, uint64_t *ret)
{
	struct word word;
	uint64_t value;

	do
		if (read_pair(&text, &word, &value) && word_is(&word, key)) {
			*ret = value;
			return true;
		}
	while (next_line(&text));
	return false;
}

void stats_parse_cpu(const char *text, struct stats_cpu *ret)
{
	const struct {
		const char *key;
		uint64_t *field, factor;
	} keys[] = {
		{"usage_usec", &ret->usage.total, 1000},
		{"user_usec", &ret->usage.user, 1000},
		{"system_usec", &ret->usage.kernel, 1000},
		{"nr_periods", &ret->throttling.periods, 1},
		{"nr_throttled", &ret->throttling.throttled_periods, 1},
		{"throttled_usec", &ret->throttling.throttled_time, 1000},
	};
	struct word key;
	uint64_t value;

	do {
		if (!read_pair(&text, &key, &value))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (word_is(&key, keys[i].key))
				*keys[i].field = multiply(value, keys[i].factor);
	} while (next_line(&text));
}

/* "12.34" */
static bool word_fraction(const struct word *word, double *ret)
{
	char digits[32];
	char *end;
	double value;

	if (word->n == 0 || word->n >= sizeof(digits))
		return false;
	memcpy(digits, word->s, word->n);
	digits[word->n] = '\0';
	if (strspn(digits, "0123456789.") != word->n)
		return false;
	value = strtod(digits, &end);
	if (*end != '\0' || end == digits)
		return false;
	*ret = value;
	return true;
}

bool stats_parse_pressure(const char *text, struct stats_pressure *ret)
{
	bool found = false;

	do {
		struct stats_pressure_line *line;
		struct word word, value;

		if (!next_word(&text, &word) || !(word_is(&word, "some") || word_is(&word, "full")))
			continue;
		line = word_is(&word, "some") ? &ret->some : &ret->full;
		found = true;
		while (next_word(&text, &word)) {
			if (!split(&word, &value))
				continue;
			if (word_is(&word, "avg10"))
				word_fraction(&value, &line->avg10);
			else if (word_is(&word, "avg60"))
				word_fraction(&value, &line->avg60);
			else if (word_is(&word, "avg300"))
				word_fraction(&value, &line->avg300);
			else if (word_is(&word, "total"))
				word_number(&value, &line->total);
		}
	} while (next_line(&text));
	return found;
}

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; (text = strchr(text, c)); text++)
		n++;
	return n;
}

int stats_parse_memory(const char *text, struct ocispec_arena *arena, struct stats_memory *ret)
{
	size_t n = 0;
	struct ocispec_count *raw = ocispec_alloc(arena, (count(text, '\n') + 1) * sizeof(*raw));
	struct word key;

	if (!raw)
		return -ENOMEM;
	do {
		if (!read_pair(&text, &key, &raw[n].value))
			continue;
		raw[n].key = ocispec_strndup(arena, key.s, key.n);
		if (!raw[n].key)
			return -ENOMEM;
		if (strcmp(raw[n].key, "file") == 0)
			ret->cache = raw[n].value;
		n++;
	} while (next_line(&text));
	ret->n_raw = n;
	ret->raw = n > 0 ? raw : NULL;
	return 0;
}

/* "8:0" */
static bool word_device(const struct word *word, struct stats_io_entry *ret)
{
	const char *colon = memchr(word->s, ':', word->n);
	struct word major, minor;

	if (!colon)
		return false;
	major = (struct word){word->s, (size_t)(colon - word->s)};
	minor = (struct word){colon + 1, word->n - major.n - 1};
	return word_number(&major, &ret->major) && word_number(&minor, &ret->minor);
}

/*
 * MAJ:MIN and then key=value. Some kernels leave out the line break behind a device that has nothing to tell, so a line
 * may begin with several devices: what counts is the last one before a value. What is discarded has no name in cgroup
 * v1, and runc passes it over.
 */
int stats_parse_io(const char *text, struct ocispec_arena *arena, struct stats_io *ret)
{
	static const struct {
		const char *key, *op;
		bool bytes;
	} keys[] = {
		{"rbytes", "Read", true},
		{"wbytes", "Write", true},
		{"rios", "Read", false},
		{"wios", "Write", false},
	};
	size_t room = count(text, '=') + 1;
	struct stats_io_entry *bytes = ocispec_alloc(arena, room * sizeof(*bytes));
	struct stats_io_entry *requests = ocispec_alloc(arena, room * sizeof(*requests));
	size_t n_bytes = 0, n_requests = 0;

	if (!bytes || !requests)
		return -ENOMEM;
	do {
		struct stats_io_entry entry = {0};
		bool device = false;
		struct word word, value;

		while (next_word(&text, &word)) {
			if (!split(&word, &value)) {
				device = word_device(&word, &entry);
				continue;
			}
			if (!device || !word_number(&value, &entry.value))
				continue;
			for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
				if (!word_is(&word, keys[i].key))
					continue;
				entry.op = keys[i].op;
				if (keys[i].bytes)
					bytes[n_bytes++] = entry;
				else
					requests[n_requests++] = entry;
			}
		}
	} while (next_line(&text));
	ret->n_bytes = n_bytes;
	ret->bytes = n_bytes > 0 ? bytes : NULL;
	ret->n_requests = n_requests;
	ret->requests = n_requests > 0 ? requests : NULL;
	return 0;
}

size_t stats_hugetlb_size(const char *file, const char **ret)
{
	static const char before[] = "hugetlb.", after[] = ".current";
	size_t n;

	if (strncmp(file, before, strlen(before)) != 0)
		return 0;
	file += strlen(before);
	n = strcspn(file, "."); /* hugetlb.SIZE.rsvd.current is another one */
	if (strcmp(file + n, after) != 0)
		return 0;
	*ret = file;
	return n;
}

void stats_combine_swap(const struct stats_memory_use *memory, const struct stats_memory_use *swap,
			struct stats_memory_use *ret)
{
	/* The highest values were not at the same time; their sum would mean nothing. */
	*ret = (struct stats_memory_use){
		.usage = add(memory->usage, swap->usage),
		.limit = add(memory->limit, swap->limit),
		.failcnt = swap->failcnt,
	};
}
