/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of compiled seccomp filters.
 *
 * An entry holds its whole key, which is compared byte for byte: the hash only finds the file, so no profile can ever
 * get another one's program. A checksum covers the rest against damage. Who may write into the directory could as well
 * change the state files beside it; all the same nothing is used that belongs to somebody else or that others may
 * write, and no symlink is followed.
 *
 * Entries are written to a name of their own and renamed, so readers see whole ones, and two writers of one entry write
 * the same bytes. A crash leaves at worst a temporary file, which ages out like an entry.
 */
#include <config.h>

#include "host/seccomp_cache.h"

#include "base/errno_text.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_DIR "@seccomp"

/* To be raised when seccomp.c comes to make another program of the same profile between two releases. */
#define COMPILER_REVISION 4

#define MAX_KEY    (512u * 1024)
#define FIRST_ROOM (16u * 1024) /* for the engines' profiles */

#define ENTRY_MAGIC 0x31637374u /* "tsc1" */

/* An entry: this, the key, padding to 8 bytes, the program. */
struct entry {
	uint32_t magic, key_size, len, pad;
	uint64_t checksum; /* of the program */
};

_Static_assert(sizeof(struct entry) % 8 == 0 && sizeof(struct sock_filter) == 8, "entries are read in place");

static size_t padded(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* Eight bytes a step. It has to spread well and be quick; strength is not asked for, see above. */
static uint64_t hash_bytes(const void *bytes, size_t size)
{
	const unsigned char *p = bytes;
	uint64_t h = 0x9e3779b97f4a7c15u ^ size;

	while (size > 0) {
		size_t n = size < 8 ? size : 8;
		uint64_t word = 0;

		memcpy(&word, p, n);
		h = (h ^ word) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
		p += n;
		size -= n;
	}
	h *= 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 29;
}

/* ---- The key ---------------------------------------------------------------------------------------------- */

/* Every field has a fixed size or its length in front, so that no two profiles have the same bytes. */
struct writer {
	char *bytes;
	size_t used, room;
	bool failed;
};

static void put(struct writer *w, const void *data, size_t size)
{
	if (w->failed)
		return;
	if (size > w->room - w->used) {
		size_t room = (w->room + size) * 2 + FIRST_ROOM;
		char *grown = room <= 3 * MAX_KEY ? realloc(w->bytes, room) : NULL;

		if (!grown) {
			w->failed = true;
			return;
		}
		w->bytes = grown;
		w->room = room;
	}
	if (size > 0)
		memcpy(w->bytes + w->used, data, size);
	w->used += size;
}

static void put_u64(struct writer *w, uint64_t v)
{
	put(w, &v, sizeof(v));
}

/* NULL and "" differ. */
static void put_string(struct writer *w, const char *s)
{
	uint32_t n = s ? (uint32_t)strlen(s) : UINT32_MAX;

	put(w, &n, sizeof(n));
	if (s)
		put(w, s, n);
}

static void put_strings(struct writer *w, const char *const *strings, size_t n)
{
	put_u64(w, n);
	for (size_t i = 0; i < n; i++)
		put_string(w, strings[i]);
}

static void put_opt(struct writer *w, const struct oci_opt_u32 *opt)
{
	put_u64(w, opt->set ? opt->value : UINT64_MAX);
}

static void put_rule(struct writer *w, const struct oci_seccomp_rule *rule)
{
	put_strings(w, rule->names, rule->n_names);
	put_string(w, rule->action);
	put_opt(w, &rule->errno_ret);
	put_u64(w, rule->n_args);
	for (size_t i = 0; i < rule->n_args; i++) {
		put_u64(w, rule->args[i].index);
		put_u64(w, rule->args[i].value);
		put_u64(w, rule->args[i].value_two);
		put_string(w, rule->args[i].op);
	}
}

/* Flags and the listener are no part of the program. */
int seccomp_key_make(const struct oci_seccomp *profile, struct seccomp_key *ret)
{
	const struct scmp_version *version = seccomp_version();
	struct writer w = {0};

	put_string(&w, PACKAGE_VERSION);
	put_u64(&w, COMPILER_REVISION);
	put_u64(&w, version->major);
	put_u64(&w, version->minor);
	put_u64(&w, version->micro);
	put_u64(&w, seccomp_arch_native());
	put_string(&w, profile->default_action);
	put_opt(&w, &profile->default_errno_ret);
	put_strings(&w, profile->architectures, profile->n_architectures);
	put_u64(&w, profile->n_syscalls);
	for (size_t i = 0; i < profile->n_syscalls; i++)
		put_rule(&w, &profile->syscalls[i]);
	if (w.failed || w.used > MAX_KEY) {
		free(w.bytes);
		return w.failed ? -ENOMEM : -E2BIG;
	}
	*ret = (struct seccomp_key){w.bytes, w.used, hash_bytes(w.bytes, w.used)};
	return 0;
}

void seccomp_key_free(struct seccomp_key *key)
{
	free(key->bytes);
	*key = (struct seccomp_key){0};
}

/* ---- The directory ---------------------------------------------------------------------------------------- */

static bool ours(const struct stat *st)
{
	return st->st_uid == geteuid() && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* A descriptor, or -1. */
static int open_dir(int root_fd, bool create)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (create && mkdirat(root_fd, CACHE_DIR, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = openat(root_fd, CACHE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (!ours(&st)) {
		log_warning("seccomp cache " CACHE_DIR " is not used: others may write it");
		return -1;
	}
	return TAKE_FD(fd);
}

struct entry_name {
	char text[sizeof("0123456789abcdef")];
};

static struct entry_name name_of(const struct seccomp_key *key)
{
	struct entry_name name;

	snprintf(name.text, sizeof(name.text), "%016" PRIx64, key->hash);
	return name;
}

bool seccomp_cache_load(int root_fd, const struct seccomp_key *key, struct ocispec_arena *arena,
			struct plan_seccomp *ret)
{
	const size_t at = sizeof(struct entry) + padded(key->size);
	_cleanup_close_ int dir = open_dir(root_fd, false), fd = -1;
	const struct sock_filter *filter;
	const struct entry *entry;
	struct stat st;
	size_t size;
	char *bytes;

	if (dir < 0)
		return false;
	fd = openat(dir, name_of(key).text, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	if (!S_ISREG(st.st_mode) || !ours(&st) || st.st_size <= (off_t)at ||
	    st.st_size > (off_t)(at + BPF_MAXINSNS * sizeof(*filter)))
		return false;
	size = (size_t)st.st_size;
	bytes = ocispec_alloc(arena, size);
	if (!bytes || fd_read_all(fd, bytes, size) != (ssize_t)size)
		return false;
	entry = (const struct entry *)bytes;
	filter = (const struct sock_filter *)(bytes + at);
	if (entry->magic != ENTRY_MAGIC || entry->key_size != key->size ||
	    entry->len != (size - at) / sizeof(*filter) || (size - at) % sizeof(*filter) != 0 ||
	    memcmp(bytes + sizeof(*entry), key->bytes, key->size) != 0 ||
	    entry->checksum != hash_bytes(filter, size - at))
		return false;
	ret->filter = filter;
	ret->len = entry->len;
	return true;
}

/* Removes the oldest entry while there are as many as may be. Temporary files of crashed writers count as well. */
static void make_room(int dir_fd)
{
	for (int rounds = 0; rounds < SECCOMP_CACHE_MAX; rounds++) {
		_cleanup_closedir_ DIR *dir = NULL;
		char oldest[NAME_MAX + 1] = "";
		struct timespec oldest_time = {0};
		struct stat st;
		int n = 0;

		if (fd_open_directory(dir_fd, ".", &dir) < 0)
			return;
		for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
			if (d->d_name[0] == '.' || fstatat(dir_fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
				continue;
			n++;
			if (n == 1 || st.st_mtim.tv_sec < oldest_time.tv_sec ||
			    (st.st_mtim.tv_sec == oldest_time.tv_sec && st.st_mtim.tv_nsec < oldest_time.tv_nsec)) {
				snprintf(oldest, sizeof(oldest), "%s", d->d_name);
				oldest_time = st.st_mtim;
			}
		}
		if (n < SECCOMP_CACHE_MAX || unlinkat(dir_fd, oldest, 0) < 0)
			return;
	}
}

static int write_entry(int dir_fd, const char *name, const struct seccomp_key *key, const struct plan_seccomp *filter)
{
	const size_t program = filter->len * sizeof(*filter->filter);
	const size_t at = sizeof(struct entry) + padded(key->size), size = at + program;
	struct entry entry = {.magic = ENTRY_MAGIC,
			      .key_size = (uint32_t)key->size,
			      .len = filter->len,
			      .checksum = hash_bytes(filter->filter, program)};
	_cleanup_free_ char *bytes = calloc(1, size);
	_cleanup_close_ int fd = -1;

	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, &entry, sizeof(entry));
	memcpy(bytes + sizeof(entry), key->bytes, key->size);
	memcpy(bytes + at, filter->filter, program);
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	return fd_write_all(fd, bytes, size);
}

void seccomp_cache_store(int root_fd, const struct seccomp_key *key, const struct plan_seccomp *filter)
{
	_cleanup_close_ int dir = open_dir(root_fd, true);
	struct entry_name name = name_of(key);
	char temporary[64];
	uint64_t nonce;
	int r;

	if (dir < 0 || getrandom(&nonce, sizeof(nonce), GRND_NONBLOCK) != (ssize_t)sizeof(nonce))
		return;
	make_room(dir);
	snprintf(temporary, sizeof(temporary), "tmp-%016" PRIx64, nonce);
	r = write_entry(dir, temporary, key, filter);
	if (r == 0 && renameat(dir, temporary, dir, name.text) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir, temporary, 0);
		log_debug("seccomp cache: write %s/%s: %s", CACHE_DIR, name.text, errno_text(-r));
	}
}
