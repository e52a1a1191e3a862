/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Malformed documents, each with the one error it must give, word for word. The table is the specification of what
 * the parser refuses; each row is a test case of its own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ocispec.h"

struct bad {
	const char *name;
	const char *text;
	const char *message;
	size_t size; /* of text where it holds a NUL */
};

/* Documents that are whole but for one thing. */
#define CONFIG(rest)  "{\"ociVersion\":\"1.3.0\"," rest "}"
#define PROCESS(rest) CONFIG("\"process\":{\"cwd\":\"/\"," rest "}")
#define LINUX(rest)   CONFIG("\"linux\":{" rest "}")
#define TEN_LISTS     "[[[[[[[[[["
#define END_LISTS     "]]]]]]]]]]"

static const struct bad bad[] = {
	/* not JSON */
	{"empty file", "", "the document is empty (config.json:1:1)", 0},
	{"only white space", " \n\t\n  ", "the document is empty (config.json:1:1)", 0},
	{"byte order mark", "\xef\xbb\xbf{}", "byte order mark at the start of the document (config.json:1:1)", 0},
	{"UTF-16", "\xff\xfe{", "lexical error: invalid char in json text (config.json:1:1)", 0},
	{"binary",
	 "\x7f"
	 "ELF",
	 "lexical error: invalid char in json text (config.json:1:1)", 0},
	{"bare word", "hello", "lexical error: invalid char in json text (config.json:1:1)", 0},
	{"garbage after the document", "{\"ociVersion\":\"1.3.0\"}\n x",
	 "parse error: trailing garbage (config.json:2:2)", 0},
	{"second document", "{\"ociVersion\":\"1.3.0\"}\n{}", "parse error: trailing garbage (config.json:2:1)", 0},
	{"closing brace too many", "{\"ociVersion\":\"1.3.0\"}}", "parse error: trailing garbage (config.json:1:23)",
	 0},
	{"cut off after a brace", "{", "unexpected end of the document (config.json:1:2)", 0},
	{"cut off in a list", "{\"process\":{\"args\":[\"sh\",",
	 "process.args[1]: unexpected end of the document (config.json:1:26)", 0},
	{"cut off in a string", "{\"ociVersion\":\"1.3",
	 "ociVersion: unexpected end of the document (config.json:1:19)", 0},
	{"cut off in a word", "{\"root\":{\"path\":\"r\",\"readonly\":tru",
	 "root.readonly: lexical error: invalid string in json text (config.json:1:32)", 0},
	{"cut off before a newline", "{\"root\":\n\n", "root: unexpected end of the document (config.json:1:9)", 0},
	{"no colon", "{\"root\" {}}",
	 "root: parse error: object key and value must be separated by a colon (':') (config.json:1:9)", 0},
	{"no comma in an object", "{\"hostname\":\"a\"\n \"domainname\":\"b\"}",
	 "hostname: parse error: after key and value, inside map, I expect ',' or '}' (config.json:2:2)", 0},
	{"bracket for a brace", "{\"hostname\":\"a\"]",
	 "hostname: parse error: after key and value, inside map, I expect ',' or '}' (config.json:1:16)", 0},
	{"no comma in a list", PROCESS("\"args\":[\"a\" \"b\"]"),
	 "process.args[0]: parse error: after array element, I expect ',' or ']' (config.json:1:56)", 0},
	{"comma before a brace", "{\"hostname\":\"a\",}",
	 "parse error: invalid object key (must be a string) (config.json:1:17)", 0},
	{"comma before a bracket", PROCESS("\"args\":[\"a\",]"),
	 "process.args[1]: parse error: unallowed token at this point in JSON text (config.json:1:56)", 0},
	{"wrong bracket", PROCESS("\"args\":[\"a\"}"),
	 "process.args[0]: parse error: after array element, I expect ',' or ']' (config.json:1:55)", 0},
	{"key without quotes", "{hostname:\"a\"}", "lexical error: invalid char in json text (config.json:1:2)", 0},
	{"number as key", "{1:2}", "parse error: invalid object key (must be a string) (config.json:1:2)", 0},
	{"single quotes", "{'a':1}", "lexical error: invalid char in json text (config.json:1:2)", 0},
	{"comment", "{/* hello */\"ociVersion\":\"1.3.0\"}",
	 "lexical error: probable comment found in input text, comments are not enabled (config.json:1:2)", 0},
	{"upper-case literal", CONFIG("\"root\":{\"path\":\"r\",\"readonly\":True}"),
	 "root.readonly: lexical error: invalid char in json text (config.json:1:53)", 0},
	{"leading zero", LINUX("\"resources\":{\"pids\":{\"limit\":012}}"),
	 "linux.resources.pids.limit: parse error: after key and value, inside map, I expect ',' or '}' "
	 "(config.json:1:61)",
	 0},
	{"leading plus", LINUX("\"resources\":{\"pids\":{\"limit\":+1}}"),
	 "linux.resources.pids.limit: lexical error: invalid char in json text (config.json:1:61)", 0},
	{"hexadecimal", LINUX("\"resources\":{\"pids\":{\"limit\":0x10}}"),
	 "linux.resources.pids.limit: lexical error: invalid char in json text (config.json:1:61)", 0},
	{"NaN", LINUX("\"resources\":{\"pids\":{\"limit\":NaN}}"),
	 "linux.resources.pids.limit: lexical error: invalid char in json text (config.json:1:61)", 0},
	{"lone minus", PROCESS("\"oomScoreAdj\":-"),
	 "process.oomScoreAdj: lexical error: malformed number, a digit is required after the minus sign "
	 "(config.json:1:58)",
	 0},

	/* strings */
	{"newline in a string", CONFIG("\"hostname\":\"a\nb\""),
	 "hostname: lexical error: invalid character inside string (config.json:1:34)", 0},
	{"tab in a string", CONFIG("\"hostname\":\"a\tb\""),
	 "hostname: lexical error: invalid character inside string (config.json:1:34)", 0},
	{"NUL in a string", CONFIG("\"hostname\":\"a\0b\""),
	 "hostname: lexical error: invalid character inside string (config.json:1:34)",
	 sizeof CONFIG("\"hostname\":\"a\0b\"") - 1},
	{"NUL between tokens", "{\0}", "lexical error: invalid char in json text (config.json:1:2)", 3},
	{"escaped NUL in a string", CONFIG("\"hostname\":\"a\\u0000b\""),
	 "hostname: NUL character in a string (config.json:1:34)", 0},
	{"escaped NUL as a whole string", CONFIG("\"hostname\":\"\\u0000\""),
	 "hostname: NUL character in a string (config.json:1:34)", 0},
	{"escaped NUL in a key", CONFIG("\"annotations\":{\"a\\u0000\":\"b\"}"),
	 "annotations: NUL character in a string (config.json:1:38)", 0},
	{"escaped NUL in an unknown key", CONFIG("\"\\u0000\":1"), "NUL character in a string (config.json:1:23)", 0},
	{"escaped NUL below an unknown key", CONFIG("\"x\":[{\"y\":\"\\u0000\"}]"),
	 "x[0].y: NUL character in a string (config.json:1:33)", 0},
	{"unknown escape", CONFIG("\"hostname\":\"\\q\""),
	 "hostname: lexical error: inside a string, '\\' occurs before a character which it may not "
	 "(config.json:1:34)",
	 0},
	{"bad hex escape", CONFIG("\"hostname\":\"\\u12g4\""),
	 "hostname: lexical error: invalid (non-hex) character occurs after '\\u' inside string (config.json:1:34)", 0},
	{"high surrogate alone", CONFIG("\"hostname\":\"\\ud800\""),
	 "hostname: unpaired surrogate in a string (config.json:1:34)", 0},
	{"high surrogate before a letter", CONFIG("\"hostname\":\"\\ud800\\u0041\""),
	 "hostname: unpaired surrogate in a string (config.json:1:34)", 0},
	{"two high surrogates", CONFIG("\"hostname\":\"\\ud800\\ud800\""),
	 "hostname: unpaired surrogate in a string (config.json:1:34)", 0},
	{"low surrogate alone", CONFIG("\"hostname\":\"x\\udc00\""),
	 "hostname: unpaired surrogate in a string (config.json:1:34)", 0},
	{"surrogate after escaped quotes", CONFIG("\"hostname\":\"\\\\\\\"\\\"\\udfff\""),
	 "hostname: unpaired surrogate in a string (config.json:1:34)", 0},
	{"surrogate in a key", CONFIG("\"annotations\":{\"\\ud83d\":\"b\"}"),
	 "annotations: unpaired surrogate in a string (config.json:1:38)", 0},
	{"stray continuation byte", CONFIG("\"hostname\":\"a\x80\""),
	 "hostname: invalid UTF-8 in a string (config.json:1:34)", 0},
	{"truncated sequence", CONFIG("\"hostname\":\"\xe2\x82\""),
	 "hostname: invalid UTF-8 in a string (config.json:1:34)", 0},
	{"overlong slash", CONFIG("\"hostname\":\"\xc0\xaf\""),
	 "hostname: invalid UTF-8 in a string (config.json:1:34)", 0},
	{"overlong three bytes", CONFIG("\"hostname\":\"\xe0\x9f\xbf\""),
	 "hostname: invalid UTF-8 in a string (config.json:1:34)", 0},
	{"overlong four bytes", CONFIG("\"hostname\":\"\xf0\x8f\xbf\xbf\""),
	 "hostname: invalid UTF-8 in a string (config.json:1:34)", 0},
	{"surrogate in UTF-8", CONFIG("\"hostname\":\"\xed\xa0\x80\""),
	 "hostname: invalid UTF-8 in a string (config.json:1:34)", 0},
	{"above U+10FFFF", CONFIG("\"hostname\":\"\xf4\x90\x80\x80\""),
	 "hostname: invalid UTF-8 in a string (config.json:1:34)", 0},
	{"five-byte sequence", CONFIG("\"hostname\":\"\xf8\x88\x80\x80\x80\""),
	 "hostname: invalid UTF-8 in a string (config.json:1:34)", 0},
	{"invalid UTF-8 in a key", CONFIG("\"annotations\":{\"\xff\":\"\"}"),
	 "annotations: invalid UTF-8 in a string (config.json:1:38)", 0},
	{"invalid UTF-8 below an unknown key", CONFIG("\"x\":{\"y\":[1,\"\xff\"]}"),
	 "x.y[1]: invalid UTF-8 in a string (config.json:1:35)", 0},
	{"invalid UTF-8 next to an escape", CONFIG("\"hostname\":\"\\n\xff\""),
	 "hostname: invalid UTF-8 in a string (config.json:1:34)", 0},

	/* types */
	{"array as document", "[]", "expected an object (config.json:1:1)", 0},
	{"string as document", " \"x\"", "expected an object (config.json:1:2)", 0},
	{"number as document", "12", "expected an object (config.json:1:1)", 0},
	{"null as document", "null", "expected an object (config.json:1:1)", 0},
	{"number for a string", "{\n\t\"ociVersion\": 1.3\n}", "ociVersion: expected a string (config.json:2:16)", 0},
	{"object for a string", CONFIG("\"hostname\":{}"), "hostname: expected a string (config.json:1:34)", 0},
	{"list for a string", CONFIG("\"hostname\":[\"a\"]"), "hostname: expected a string (config.json:1:34)", 0},
	{"boolean for a string", CONFIG("\"hostname\":false"), "hostname: expected a string (config.json:1:34)", 0},
	{"string for a boolean", PROCESS("\"terminal\":\"true\""),
	 "process.terminal: expected a boolean (config.json:1:55)", 0},
	{"number for a boolean", PROCESS("\"terminal\":1"), "process.terminal: expected a boolean (config.json:1:55)",
	 0},
	{"string for an optional boolean", LINUX("\"resources\":{\"memory\":{\"disableOOMKiller\":\"no\"}}"),
	 "linux.resources.memory.disableOOMKiller: expected a boolean (config.json:1:74)", 0},
	{"string for a number", PROCESS("\"oomScoreAdj\":\"1\""),
	 "process.oomScoreAdj: expected an integer (config.json:1:58)", 0},
	{"boolean for a number", PROCESS("\"oomScoreAdj\":true"),
	 "process.oomScoreAdj: expected an integer (config.json:1:58)", 0},
	{"string for an object", CONFIG("\"root\":\"rootfs\""), "root: expected an object (config.json:1:30)", 0},
	{"list for an object", CONFIG("\"root\":[]"), "root: expected an object (config.json:1:30)", 0},
	{"string for a list", PROCESS("\"args\":\"sh\""), "process.args: expected an array (config.json:1:51)", 0},
	{"object for a list", CONFIG("\"mounts\":{}"), "mounts: expected an array (config.json:1:32)", 0},
	{"number in a list of strings", PROCESS("\"args\":[\"sh\",1]"),
	 "process.args[1]: expected a string (config.json:1:57)", 0},
	{"null in a list of strings", PROCESS("\"args\":[null]"),
	 "process.args[0]: expected a string (config.json:1:52)", 0},
	{"list in a list of strings", PROCESS("\"args\":[[\"sh\"]]"),
	 "process.args[0]: expected a string (config.json:1:52)", 0},
	{"string in a list of numbers", PROCESS("\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[1,\"2\"]}"),
	 "process.user.additionalGids[1]: expected an integer (config.json:1:88)", 0},
	{"string in a list of objects", CONFIG("\"mounts\":[\n{\"destination\":\"/\"},\n  \"x\"]"),
	 "mounts[1]: expected an object (config.json:3:3)", 0},
	{"null in a list of objects", CONFIG("\"mounts\":[null]"), "mounts[0]: expected an object (config.json:1:33)",
	 0},
	{"the example of the manual", LINUX("\"uidMappings\":[],\n\"namespaces\":[{\"type\":\"a\"},\n{\"type\":7}]"),
	 "linux.namespaces[1].type: expected a string (config.json:3:9)", 0},
	{"number in a map of strings", CONFIG("\"annotations\":{\"org.example.a\":\"b\",\"org.example.c\":3}"),
	 "annotations[\"org.example.c\"]: expected a string (config.json:1:74)", 0},
	{"null in a map of strings", LINUX("\"sysctl\":{\"net.ipv4.ip_forward\":null}"),
	 "linux.sysctl[\"net.ipv4.ip_forward\"]: expected a string (config.json:1:64)", 0},
	{"list for a map", LINUX("\"sysctl\":[]"), "linux.sysctl: expected an object (config.json:1:41)", 0},
	{"string in a map of objects", LINUX("\"netDevices\":{\"eth0\":\"eth1\"}"),
	 "linux.netDevices.eth0: expected an object (config.json:1:53)", 0},
	{"wrong type in a map of objects", LINUX("\"resources\":{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":\"3\"}}}"),
	 "linux.resources.rdma.mlx5_1.hcaHandles: expected an integer (config.json:1:76)", 0},

	/* numbers */
	{"fraction", LINUX("\"resources\":{\"pids\":{\"limit\":1.0}}"),
	 "linux.resources.pids.limit: expected an integer (config.json:1:61)", 0},
	{"exponent", LINUX("\"resources\":{\"pids\":{\"limit\":1e3}}"),
	 "linux.resources.pids.limit: expected an integer (config.json:1:61)", 0},
	{"negative uid", PROCESS("\"user\":{\"uid\":-1,\"gid\":0}"),
	 "process.user.uid: number out of range (0 to 4294967295) (config.json:1:58)", 0},
	{"uid of 33 bits", PROCESS("\"user\":{\"uid\":4294967296,\"gid\":0}"),
	 "process.user.uid: number out of range (0 to 4294967295) (config.json:1:58)", 0},
	{"group of 33 bits", PROCESS("\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[4294967296]}"),
	 "process.user.additionalGids[0]: number out of range (0 to 4294967295) (config.json:1:86)", 0},
	{"above int32", PROCESS("\"oomScoreAdj\":2147483648"),
	 "process.oomScoreAdj: number out of range (-2147483648 to 2147483647) (config.json:1:58)", 0},
	{"below int32", PROCESS("\"oomScoreAdj\":-2147483649"),
	 "process.oomScoreAdj: number out of range (-2147483648 to 2147483647) (config.json:1:58)", 0},
	{"above int64", LINUX("\"resources\":{\"pids\":{\"limit\":9223372036854775808}}"),
	 "linux.resources.pids.limit: number out of range (-9223372036854775808 to 9223372036854775807) "
	 "(config.json:1:61)",
	 0},
	{"below int64", LINUX("\"resources\":{\"pids\":{\"limit\":-9223372036854775809}}"),
	 "linux.resources.pids.limit: number out of range (-9223372036854775808 to 9223372036854775807) "
	 "(config.json:1:61)",
	 0},
	{"above uint64", LINUX("\"resources\":{\"cpu\":{\"shares\":18446744073709551616}}"),
	 "linux.resources.cpu.shares: number out of range (0 to 18446744073709551615) (config.json:1:61)", 0},
	{"a hundred digits",
	 LINUX("\"resources\":{\"cpu\":{\"shares\":11111111111111111111111111111111111111111111111111111111111111111111"
	       "11111111111111111111111111111111}}"),
	 "linux.resources.cpu.shares: number out of range (0 to 18446744073709551615) (config.json:1:61)", 0},
	{"negative uint64", LINUX("\"resources\":{\"cpu\":{\"shares\":-1}}"),
	 "linux.resources.cpu.shares: number out of range (0 to 18446744073709551615) (config.json:1:61)", 0},
	{"weight of 17 bits", LINUX("\"resources\":{\"blockIO\":{\"weight\":65536}}"),
	 "linux.resources.blockIO.weight: number out of range (0 to 65535) (config.json:1:65)", 0},
	{"leaf weight of a device",
	 LINUX("\"resources\":{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"leafWeight\":99999}]}}"),
	 "linux.resources.blockIO.weightDevice[0].leafWeight: number out of range (0 to 65535) (config.json:1:106)", 0},

	/* what has to be there */
	{"no ociVersion", "{}", "ociVersion: required property is missing (config.json:1:1)", 0},
	{"ociVersion null", "{\"ociVersion\":null}", "ociVersion: required property is missing (config.json:1:1)", 0},
	{"ociVersion in other letters", "{\"OCIVersion\":\"1.3.0\"}",
	 "ociVersion: required property is missing (config.json:1:1)", 0},
	{"no cwd", CONFIG("\n \"process\":{\"args\":[]}"),
	 "process.cwd: required property is missing (config.json:2:12)", 0},
	{"no root.path", CONFIG("\"root\":{}"), "root.path: required property is missing (config.json:1:30)", 0},
	{"no gid", PROCESS("\"user\":{\"uid\":1}"), "process.user.gid: required property is missing (config.json:1:51)",
	 0},
	{"no destination", CONFIG("\"mounts\":[{\"destination\":\"/a\"},{\"type\":\"proc\"}]"),
	 "mounts[1].destination: required property is missing (config.json:1:54)", 0},
	{"rlimit without hard", PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1}]"),
	 "process.rlimits[0].hard: required property is missing (config.json:1:55)", 0},
	{"rlimit without soft", PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"hard\":1}]"),
	 "process.rlimits[0].soft: required property is missing (config.json:1:55)", 0},
	{"mapping without size", LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0}]"),
	 "linux.uidMappings[0].size: required property is missing (config.json:1:47)", 0},
	{"syscalls without names", LINUX("\"seccomp\":{\"defaultAction\":\"A\",\"syscalls\":[{\"action\":\"B\"}]}"),
	 "linux.seccomp.syscalls[0].names: required property is missing (config.json:1:75)", 0},
	{"hook without path", CONFIG("\"hooks\":{\"poststop\":[{\"args\":[]}]}"),
	 "hooks.poststop[0].path: required property is missing (config.json:1:44)", 0},
	{"memory policy without mode", LINUX("\"memoryPolicy\":{}"),
	 "linux.memoryPolicy.mode: required property is missing (config.json:1:47)", 0},

	/* duplicates */
	{"duplicate key", "{\"ociVersion\":\"1.3.0\",\n\"ociVersion\":\"1.3.0\"}",
	 "ociVersion: duplicate key (config.json:2:1)", 0},
	{"duplicate key after null", CONFIG("\"root\":null,\"root\":{\"path\":\"r\"}"),
	 "root: duplicate key (config.json:1:35)", 0},
	{"duplicate key written with an escape", CONFIG("\"hostname\":\"a\",\"host\\u006eame\":\"b\""),
	 "hostname: duplicate key (config.json:1:38)", 0},
	{"duplicate key in a list", CONFIG("\"mounts\":[{\"destination\":\"/a\",\"destination\":\"/b\"}]"),
	 "mounts[0].destination: duplicate key (config.json:1:53)", 0},
	{"duplicate annotation", CONFIG("\"annotations\":{\"a.b\":\"1\",\"c\":\"2\",\"a.b\":\"1\"}"),
	 "annotations[\"a.b\"]: duplicate key (config.json:1:56)", 0},
	{"duplicate network device", LINUX("\"netDevices\":{\"eth0\":{},\"eth0\":{}}"),
	 "linux.netDevices.eth0: duplicate key (config.json:1:56)", 0},
	{"duplicate among many",
	 CONFIG("\"annotations\":{\"0\":\"\",\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\",\"6\":\"\",\"7\":"
		"\"\","
		"\"8\":\"\",\"9\":\"\",\"10\":\"\",\"11\":\"\",\"12\":\"\",\"13\":\"\",\"14\":\"\",\"15\":\"\","
		"\"16\":\"\",\"17\":\"\",\"18\":\"\",\"19\":\"\",\n\"7\":\"\"}"),
	 "annotations.7: duplicate key (config.json:2:1)", 0},
	{"duplicate of a late one among many",
	 CONFIG("\"annotations\":{\"0\":\"\",\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\",\"6\":\"\",\"7\":"
		"\"\","
		"\"8\":\"\",\"9\":\"\",\"10\":\"\",\"11\":\"\",\"12\":\"\",\"13\":\"\",\"14\":\"\",\"15\":\"\","
		"\"16\":\"\",\"17\":\"\",\"18\":\"\",\"19\":\"\",\n\"18\":\"\"}"),
	 "annotations.18: duplicate key (config.json:2:1)", 0},

	/* depth: the document itself is the first level */
	{"65 levels below an unknown key",
	 CONFIG("\"x\":" TEN_LISTS TEN_LISTS TEN_LISTS TEN_LISTS TEN_LISTS TEN_LISTS
		"[[[[" END_LISTS END_LISTS END_LISTS END_LISTS END_LISTS END_LISTS "]]]]"),
	 "x[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"
	 "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: "
	 "nested deeper than 64 levels (config.json:1:90)",
	 0},

	/* the place */
	{"columns count characters", CONFIG("\"x\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\",\"hostname\":1"),
	 "hostname: expected a string (config.json:1:44)", 0},
	{"lines end in CR LF too", "{\r\n\"ociVersion\":\r\n 1}", "ociVersion: expected a string (config.json:3:2)", 0},
	{"a key that would steer the terminal", CONFIG("\"annotations\":{\"\\u001b[2J\":1}"),
	 "annotations[\"\\u001b[2J\"]: expected a string (config.json:1:50)", 0},
	{"a duplicate key that would steer the terminal", CONFIG("\"annotations\":{\"\\u001b\":\"\",\"\\u001b\":\"\"}"),
	 "annotations[\"?\"]: duplicate key (config.json:1:50)", 0},
	{"an empty key", CONFIG("\"annotations\":{\"\":1}"), "annotations[\"\"]: expected a string (config.json:1:41)",
	 0},
};

static void test_bad(void **state)
{
	const struct bad *test = *state;
	struct ocispec_arena *arena = ocispec_arena_new();
	struct ocispec_error error;
	size_t size = test->size ? test->size : strlen(test->text);
	char *exact = malloc(size + !size); /* without a NUL behind it, so that a sanitizer sees an overrun */
	void *document = NULL;

	assert_non_null(exact);
	memcpy(exact, test->text, size);
	assert_int_equal(ocispec_parse(&oci_config_object, exact, size, "config.json", arena, &document, &error),
			 -EINVAL);
	assert_null(document);
	assert_string_equal(error.message, test->message);
	/* the message is made of path and place */
	if (error.path[0])
		assert_memory_equal(error.message, error.path, strlen(error.path));
	assert_true(error.line > 0 && error.column > 0);
	free(exact);
	ocispec_arena_free(arena);
}

int main(void)
{
	enum { N = sizeof bad / sizeof bad[0] };
	static struct CMUnitTest tests[N];

	for (size_t i = 0; i < N; i++)
		tests[i] = (struct CMUnitTest){
			.name = bad[i].name, .test_func = test_bad, .initial_state = (void *)&bad[i]};
	return cmocka_run_group_tests_name("ocispec errors", tests, NULL, NULL);
}
