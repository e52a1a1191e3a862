/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry of turtle-init, the program that becomes the container's first process: takes the descriptors named on its
 * command line, maps the plan and carries it out (init.c). A failure is told to turtle, which prints it.
 */
#include "init/init.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static bool parse_numbers(const char *s, int *ret, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int64_t value;

		if (s[0] == '-' && s[1] == '1') {
			ret[i] = -1;
			s += 2;
		} else {
			value = number(s, &s);
			if (value < 0 || value > INT32_MAX)
				return false;
			ret[i] = (int)value;
		}
		if (i + 1 < n && *s++ != ' ')
			return false;
	}
	return *s == '\0';
}

static int map_plan(struct init *init, int fd, struct err *err)
{
	const struct init_plan *plan;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "look at the plan");
	plan = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (plan == MAP_FAILED)
		return err_set(err, -errno, "map the plan");
	if ((size_t)st.st_size < sizeof(*plan) || plan->magic != INIT_PLAN_MAGIC || plan->size != (size_t)st.st_size)
		return err_msg(err, -EPROTO, "the plan is not one of this version of turtle");
	init->plan = plan;
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	static const char usage[] = "turtle-init: started by turtle only\n";
	struct init init = {.root = -1, .proc = -1, .null = -1, .trees = {.sock = -1}};
	struct err err = {0};
	int fds[3];
	int r;

	if (argc != 2 || strcmp(argv[0], "turtle-init") || !parse_numbers(argv[1], fds, 3) || fds[0] < 3 || fds[1] < 3)
		return write(STDERR_FILENO, usage, sizeof(usage) - 1) < 0 ? 2 : 1;
	init.sync = fds[0];
	init.listen = fds[2];
	r = map_plan(&init, fds[1], &err);
	if (r == 0)
		r = close_others(&init, &err);
	if (r == 0)
		(void)init_run(&init, &err);
	sync_error(&init, &err);
	leave(1);
}
