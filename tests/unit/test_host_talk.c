/* SPDX-License-Identifier: Apache-2.0 */
/* The host's half of the conversation with turtle-init, with a peer that says a word and goes, or stays. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fd.h"
#include "base/mem.h"
#include "host/talk.h"

struct pair {
	int ours, inits;
};

static int set_up(void **state)
{
	static struct pair pair;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pair = (struct pair){ends[0], ends[1]};
	*state = &pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	cleanup_close(&pair->ours);
	cleanup_close(&pair->inits);
	return 0;
}

static void init_says(const struct pair *pair, enum sync_type type)
{
	const struct sync_msg msg = {.type = type};

	assert_int_equal(send(pair->inits, &msg, SYNC_SHORT, 0), SYNC_SHORT);
}

static void init_fails(const struct pair *pair, int code, const char *text)
{
	struct sync_msg msg = {.type = SYNC_ERROR, .err.code = code};

	snprintf(msg.err.msg, sizeof(msg.err.msg), "%s", text);
	assert_int_equal(send(pair->inits, &msg, sizeof(msg), 0), sizeof(msg));
}

/* As systemd's driver tells init that it is in its cgroup while init fails at a mount. */
static void test_unread(void **state)
{
	struct pair *pair = *state;
	struct err err = {0};

	assert_int_equal(talk_send(pair->ours, SYNC_CGROUP, &err), 0);
	init_fails(pair, -ENOTDIR, "mounts[7]: not a directory");
	cleanup_close(&pair->inits);
	assert_int_equal(talk_receive(pair->ours, SYNC_HOOKS, NULL, NULL, &err), -ENOTDIR);
	assert_string_equal(err.msg, "mounts[7]: not a directory");
}

static void test_unread_and_silent(void **state)
{
	struct pair *pair = *state;
	struct err err = {0};

	assert_int_equal(talk_send(pair->ours, SYNC_CGROUP, &err), 0);
	cleanup_close(&pair->inits);
	assert_int_equal(talk_receive(pair->ours, SYNC_HOOKS, NULL, NULL, &err), -EPIPE);
	assert_string_equal(err.msg, "container init ended before it said \"ready for hooks\"");
}

static void test_send_to_the_gone(void **state)
{
	struct pair *pair = *state;
	struct err err = {0};

	assert_int_equal(talk_send(pair->ours, SYNC_MAPPED, &err), 0);
	init_fails(pair, -EACCES, "why");
	cleanup_close(&pair->inits);
	assert_int_equal(talk_send(pair->ours, SYNC_CGROUP, &err), -EACCES);
	assert_string_equal(err.msg, "why");
}

/* Init lives, as far as anybody can see. */
static void test_last_words_of_the_living(void **state)
{
	struct pair *pair = *state;
	struct err err = {0};

	assert_int_equal(talk_last_words(pair->ours, &err), 0);
	init_says(pair, SYNC_HOOKS);
	assert_int_equal(talk_last_words(pair->ours, &err), 0);
	init_says(pair, SYNC_HOOKS);
	init_fails(pair, -EPERM, "words");
	assert_int_equal(talk_last_words(pair->ours, &err), -EPERM);
	assert_string_equal(err.msg, "words");
	assert_int_equal(talk_last_words(-1, &err), 0);
}

static void test_last_words_of_the_dead(void **state)
{
	struct pair *pair = *state;
	struct err err = {0};

	assert_int_equal(talk_send(pair->ours, SYNC_CGROUP, &err), 0);
	init_says(pair, SYNC_HOOKS);
	init_fails(pair, -EPERM, "words");
	cleanup_close(&pair->inits);
	assert_int_equal(talk_last_words(pair->ours, &err), -EPERM);
	assert_int_equal(talk_last_words(pair->ours, &err), 0);
}

static void test_over(void **state)
{
	struct pair *pair = *state;

	init_says(pair, SYNC_HOOKS);
	assert_false(talk_is_over(pair->ours));
	/* With a message of ours unread, what it said is still there to be heard. */
	assert_int_equal(talk_send(pair->ours, SYNC_CGROUP, NULL), 0);
	cleanup_close(&pair->inits);
	assert_false(talk_is_over(pair->ours));
	assert_int_equal(talk_receive(pair->ours, SYNC_HOOKS, NULL, NULL, NULL), 0);
	assert_true(talk_is_over(pair->ours));
}

int main(void)
{
#define TEST(function, text)                            \
	{                                               \
		text, function, set_up, tear_down, NULL \
	}
	const struct CMUnitTest tests[] = {
		TEST(test_unread, "an error beside an unread message"),
		TEST(test_unread_and_silent, "an unread message and no error"),
		TEST(test_send_to_the_gone, "an error in place of an answer"),
		TEST(test_last_words_of_the_living, "last words of one that lives"),
		TEST(test_last_words_of_the_dead, "last words of one that is gone"),
		TEST(test_over, "over"),
	};

	return cmocka_run_group_tests_name("host talk", tests, NULL, NULL);
}
