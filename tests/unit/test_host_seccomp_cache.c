/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of compiled seccomp filters: a hit is the same program, and nothing that is damaged, foreign or not a file
 * of ours is ever taken for one. Whether a hit was a hit is seen by planting a program that no compiler makes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/mem.h"
#include "host/seccomp.h"
#include "host/seccomp_cache.h"

#define DIRECTORY "@seccomp"

struct fixture {
	char root[64];
	int root_fd, dir_fd; /* dir_fd after the first use */
	struct ocispec_arena *arena;
	struct seccomp_key key;
	char file[32];
};

static const char *denied[] = {"mount", "reboot", "umount2"};
static const char *archs[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"};
static struct oci_seccomp_arg arg = {.index = 0, .value = 8, .op = "SCMP_CMP_EQ"};
static const char *conditional[] = {"personality"};
static struct oci_seccomp_rule rules[] = {
	{.n_names = 3, .names = denied, .action = "SCMP_ACT_ERRNO", .errno_ret = {true, 38}},
	{.n_names = 1, .names = conditional, .action = "SCMP_ACT_LOG", .n_args = 1, .args = &arg},
};
static const struct oci_seccomp profile = {.default_action = "SCMP_ACT_ALLOW",
					   .n_architectures = 2,
					   .architectures = archs,
					   .n_syscalls = 2,
					   .syscalls = rules};

/* Refuses everything: nothing that the profile could become. */
static const struct sock_filter planted[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS}};
static const struct plan_seccomp planted_filter = {.filter = planted, .len = 1};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->root, sizeof(f->root), "/tmp/turtle-unit-XXXXXX");
	assert_non_null(mkdtemp(f->root));
	f->root_fd = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->root_fd >= 0);
	f->dir_fd = -1;
	f->arena = ocispec_arena_new();
	assert_int_equal(seccomp_key_make(&profile, &f->key), 0);
	snprintf(f->file, sizeof(f->file), "%016llx", (unsigned long long)f->key.hash);
	*state = f;
	return 0;
}

static void remove_all(int fd)
{
	_cleanup_closedir_ DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	assert_non_null(dir);
	for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, d->d_name, 0) < 0) {
			int sub = openat(fd, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			assert_true(sub >= 0);
			remove_all(sub);
			close(sub);
			assert_int_equal(unlinkat(fd, d->d_name, AT_REMOVEDIR), 0);
		}
	}
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	remove_all(f->root_fd);
	cleanup_close(&f->root_fd);
	cleanup_close(&f->dir_fd);
	assert_int_equal(rmdir(f->root), 0);
	seccomp_key_free(&f->key);
	ocispec_arena_free(f->arena);
	free(f);
	return 0;
}

static struct plan_seccomp get(struct fixture *f)
{
	struct plan_seccomp out = {0};
	struct err err = {0};

	if (seccomp_filter(&profile, f->root_fd, f->arena, &out, &err) < 0)
		fail_msg("%s", err.msg);
	if (f->dir_fd < 0)
		f->dir_fd = openat(f->root_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return out;
}

static struct plan_seccomp compiled(struct fixture *f)
{
	struct plan_seccomp out = {0};
	struct err err = {0};

	assert_int_equal(seccomp_filter(&profile, -1, f->arena, &out, &err), 0);
	return out;
}

static void assert_same(const struct plan_seccomp *a, const struct plan_seccomp *b)
{
	assert_int_equal(a->len, b->len);
	assert_int_equal(a->flags, b->flags);
	assert_memory_equal(a->filter, b->filter, a->len * sizeof(*a->filter));
}

static bool is_planted(const struct plan_seccomp *p)
{
	return p->len == 1 && memcmp(p->filter, planted, sizeof(planted)) == 0;
}

/* The cache holds the planted program for our profile. */
static void plant(struct fixture *f)
{
	struct plan_seccomp out;

	seccomp_cache_store(f->root_fd, &f->key, &planted_filter);
	out = get(f);
	assert_true(is_planted(&out));
}

/* After damage: the right program comes out, and then out of the cache again. */
static void assert_recovers(struct fixture *f)
{
	struct plan_seccomp fresh = compiled(f), out = get(f);

	assert_same(&out, &fresh);
	plant(f);
}

/* As above where the cache stays unusable. */
static void assert_not_used(struct fixture *f)
{
	struct plan_seccomp fresh = compiled(f), out = get(f);

	assert_same(&out, &fresh);
	out = get(f);
	assert_same(&out, &fresh);
}

static size_t entries(struct fixture *f)
{
	_cleanup_closedir_ DIR *dir = fdopendir(openat(f->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	size_t n = 0;

	assert_non_null(dir);
	for (struct dirent *d = readdir(dir); d; d = readdir(dir))
		n += d->d_name[0] != '.';
	return n;
}

/* ---- Hits ------------------------------------------------------------------------------------------------- */

static void test_hit_equals_miss(void **state)
{
	struct fixture *f = *state;
	struct plan_seccomp fresh = compiled(f), miss = get(f), hit = get(f);

	assert_same(&miss, &fresh);
	assert_same(&hit, &fresh);
	assert_int_equal(entries(f), 1);
}

static void test_hit_is_read(void **state)
{
	plant(*state);
}

static void test_modes(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	get(f);
	assert_int_equal(fstat(f->dir_fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(f->dir_fd, f->file, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* The flags are no part of the program: they come from the profile at hand. */
static void test_flags(void **state)
{
	struct fixture *f = *state;
	static const char *none[] = {NULL};
	struct oci_seccomp other = profile;
	struct plan_seccomp out;
	struct err err;

	plant(f);
	other.flags = none;
	assert_int_equal(seccomp_filter(&other, f->root_fd, f->arena, &out, &err), 0);
	assert_true(is_planted(&out));
	assert_int_equal(out.flags, 0);
	assert_int_equal(seccomp_filter(&profile, f->root_fd, f->arena, &out, &err), 0);
	assert_int_equal(out.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

static void test_without_root(void **state)
{
	struct fixture *f = *state;
	struct plan_seccomp out;
	struct err err;

	plant(f);
	assert_int_equal(seccomp_filter(&profile, -1, f->arena, &out, &err), 0);
	assert_false(is_planted(&out));
}

/* ---- Keys ------------------------------------------------------------------------------------------------- */

static void assert_other_key(struct fixture *f, const struct oci_seccomp *other)
{
	struct seccomp_key key = {0};

	assert_int_equal(seccomp_key_make(other, &key), 0);
	assert_true(key.hash != f->key.hash);
	assert_false(key.size == f->key.size && memcmp(key.bytes, f->key.bytes, key.size) == 0);
	seccomp_key_free(&key);
}

static void test_every_field_counts(void **state)
{
	struct fixture *f = *state;
	struct oci_seccomp p = profile;
	struct oci_seccomp_rule r[2];
	struct oci_seccomp_arg a = arg;

	p.default_action = "SCMP_ACT_LOG";
	assert_other_key(f, &p);
	p = profile;
	p.default_errno_ret = (struct oci_opt_u32){true, 0};
	assert_other_key(f, &p);
	p = profile;
	p.n_architectures = 1;
	assert_other_key(f, &p);
	p = profile;
	p.n_syscalls = 1;
	assert_other_key(f, &p);
	p.n_syscalls = 2;
	p.syscalls = r;
#define WITH(change)                         \
	do {                                 \
		memcpy(r, rules, sizeof(r)); \
		a = arg;                     \
		r[1].args = &a;              \
		change;                      \
		assert_other_key(f, &p);     \
	} while (0)
	WITH(r[0].n_names = 2);
	WITH(r[0].names = denied + 1; r[0].n_names = 2);
	WITH(r[0].action = "SCMP_ACT_TRACE");
	WITH(r[0].errno_ret.value = 1);
	WITH(r[0].errno_ret.set = false);
	WITH(r[1].n_args = 0);
	WITH(a.index = 1);
	WITH(a.value = 9);
	WITH(a.value_two = 1);
	WITH(a.op = "SCMP_CMP_NE");
}

/* Where one string ends must count, not only which letters there are. */
static void test_boundaries_count(void **state)
{
	const char *one[] = {"ab", "c"}, *two[] = {"a", "bc"};
	struct oci_seccomp_rule r1 = {.n_names = 2, .names = one, .action = "SCMP_ACT_LOG"};
	struct oci_seccomp_rule r2 = {.n_names = 2, .names = two, .action = "SCMP_ACT_LOG"};
	struct oci_seccomp p1 = {.default_action = "SCMP_ACT_ALLOW", .n_syscalls = 1, .syscalls = &r1};
	struct oci_seccomp p2 = {.default_action = "SCMP_ACT_ALLOW", .n_syscalls = 1, .syscalls = &r2};
	struct seccomp_key k1 = {0}, k2 = {0};

	assert_int_equal(seccomp_key_make(&p1, &k1), 0);
	assert_int_equal(seccomp_key_make(&p2, &k2), 0);
	assert_true(k1.hash != k2.hash);
	seccomp_key_free(&k1);
	seccomp_key_free(&k2);
}

/* As if two profiles had one hash: the file of one in the place of the other. */
static void test_collision(void **state)
{
	struct fixture *f = *state;
	struct oci_seccomp other = profile;
	struct seccomp_key key = {0};
	char name[32];

	other.default_errno_ret = (struct oci_opt_u32){true, 7};
	assert_int_equal(seccomp_key_make(&other, &key), 0);
	assert_int_equal(key.size, f->key.size);
	snprintf(name, sizeof(name), "%016llx", (unsigned long long)key.hash);
	seccomp_cache_store(f->root_fd, &key, &planted_filter);
	seccomp_key_free(&key);
	get(f);
	assert_int_equal(renameat(f->dir_fd, name, f->dir_fd, f->file), 0);
	assert_recovers(f);
}

static void test_large_profile_is_not_kept(void **state)
{
	struct fixture *f = *state;
	size_t n = 20000;
	const char **names = calloc(n, sizeof(*names));
	struct oci_seccomp_rule r = {.n_names = n, .names = names, .action = "SCMP_ACT_LOG"};
	struct oci_seccomp p = {.default_action = "SCMP_ACT_ALLOW", .n_syscalls = 1, .syscalls = &r};
	struct plan_seccomp out;
	struct err err;

	assert_non_null(names);
	for (size_t i = 0; i < n; i++)
		names[i] = "a_system_call_that_nobody_has_ever_heard_of";
	assert_int_equal(seccomp_filter(&p, f->root_fd, f->arena, &out, &err), 0);
	assert_int_equal(faccessat(f->root_fd, DIRECTORY, F_OK, 0), -1);
	free(names);
}

/* ---- Damage ----------------------------------------------------------------------------------------------- */

struct damage {
	const char *name;
	enum { FLIP, CUT, GROW, ZERO, GARBAGE } kind;
	long at; /* from the start, or from the end when negative */
};

static const struct damage damages[] = {
	{"a bit in the magic number", FLIP, 0},
	{"a bit in the key's length", FLIP, 4},
	{"a bit in the program's length", FLIP, 8},
	{"a bit in the checksum", FLIP, 16},
	{"a bit in the key", FLIP, 40},
	{"a bit in the last instruction", FLIP, -1},
	{"a bit in the first instruction", FLIP, -8},
	{"one byte short", CUT, -1},
	{"one instruction short", CUT, -8},
	{"only the header", CUT, 24},
	{"half a header", CUT, 12},
	{"an empty file", CUT, 0},
	{"one byte more", GROW, 1},
	{"one instruction more", GROW, 8},
	{"a megabyte more", GROW, 1 << 20},
	{"all zeros", ZERO, 0},
	{"garbage", GARBAGE, 0},
};

static void test_damage(void **state)
{
	const struct damage *d = *state;
	struct fixture *f;
	struct stat st;
	off_t at;
	char byte;
	int fd;

	setup(state);
	f = *state;
	plant(f);
	fd = openat(f->dir_fd, f->file, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	at = d->at < 0 ? st.st_size + d->at : d->at;
	switch (d->kind) {
	case FLIP:
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		break;
	case CUT:
		assert_int_equal(ftruncate(fd, at), 0);
		break;
	case GROW:
		assert_int_equal(ftruncate(fd, st.st_size + at), 0);
		break;
	case ZERO:
	case GARBAGE:
		byte = d->kind == ZERO ? 0 : '\xa5';
		for (off_t i = 0; i < st.st_size; i++)
			assert_int_equal(pwrite(fd, &byte, 1, i), 1);
		break;
	}
	close(fd);
	assert_recovers(f);
	teardown(state);
}

/* ---- Things that are not ours ----------------------------------------------------------------------------- */

static void test_writable_entry(void **state)
{
	struct fixture *f = *state;

	plant(f);
	assert_int_equal(fchmodat(f->dir_fd, f->file, 0620, 0), 0);
	assert_recovers(f);
	assert_int_equal(fchmodat(f->dir_fd, f->file, 0602, 0), 0);
	assert_recovers(f);
}

static void test_foreign_entry(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	plant(f);
	assert_int_equal(fchownat(f->dir_fd, f->file, 12345, 12345, 0), 0);
	assert_recovers(f);
}

static void test_symlink_entry(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	plant(f);
	assert_int_equal(renameat(f->dir_fd, f->file, f->root_fd, "elsewhere"), 0);
	assert_int_equal(symlinkat("../elsewhere", f->dir_fd, f->file), 0);
	assert_recovers(f);
	assert_int_equal(fstatat(f->dir_fd, f->file, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
}

/* Must not wait for a writer. */
static void test_fifo_entry(void **state)
{
	struct fixture *f = *state;

	get(f);
	assert_int_equal(unlinkat(f->dir_fd, f->file, 0), 0);
	assert_int_equal(mkfifoat(f->dir_fd, f->file, 0600), 0);
	alarm(10);
	assert_recovers(f);
	alarm(0);
}

static void test_directory_entry(void **state)
{
	struct fixture *f = *state;

	get(f);
	assert_int_equal(unlinkat(f->dir_fd, f->file, 0), 0);
	assert_int_equal(mkdirat(f->dir_fd, f->file, 0700), 0);
	assert_not_used(f);
	/* and what was to be put there has not stayed behind */
	assert_int_equal(entries(f), 1);
}

static void test_writable_directory(void **state)
{
	struct fixture *f = *state;

	plant(f);
	assert_int_equal(fchmod(f->dir_fd, 0777), 0);
	assert_not_used(f);
	assert_int_equal(fchmod(f->dir_fd, 0700), 0);
	plant(f);
}

static void test_foreign_directory(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	plant(f);
	assert_int_equal(fchown(f->dir_fd, 12345, 12345), 0);
	assert_not_used(f);
}

static void test_symlink_directory(void **state)
{
	struct fixture *f = *state;

	plant(f);
	assert_int_equal(renameat(f->root_fd, DIRECTORY, f->root_fd, "elsewhere"), 0);
	assert_int_equal(symlinkat("elsewhere", f->root_fd, DIRECTORY), 0);
	assert_not_used(f);
}

static void test_file_for_directory(void **state)
{
	struct fixture *f = *state;
	int fd = openat(f->root_fd, DIRECTORY, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_not_used(f);
}

/* ---- Growth and company ------------------------------------------------------------------------------------ */

static void test_bounded(void **state)
{
	struct fixture *f = *state;
	struct oci_seccomp other = profile;
	struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	plant(f);
	/* A left-over of a crash, older than all. */
	assert_int_equal(mkfifoat(f->dir_fd, "tmp-0", 0600), 0);
	assert_int_equal(utimensat(f->dir_fd, "tmp-0", old, AT_SYMLINK_NOFOLLOW), 0);
	for (uint32_t i = 0; i < SECCOMP_CACHE_MAX + 10; i++) {
		struct seccomp_key key = {0};

		other.default_errno_ret = (struct oci_opt_u32){true, i};
		assert_int_equal(seccomp_key_make(&other, &key), 0);
		seccomp_cache_store(f->root_fd, &key, &planted_filter);
		seccomp_key_free(&key);
		assert_in_range(entries(f), 1, SECCOMP_CACHE_MAX);
	}
	assert_int_equal(entries(f), SECCOMP_CACHE_MAX);
	/* The oldest went: the left-over, and our profile. The last one stayed. */
	assert_int_equal(faccessat(f->dir_fd, "tmp-0", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(faccessat(f->dir_fd, f->file, F_OK, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(seccomp_filter(&other, f->root_fd, f->arena, &(struct plan_seccomp){0}, NULL), 0);
	assert_int_equal(entries(f), SECCOMP_CACHE_MAX);
}

static void test_many_at_once(void **state)
{
	struct fixture *f = *state;
	struct plan_seccomp fresh = compiled(f);
	pid_t pids[8];

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			for (int round = 0; round < 20; round++) {
				struct plan_seccomp out = {0};

				if (seccomp_filter(&profile, f->root_fd, f->arena, &out, NULL) < 0 ||
				    out.len != fresh.len ||
				    memcmp(out.filter, fresh.filter, out.len * sizeof(*out.filter)) != 0)
					_exit(1);
				seccomp_cache_store(f->root_fd, &f->key, &out);
			}
			_exit(0);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	get(f);
	assert_int_equal(entries(f), 1);
}

int main(void)
{
	static struct CMUnitTest tests[64];
	size_t n = 0;

#define ADD(title, func)                  \
	tests[n++] = (struct CMUnitTest){ \
		.name = (title), .test_func = (func), .setup_func = setup, .teardown_func = teardown}

	ADD("a hit equals a miss", test_hit_equals_miss);
	ADD("a hit is read from the cache", test_hit_is_read);
	ADD("directory and entry are private", test_modes);
	ADD("flags are not cached", test_flags);
	ADD("no root, no cache", test_without_root);
	ADD("every field of a profile counts", test_every_field_counts);
	ADD("the ends of strings count", test_boundaries_count);
	ADD("another profile's entry under our hash", test_collision);
	ADD("a huge profile is not kept", test_large_profile_is_not_kept);
	ADD("an entry that others may write", test_writable_entry);
	ADD("an entry of somebody else", test_foreign_entry);
	ADD("a symlink for an entry", test_symlink_entry);
	ADD("a fifo for an entry", test_fifo_entry);
	ADD("a directory for an entry", test_directory_entry);
	ADD("a directory that others may write", test_writable_directory);
	ADD("a directory of somebody else", test_foreign_directory);
	ADD("a symlink for the directory", test_symlink_directory);
	ADD("a file for the directory", test_file_for_directory);
	ADD("it does not grow without bound", test_bounded);
	ADD("many at once", test_many_at_once);
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++)
		tests[n++] = (struct CMUnitTest){
			.name = damages[i].name, .test_func = test_damage, .initial_state = (void *)&damages[i]};
	return _cmocka_run_group_tests("host seccomp cache", tests, n, NULL, NULL);
}
