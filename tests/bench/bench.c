/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stop-watch: runs command sequences in interleaved rounds and writes one line per timed command.
 *
 * usage: bench ROUNDS WARMUP PLAN SAMPLES
 *
 * PLAN has one step per line, fields separated by tabs: KIND SERIES STEP ARGUMENT...
 *
 *	setup, teardown	a command, once before and once after all rounds
 *	timed		a command of each round, from just before its spawn to the return of wait4
 *	await		ARGUMENT is a pid file: wait, unmeasured, until that process has ended. The driver is a
 *subreaper, so it stands where an engine's monitor stands, and a container has one that collects it.
 *
 * SAMPLES gets, also tab-separated: SERIES STEP ROUND NANOSECONDS MAXRSS-KIB; warm-up rounds have negative numbers. A
 *series whose command fails is dropped from there on and noted as `SERIES STEP failed STATUS`.
 *
 * In each round every series runs once, in an order shuffled anew: the kernel tears namespaces down in the background,
 *and a fixed order would let each series pay for the same predecessor. The shuffle has a fixed seed, so two runs see
 *the same orders.
 *
 * Commands get /dev/null as standard input and output and keep the driver's standard error. Spawning is vfork and exec,
 *whose cost does not depend on the driver.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_STEPS = 256, MAX_SERIES = 64, MAX_ARGS = 32 };

enum kind { SETUP, TIMED, AWAIT, TEARDOWN };

struct step {
	enum kind kind;
	size_t series;
	char *name;
	char *argv[MAX_ARGS];
};

static struct step steps[MAX_STEPS];
static size_t n_steps;
static struct {
	char *name;
	bool failed;
} series[MAX_SERIES];
static size_t n_series;
static posix_spawn_file_actions_t null_io;
static FILE *samples;

static _Noreturn void die(const char *what, const char *object)
{
	fprintf(stderr, "bench: %s %s: %s\n", what, object, strerror(errno));
	exit(1);
}

static _Noreturn void bad_plan(const char *why, const char *object)
{
	fprintf(stderr, "bench: plan: %s: %s\n", why, object);
	exit(1);
}

static size_t find_series(char *name)
{
	for (size_t i = 0; i < n_series; i++)
		if (strcmp(series[i].name, name) == 0)
			return i;
	if (n_series == MAX_SERIES)
		bad_plan("too many series", name);
	series[n_series].name = name;
	return n_series++;
}

static enum kind find_kind(const char *name)
{
	static const char *const kinds[] = {
		[SETUP] = "setup", [TIMED] = "timed", [AWAIT] = "await", [TEARDOWN] = "teardown"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], name) == 0)
			return (enum kind)i;
	bad_plan("unknown kind", name);
}

/* The lines live as long as the program: steps point into them. */
static void read_plan(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!f)
		die("open", path);
	while (getline(&line, &size, f) > 0) {
		struct step *s = &steps[n_steps];
		char *field[MAX_ARGS + 3], *rest = line, *word;
		size_t n = 0;

		line[strcspn(line, "\n")] = '\0';
		while ((word = strsep(&rest, "\t"))) {
			if (n == MAX_ARGS + 2)
				bad_plan("too many arguments", line);
			field[n++] = word;
		}
		if (n < 4)
			bad_plan("too few fields", line);
		if (n_steps++ == MAX_STEPS)
			bad_plan("too many steps", line);
		s->kind = find_kind(field[0]);
		s->series = find_series(field[1]);
		s->name = field[2];
		memcpy(s->argv, field + 3, (n - 3) * sizeof(field[0]));
		line = NULL;
		size = 0;
	}
	free(line);
	fclose(f);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Runs the command of `s`; returns its wait status. */
static int run(const struct step *s, int64_t *ret_ns, long *ret_maxrss)
{
	struct rusage usage;
	int64_t start;
	int status, r;
	pid_t pid;

	start = now();
	r = posix_spawn(&pid, s->argv[0], &null_io, NULL, s->argv, environ);
	if (r != 0) {
		errno = r;
		die("spawn", s->argv[0]);
	}
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			die("wait for", s->argv[0]);
	*ret_ns = now() - start;
	*ret_maxrss = usage.ru_maxrss;
	return status;
}

static void await(const char *pid_file)
{
	FILE *f = fopen(pid_file, "re");
	int pid;

	if (!f)
		die("open", pid_file);
	if (fscanf(f, "%d", &pid) != 1)
		bad_plan("no pid in file", pid_file);
	fclose(f);
	/* ECHILD: collected already, which is as well. */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void fail(const struct step *s, int status)
{
	fprintf(stderr, "bench: %s %s: failed with status %d; series dropped\n", series[s->series].name, s->name,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	fprintf(samples, "%s\t%s\tfailed\t%d\n", series[s->series].name, s->name, status);
	series[s->series].failed = true;
}

static void do_step(const struct step *s, int round)
{
	int64_t ns;
	long maxrss;
	int status;

	if (s->kind == AWAIT) {
		await(s->argv[0]);
		return;
	}
	status = run(s, &ns, &maxrss);
	if (status != 0 && s->kind != TEARDOWN)
		fail(s, status);
	else if (s->kind == TIMED)
		fprintf(samples, "%s\t%s\t%d\t%lld\t%ld\n", series[s->series].name, s->name, round, (long long)ns,
			maxrss);
}

static void do_series(size_t which, int round)
{
	for (size_t i = 0; i < n_steps && !series[which].failed; i++)
		if (steps[i].series == which && (steps[i].kind == TIMED || steps[i].kind == AWAIT))
			do_step(&steps[i], round);
	/* Whatever else was handed to the subreaper must not pile up as zombies. */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void do_round(int round)
{
	static uint32_t seed = 2463534242;
	size_t order[MAX_SERIES];

	for (size_t i = 0; i < n_series; i++) {
		size_t j;

		seed ^= seed << 13;
		seed ^= seed >> 17;
		seed ^= seed << 5;
		j = seed % (i + 1);
		order[i] = order[j];
		order[j] = i;
	}
	for (size_t i = 0; i < n_series; i++)
		do_series(order[i], round);
}

static void do_kind(enum kind kind)
{
	for (size_t i = 0; i < n_steps; i++)
		if (steps[i].kind == kind && (kind == TEARDOWN || !series[steps[i].series].failed))
			do_step(&steps[i], 0);
}

int main(int argc, char **argv)
{
	int rounds, warmup;

	if (argc != 5) {
		fprintf(stderr, "usage: bench ROUNDS WARMUP PLAN SAMPLES\n");
		return 2;
	}
	rounds = atoi(argv[1]);
	warmup = atoi(argv[2]);
	read_plan(argv[3]);
	samples = fopen(argv[4], "ae");
	if (!samples)
		die("open", argv[4]);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		die("become", "subreaper");
	if (posix_spawn_file_actions_init(&null_io) != 0 ||
	    posix_spawn_file_actions_addopen(&null_io, 0, "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(&null_io, 1, "/dev/null", O_WRONLY, 0) != 0)
		die("set up", "/dev/null");

	do_kind(SETUP);
	for (int i = -warmup; i < rounds; i++)
		do_round(i);
	do_kind(TEARDOWN);
	if (fclose(samples) != 0)
		die("write", argv[4]);
	return 0;
}
