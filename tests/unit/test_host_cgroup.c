/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/cgroup against the kernel, as root, in a cgroup of its own (/turtle-test-PID): as the host has it mounted here,
 * and in test_host_cgroup_pure with cgroup2 alone at /sys/fs/cgroup. Skipped where there is no root or no cgroup2.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/sys.h"
#include "host/cgroup/internal.h"

#ifndef PURE_VIEW
#define PURE_VIEW 0
#endif

static char base[64];  /* "/turtle-test-PID" */
static struct err err; /* of the last call */
static bool usable;
static struct oci_device_cgroup *no_rules;

/* "BASE/NAME", in one of a few buffers. */
static const char *at(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
	return path;
}

static struct plan_cgroup plan_for(const char *path)
{
	return (struct plan_cgroup){.enabled = true, .path = path};
}

static int make(const char *path)
{
	struct plan_cgroup plan = plan_for(path);
	bool made;
	int fd;

	if (cgroup_create(&plan, &fd, &made, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(made);
	return fd;
}

static void make_only(const char *path)
{
	close(make(path));
}

/*
 * A cgroup with one below it, made as a container does it: without controllers in between, so that both can hold
 * processes.
 */
static void make_nested(const char *outer, const char *inner)
{
	make_only(outer);
	assert_int_equal(mkdirat(cgroup_root(), inner + 1, 0755), 0);
}

static bool exists(const char *path)
{
	int fd = cgroup_open(path, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void write_at(const char *path, const char *file, const char *value)
{
	_cleanup_close_ int fd = cgroup_open(path, &err);

	assert_true(fd >= 0);
	assert_int_equal(cgroup_write(fd, file, value), 0);
}

static void read_at(const char *path, const char *file, char *ret, size_t size)
{
	_cleanup_close_ int fd = cgroup_open(path, &err);

	assert_true(fd >= 0);
	assert_true(cgroup_read(fd, file, ret, size) >= 0);
}

/* A process born in the cgroup; 0 in the child. It dies with us. */
static pid_t fork_into(const char *path)
{
	_cleanup_close_ int fd = cgroup_open(path, &err);
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd};
	pid_t pid;

	assert_true(fd >= 0);
	fflush(NULL);
	pid = sys_clone3(&args);
	assert_true(pid >= 0);
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static pid_t sleeper(const char *path)
{
	pid_t pid = fork_into(path);

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

/* Which signal ended it; -1 when it exited. */
static int ended_by(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

static void freeze(const char *path)
{
	_cleanup_close_ int fd = cgroup_open(path, &err), events = -1;

	assert_true(fd >= 0);
	events = cgroup_openat(fd, "cgroup.events", O_RDONLY);
	assert_true(events >= 0);
	assert_int_equal(cgroup_write(fd, "cgroup.freeze", "1"), 0);
	assert_int_equal(cgroup_wait_event(events, "frozen", 1, cgroup_deadline(5000)), 0);
}

static void remove_now(const char *path)
{
	if (cgroup_remove(path, 5000, &err) < 0)
		fail_msg("%s", err.msg);
	assert_false(exists(path));
}

static int setup(void **state)
{
	struct plan_cgroup plan;
	bool made;
	int fd;

	if (geteuid() != 0)
		return 0;
	if (PURE_VIEW && (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
			  umount2("/sys/fs/cgroup", MNT_DETACH) < 0 ||
			  mount("cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0))
		return 0;
	snprintf(base, sizeof(base), "/turtle-test-%d", (int)getpid());
	plan = plan_for(base);
	if (cgroup_root() < 0 || cgroup_create(&plan, &fd, &made, &err) < 0)
		return 0;
	close(fd);
	usable = true;
	return 0;
}

static int teardown(void **state)
{
	if (usable && (cgroup_kill(base, &err) < 0 || cgroup_remove(base, 5000, &err) < 0))
		fprintf(stderr, "%s\n", err.msg);
	return 0;
}

/* Before each test. */
static int ready(void **state)
{
	err = (struct err){0};
	return 0;
}

#define NEEDS_CGROUP()          \
	do {                    \
		if (!usable)    \
			skip(); \
	} while (0)

static void test_mount_point(void **state)
{
	NEEDS_CGROUP();
	assert_non_null(cgroup_mount_point());
	if (PURE_VIEW)
		assert_string_equal(cgroup_mount_point(), "/sys/fs/cgroup");
}

static void test_missing_says_where(void **state)
{
	assert_int_equal(cgroup_missing(&err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "/sys/fs/cgroup/unified"));
	assert_null(strchr(err.msg, '\n'));
}

static void test_files_stay_below(void **state)
{
	_cleanup_close_ int fd = -1;

	NEEDS_CGROUP();
	fd = cgroup_open(base, &err);
	assert_int_equal(cgroup_openat(fd, "../cgroup.procs", O_RDONLY), -EXDEV);
	assert_int_equal(cgroup_openat(fd, "x/../../cgroup.procs", O_RDONLY) < 0, true);
	assert_int_equal(cgroup_openat(fd, "nothing", O_RDONLY), -ENOENT);
}

static void test_create_and_remove(void **state)
{
	const char *path;
	char type[32];

	NEEDS_CGROUP();
	path = at("one");
	make_only(path);
	assert_true(exists(path));
	assert_false(cgroup_is_populated(path));
	assert_false(cgroup_is_frozen(path));
	read_at(path, "cgroup.type", type, sizeof(type));
	assert_string_equal(type, "domain");
	remove_now(path);
	assert_int_equal(cgroup_remove(path, 0, &err), 0);
}

static void test_create_over_an_empty_one(void **state)
{
	struct plan_cgroup plan;
	bool made = true;
	int fd = -1;

	NEEDS_CGROUP();
	plan = plan_for(at("twice"));
	make_only(plan.path);
	assert_int_equal(cgroup_create(&plan, &fd, &made, &err), 0);
	assert_true(fd >= 0);
	assert_false(made);
	close(fd);
	remove_now(plan.path);
}

static void test_create_makes_parents(void **state)
{
	NEEDS_CGROUP();
	make_only(at("p/q/r"));
	assert_true(exists(at("p/q/r")));
	remove_now(at("p"));
}

static void refused(const char *path, int code, const char *message)
{
	struct plan_cgroup plan = plan_for(path);
	bool made = false;
	int fd = -7, r = cgroup_create(&plan, &fd, &made, &err);

	assert_int_equal(r, code);
	assert_int_equal(fd, -7);
	assert_non_null(strstr(err.msg, message));
}

static void test_create_refuses_processes(void **state)
{
	struct plan_cgroup plan;
	pid_t a, b;

	NEEDS_CGROUP();
	make_nested(at("full"), at("full/below"));
	a = sleeper(at("full"));
	b = sleeper(at("full/below"));
	refused(at("full"), -EBUSY, "container's cgroup is not empty: 2 process(es) found");
	plan = plan_for(at("full"));
	err = (struct err){0};
	assert_int_equal(cgroup_check(&plan, &err), -EBUSY);
	assert_string_equal(err.msg, "unable to apply cgroup configuration: container's cgroup is not empty: 2 "
				     "process(es) found");
	plan = plan_for(at("nothing"));
	assert_int_equal(cgroup_check(&plan, &err), 0);
	assert_false(exists(at("nothing")));
	/* It has done the others no harm. */
	assert_int_equal(waitpid(a, NULL, WNOHANG), 0);
	assert_true(cgroup_is_populated(at("full")));
	assert_int_equal(cgroup_kill(at("full"), &err), 0);
	assert_int_equal(ended_by(a), SIGKILL);
	assert_int_equal(ended_by(b), SIGKILL);
	remove_now(at("full"));
}

static void test_create_refuses_frozen(void **state)
{
	NEEDS_CGROUP();
	make_only(at("ice/cold"));
	freeze(at("ice/cold"));
	assert_true(cgroup_is_frozen(at("ice/cold")));
	refused(at("ice/cold"), -EBUSY, "container's cgroup unexpectedly frozen");
	assert_true(exists(at("ice/cold")));
	/* Below a frozen one nothing would run either; what was made for the try is gone again. */
	freeze(at("ice"));
	refused(at("ice/new/newer"), -EBUSY, "container's cgroup unexpectedly frozen");
	assert_false(exists(at("ice/new")));
	remove_now(at("ice"));
}

static void test_create_names_threaded(void **state)
{
	NEEDS_CGROUP();
	make_nested(at("thr"), at("thr/ead"));
	write_at(at("thr/ead"), "cgroup.type", "threaded");
	refused(at("thr/ead"), -EOPNOTSUPP, "is threaded");
	refused(at("thr/new"), -EOPNOTSUPP, "is in an invalid state (below a threaded cgroup)");
	assert_false(exists(at("thr/new")));
	remove_now(at("thr"));
}

static void test_missing_controller(void **state)
{
	struct plan_cgroup_write write = {
		.file = "nosuch.max", .value = "7", .controller = "nosuch", .property = "linux.resources.pids.limit"};
	struct plan_cgroup plan;
	char has[256], message[512];
	bool made;
	int fd;

	NEEDS_CGROUP();
	plan = plan_for(at("a/b/c"));
	plan.n_writes = 1;
	plan.writes = &write;
	plan.controllers = PLAN_CTRL_PIDS;
	assert_int_equal(cgroup_create(&plan, &fd, &made, &err), -ENOENT);
	read_at(base, "cgroup.controllers", has, sizeof(has));
	snprintf(message, sizeof(message),
		 "unable to apply cgroup configuration: linux.resources.pids.limit: the nosuch controller is not "
		 "available in cgroup %s/a/b/c (it has: %s)",
		 base, *has ? has : "none");
	assert_string_equal(err.msg, message);
	assert_false(exists(at("a")));

	write.property = "linux.resources.unified.nosuch.max";
	assert_int_equal(cgroup_create(&plan, &fd, &made, &err), -ENOENT);
	assert_non_null(
		strstr(err.msg, "unified resource \"nosuch.max\" can't be set: controller \"nosuch\" not available"));

	/* An unlimited value needs nobody. */
	write.optional = true;
	fd = make(at("a/b/c"));
	assert_int_equal(cgroup_apply(fd, &plan, &err), 0);
	close(fd);
	remove_now(at("a"));
}

/* A controller that the host has reaches a cgroup three levels down, and its limit can be read back. */
static void test_controllers_go_down(void **state)
{
	struct plan_cgroup_write write = {.property = "linux.resources.unified.test"};
	struct plan_cgroup plan;
	char has[256], text[64];
	bool made;
	int fd;

	NEEDS_CGROUP();
	read_at(base, "cgroup.controllers", has, sizeof(has));
	if (strstr(has, "pids")) {
		write.controller = "pids", write.file = "pids.max", write.value = "77";
	} else if (strstr(has, "hugetlb") && access("/sys/kernel/mm/hugepages/hugepages-2048kB", F_OK) == 0) {
		write.controller = "hugetlb", write.file = "hugetlb.2MB.max", write.value = "4194304";
	} else {
		skip();
	}
	plan = plan_for(at("x/y/z"));
	plan.n_writes = 1;
	plan.writes = &write;
	plan.controllers = PLAN_CTRL_PIDS;
	if (cgroup_create(&plan, &fd, &made, &err) < 0 || cgroup_apply(fd, &plan, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(cgroup_read(fd, write.file, text, sizeof(text)) > 0);
	assert_string_equal(text, write.value);
	close(fd);
	remove_now(at("x"));
}

static void test_apply_writes(void **state)
{
	struct plan_cgroup_write writes[] = {
		{.file = "no.first", .value = "1", .property = "p1", .optional = true},
		{.file = "no.bfq", .value = "1", .property = "p2"},
		{.file = "cgroup.max.depth", .value = "5", .property = "p2", .fallback = true},
		{.file = "cgroup.max.descendants", .value = "6", .property = "p3"},
		{.file = "cgroup.max.descendants", .value = "9", .property = "p3", .fallback = true},
		{.file = "cgroup.max.descendants", .value = "many", .property = "p4", .tentative = true},
	};
	struct plan_cgroup plan;
	char text[32];
	int fd;

	NEEDS_CGROUP();
	plan = plan_for(at("w"));
	plan.n_writes = ARRAY_SIZE(writes);
	plan.writes = writes;
	fd = make(plan.path);
	if (cgroup_apply(fd, &plan, &err) < 0)
		fail_msg("%s", err.msg);
	read_at(plan.path, "cgroup.max.depth", text, sizeof(text));
	assert_string_equal(text, "5");
	read_at(plan.path, "cgroup.max.descendants", text, sizeof(text));
	assert_string_equal(text, "6");

	writes[5].tentative = false;
	assert_int_equal(cgroup_apply(fd, &plan, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "p4: write \"many\" to cgroup.max.descendants of cgroup "));
	writes[2].file = "no.weight";
	assert_int_equal(cgroup_apply(fd, &plan, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "p2: open no.weight of cgroup "));
	close(fd);
	remove_now(plan.path);
}

static void test_apply_without_a_cgroup(void **state)
{
	struct plan_cgroup plan = {.enabled = true, .optional = true, .path = "/x", .has_devices = true};

	assert_int_equal(cgroup_apply(-1, &plan, &err), 0);
}

static void test_hand_over(void **state)
{
	struct plan_cgroup plan;
	struct stat st;
	int fd;

	NEEDS_CGROUP();
	plan = plan_for(at("mine"));
	plan.chown = true;
	plan.chown_uid = 65534;
	fd = make(plan.path);
	assert_int_equal(cgroup_apply(fd, &plan, &err), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 0);
	for (const char *const *f =
		     (const char *const[]){"cgroup.procs", "cgroup.subtree_control", "cgroup.threads", NULL};
	     *f; f++) {
		assert_int_equal(fstatat(fd, *f, &st, 0), 0);
		assert_int_equal(st.st_uid, 65534);
	}
	/* Limits stay the host's. */
	assert_int_equal(fstatat(fd, "cgroup.max.depth", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
	close(fd);
	remove_now(plan.path);
}

/* errno of opening a device from inside the cgroup, 0 when it works. */
static int open_inside(const char *path, const char *device, int flags)
{
	pid_t pid = fork_into(path);
	int status;

	if (pid == 0)
		_exit(open(device, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) < 0 ? errno : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static unsigned count_programs(int fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	assert_true(sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)) == 0 || errno == ENOSPC);
	return attr.query.prog_cnt;
}

static void test_device_program(void **state)
{
	struct oci_device_cgroup rules[] = {{false, "a", {false, 0}, {false, 0}, "rwm"},
					    {true, "c", {true, 1}, {true, 11}, "r"}};
	struct plan_cgroup plan;
	struct stat st;
	int fd;

	NEEDS_CGROUP();
	if (stat("/dev/kmsg", &st) < 0 || st.st_rdev != makedev(1, 11))
		skip();
	plan = plan_for(at("dev"));
	plan.has_devices = true;
	plan.device_rules = rules;
	fd = make(plan.path);
	assert_int_equal(open_inside(plan.path, "/dev/kmsg", O_RDONLY), 0);

	plan.n_device_rules = 1;
	if (cgroup_apply(fd, &plan, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(open_inside(plan.path, "/dev/kmsg", O_RDONLY), EPERM);
	assert_int_equal(open_inside(plan.path, "/dev/null", O_RDWR), 0);
	assert_int_equal(open_inside(plan.path, "/dev/urandom", O_RDONLY), 0);

	/* Again with another rule: the program is replaced, not joined by a second. */
	plan.n_device_rules = 2;
	assert_int_equal(cgroup_apply(fd, &plan, &err), 0);
	assert_int_equal(count_programs(fd), 1);
	assert_int_equal(open_inside(plan.path, "/dev/kmsg", O_RDONLY), 0);
	assert_int_equal(open_inside(plan.path, "/dev/kmsg", O_WRONLY), EPERM);

	/* No rules at all: denied; a rule for all: allowed. */
	plan.n_device_rules = 0;
	assert_int_equal(cgroup_apply(fd, &plan, &err), 0);
	assert_int_equal(open_inside(plan.path, "/dev/kmsg", O_RDONLY), EPERM);
	rules[0].allow = true;
	plan.n_device_rules = 1;
	assert_int_equal(cgroup_apply(fd, &plan, &err), 0);
	assert_int_equal(count_programs(fd), 1);
	assert_int_equal(open_inside(plan.path, "/dev/kmsg", O_WRONLY), 0);
	close(fd);
	remove_now(plan.path);
}

/* The kernel's verifier takes what the generator makes, whatever the rules are. */
static void test_verifier(void **state)
{
	struct oci_device_cgroup rules[60];
	int fd;

	NEEDS_CGROUP();
	fd = make(at("verify"));
	srand(4);
	for (int round = 0; round < 50; round++) {
		struct plan_cgroup plan = plan_for(at("verify"));

		for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
			rules[i] = (struct oci_device_cgroup){rand() % 2,
							      &"abc" [rand() % 3],
							      { rand() % 3, rand() % 4 - 1 },
							      {rand() % 3, rand() % 4 ? rand() : 4294967295},
							      &"rwmwr"[rand() % 5]};
		for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
			if (rules[i].type[0] != 'c')
				rules[i].type = rules[i].type[0] == 'a' ? "a" : "b";
		plan.has_devices = true;
		plan.n_device_rules = (size_t)rand() % ARRAY_SIZE(rules);
		plan.device_rules = plan.n_device_rules ? rules : no_rules;
		if (cgroup_apply(fd, &plan, &err) < 0)
			fail_msg("%s", err.msg);
	}
	assert_int_equal(count_programs(fd), 1);
	close(fd);
	remove_now(at("verify"));
}

static void kill_with(int (*kill_all)(const char *path), bool frozen)
{
	pid_t pids[4];

	make_nested(at("k"), at("k/l"));
	assert_int_equal(mkdirat(cgroup_root(), at("k/l/m") + 1, 0755), 0);
	pids[0] = sleeper(at("k"));
	pids[1] = sleeper(at("k"));
	pids[2] = sleeper(at("k/l"));
	pids[3] = sleeper(at("k/l/m"));
	assert_true(cgroup_is_populated(at("k")));
	if (frozen)
		freeze(at("k/l"));
	if (kill_all(at("k")) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		assert_int_equal(ended_by(pids[i]), SIGKILL);
	remove_now(at("k"));
}

static int kill_by_file(const char *path)
{
	return cgroup_kill(path, &err);
}

static int kill_one_by_one(const char *path)
{
	_cleanup_close_ int fd = cgroup_open(path, &err);
	int r = cgroup_kill_each(fd, path, &err);

	assert_false(cgroup_is_frozen(path));
	return r;
}

static int kill_by_signal(const char *path)
{
	return cgroup_signal(path, SIGKILL, &err);
}

static void test_kill(void **state)
{
	NEEDS_CGROUP();
	kill_with(kill_by_file, false);
	kill_with(kill_by_file, true);
	kill_with(kill_by_signal, false);
}

static void test_kill_before_linux_5_14(void **state)
{
	NEEDS_CGROUP();
	kill_with(kill_one_by_one, false);
	kill_with(kill_one_by_one, true);
}

/*
 * Every process forks as fast as it can. All of them share one allowance, so that a cgroup_kill() that does not work
 * costs a failed test and not the machine.
 */
static __attribute__((noreturn)) void fork_bomb(atomic_int *allowance)
{
	signal(SIGCHLD, SIG_IGN);
	while (atomic_fetch_sub(allowance, 1) > 0)
		if (fork() == 0)
			for (int i = 0; i < 20 && atomic_fetch_sub(allowance, 1) > 0; i++)
				if (fork() > 0)
					_exit(0);
	sleep(10);
	_exit(0);
}

/* One by one only works because of the freezer. */
static void test_kill_fork_bomb(void **state)
{
	atomic_int *allowance =
		mmap(NULL, sizeof(*allowance), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	NEEDS_CGROUP();
	assert_true(allowance != MAP_FAILED);
	atomic_init(allowance, 5000);
	make_only(at("bomb"));
	pid = fork_into(at("bomb"));
	if (pid == 0)
		fork_bomb(allowance);
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	if (kill_one_by_one(at("bomb")) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(ended_by(pid), SIGKILL);
	remove_now(at("bomb"));
	munmap(allowance, sizeof(*allowance));
}

static void test_signal(void **state)
{
	pid_t a, b, outside;

	NEEDS_CGROUP();
	make_nested(at("s"), at("s/t"));
	make_only(at("other"));
	a = sleeper(at("s"));
	b = sleeper(at("s/t"));
	outside = sleeper(at("other"));
	assert_int_equal(cgroup_signal(at("s"), SIGUSR1, &err), 0);
	assert_int_equal(ended_by(a), SIGUSR1);
	assert_int_equal(ended_by(b), SIGUSR1);
	assert_int_equal(waitpid(outside, NULL, WNOHANG), 0);
	kill(outside, SIGKILL);
	ended_by(outside);
	remove_now(at("s"));
	remove_now(at("other"));
}

/* More than fit in one batch. */
static void test_signal_many(void **state)
{
	pid_t pids[150];

	NEEDS_CGROUP();
	make_only(at("many"));
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = sleeper(at("many"));
	assert_int_equal(cgroup_signal(at("many"), SIGTERM, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		assert_int_equal(ended_by(pids[i]), SIGTERM);
	remove_now(at("many"));
}

static void test_gone_is_no_error(void **state)
{
	NEEDS_CGROUP();
	assert_int_equal(cgroup_kill(at("never"), &err), 0);
	assert_int_equal(cgroup_signal(at("never"), SIGTERM, &err), 0);
	assert_int_equal(cgroup_remove(at("never"), 0, &err), 0);
	assert_int_equal(cgroup_remove(at("never/ever"), 0, &err), 0);
	assert_false(cgroup_is_frozen(at("never")));
	assert_false(cgroup_is_populated(at("never")));
	assert_int_equal(cgroup_open(at("never"), &err), -ENOENT);
	assert_int_equal(err.code, -ENOENT);
}

static void test_remove_refuses_the_root(void **state)
{
	assert_int_equal(cgroup_remove("/", 0, &err), -EINVAL);
	assert_int_equal(cgroup_remove("", 0, &err), -EINVAL);
	assert_int_equal(cgroup_remove("/..", 0, &err), -EINVAL);
}

static void test_remove_waits(void **state)
{
	struct timespec before, after;
	pid_t pid;

	NEEDS_CGROUP();
	make_only(at("wait/below"));
	pid = fork_into(at("wait/below"));
	if (pid == 0) {
		nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
		_exit(0);
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	remove_now(at("wait"));
	clock_gettime(CLOCK_MONOTONIC, &after);
	/* It ended as soon as the process did, not by the clock. */
	assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < 2000);
	assert_int_equal(ended_by(pid), -1);
}

static void leave(int sig)
{
	_exit(0);
}

static void test_remove_thaws(void **state)
{
	pid_t pid;

	NEEDS_CGROUP();
	make_only(at("thaw/below"));
	signal(SIGUSR2, leave);
	pid = sleeper(at("thaw/below"));
	signal(SIGUSR2, SIG_DFL);
	freeze(at("thaw/below"));
	/* Frozen, it would never get to its handler. */
	kill(pid, SIGUSR2);
	remove_now(at("thaw"));
	assert_int_equal(ended_by(pid), -1);
}

static void test_remove_names_who_stays(void **state)
{
	char expected[128];
	pid_t pid;

	NEEDS_CGROUP();
	make_only(at("stay/here"));
	pid = fork_into(at("stay/here"));
	if (pid == 0) {
		prctl(PR_SET_NAME, "a (b) c");
		for (;;)
			pause();
	}
	/* Until it has its name and sleeps. */
	freeze(at("stay"));
	write_at(at("stay"), "cgroup.freeze", "0");
	nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	assert_int_equal(cgroup_remove(at("stay"), 30, &err), -ETIMEDOUT);
	snprintf(expected, sizeof(expected), "/stay: process %d (a (b) c) in state S is still there after 30 ms",
		 (int)pid);
	assert_non_null(strstr(err.msg, expected));
	/* Nothing was lost: it works once the process is gone. */
	assert_true(exists(at("stay/here")));
	assert_int_equal(cgroup_kill(at("stay"), &err), 0);
	remove_now(at("stay"));
	ended_by(pid);
}

/* Deeper than there are descriptors, and wide. */
static void test_remove_deep_and_wide(void **state)
{
	struct rlimit old, few = {.rlim_cur = 40, .rlim_max = 40};
	int fd;

	NEEDS_CGROUP();
	fd = make(at("deep"));
	for (int i = 0; i < 120; i++) {
		int next;

		if (i % 40 == 0)
			for (int j = 0; j < 30; j++) {
				char name[16];

				snprintf(name, sizeof(name), "wide%d", j);
				assert_int_equal(mkdirat(fd, name, 0755), 0);
			}
		assert_int_equal(mkdirat(fd, "d", 0755), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	remove_now(at("deep"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

static void test_own_path(void **state)
{
	int pipes[2], status;
	char text[256] = "";
	pid_t pid;

	NEEDS_CGROUP();
	make_only(at("self"));
	assert_int_equal(pipe(pipes), 0);
	pid = fork_into(at("self"));
	if (pid == 0) {
		char *own = NULL;

		if (cgroup_own_path(&own, &err) < 0)
			_exit(1);
		_exit(write(pipes[1], own, strlen(own)) < 0);
	}
	close(pipes[1]);
	assert_true(read(pipes[0], text, sizeof(text) - 1) > 0);
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_string_equal(text, at("self"));
	remove_now(at("self"));
}

/* cgroup_create() as nobody; the result and the message come back. */
static int create_as_nobody(const struct plan_cgroup *plan, int *ret_fd, struct err *ret)
{
	struct {
		int r, fd;
		struct err err;
	} answer = {0};
	int pipes[2];
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		bool made;

		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(1);
		answer.fd = -7;
		answer.r = cgroup_create(plan, &answer.fd, &made, &answer.err);
		_exit(write(pipes[1], &answer, sizeof(answer)) != sizeof(answer));
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &answer, sizeof(answer)), sizeof(answer));
	close(pipes[0]);
	assert_int_equal(ended_by(pid), -1);
	*ret_fd = answer.fd;
	*ret = answer.err;
	return answer.r;
}

static void test_no_permission(void **state)
{
	struct plan_cgroup plan;
	char message[512];
	int fd;

	NEEDS_CGROUP();
	plan = plan_for(at("nobody"));
	plan.optional = plan.rootless = true;
	assert_int_equal(create_as_nobody(&plan, &fd, &err), 0);
	assert_int_equal(fd, -1);
	assert_int_equal(err.code, 0);

	plan.optional = false;
	assert_int_equal(create_as_nobody(&plan, &fd, &err), -EACCES);
	snprintf(message, sizeof(message),
		 "unable to apply cgroup configuration: rootless needs no limits + no cgrouppath when no permission "
		 "is granted for cgroups: create cgroup %s/nobody: Permission denied (--systemd-cgroup asks the user's "
		 "systemd for a cgroup that it may limit)",
		 base);
	assert_string_equal(err.msg, message);

	plan.rootless = false;
	assert_int_equal(create_as_nobody(&plan, &fd, &err), -EACCES);
	snprintf(message, sizeof(message),
		 "unable to apply cgroup configuration: create cgroup %s/nobody: Permission denied", base);
	assert_string_equal(err.msg, message);
	assert_false(exists(at("nobody")));

	/* One of that name that belongs to somebody else, with a container in it or not. */
	make_only(plan.path);
	plan.unprivileged = true;
	assert_int_equal(create_as_nobody(&plan, &fd, &err), -EACCES);
	assert_non_null(strstr(err.msg, "unable to apply cgroup configuration: enter cgroup "));
	plan.optional = plan.rootless = true;
	assert_int_equal(create_as_nobody(&plan, &fd, &err), 0);
	assert_int_equal(fd, -1);
	remove_now(plan.path);
}

static void test_no_oom(void **state)
{
	char limit[32] = "untouched";
	int fd;

	NEEDS_CGROUP();
	fd = make(at("oom"));
	assert_int_equal(cgroup_oom_kills(fd, limit, sizeof(limit)), 0);
	assert_string_equal(limit, "untouched");
	assert_int_equal(cgroup_oom_kills(-1, limit, sizeof(limit)), 0);
	close(fd);
	remove_now(at("oom"));
}

static void test_words_and_keys(void **state)
{
	assert_true(cgroup_has_word("cpu io pids", "io", 2));
	assert_true(cgroup_has_word("cpu io pids", "pids", 4));
	assert_false(cgroup_has_word("cpuset", "cpu", 3));
	assert_false(cgroup_has_word("cpu", "cpuset", 6));
	assert_false(cgroup_has_word("", "cpu", 3));
	assert_int_equal(cgroup_key("populated 0\nfrozen 1", "frozen"), 1);
	assert_int_equal(cgroup_key("populated 0\nfrozen 1", "populated"), 0);
	assert_int_equal(cgroup_key("oom 3\noom_kill 2\n", "oom_kill"), 2);
	assert_int_equal(cgroup_key("oom_kill 2\n", "oom"), -1);
	assert_int_equal(cgroup_key("", "oom"), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, ready)
		TEST(test_words_and_keys),
		TEST(test_mount_point),
		TEST(test_missing_says_where),
		TEST(test_files_stay_below),
		TEST(test_create_and_remove),
		TEST(test_create_over_an_empty_one),
		TEST(test_create_makes_parents),
		TEST(test_create_refuses_processes),
		TEST(test_create_refuses_frozen),
		TEST(test_create_names_threaded),
		TEST(test_missing_controller),
		TEST(test_controllers_go_down),
		TEST(test_apply_writes),
		TEST(test_apply_without_a_cgroup),
		TEST(test_hand_over),
		TEST(test_device_program),
		TEST(test_verifier),
		TEST(test_kill),
		TEST(test_kill_before_linux_5_14),
		TEST(test_kill_fork_bomb),
		TEST(test_signal),
		TEST(test_signal_many),
		TEST(test_gone_is_no_error),
		TEST(test_remove_refuses_the_root),
		TEST(test_remove_waits),
		TEST(test_remove_thaws),
		TEST(test_remove_names_who_stays),
		TEST(test_remove_deep_and_wide),
		TEST(test_own_path),
		TEST(test_no_permission),
		TEST(test_no_oom),
	};

	return cmocka_run_group_tests_name(PURE_VIEW ? "cgroup, pure" : "cgroup", tests, setup, teardown);
}
