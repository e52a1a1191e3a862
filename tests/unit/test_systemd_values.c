/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of unit properties, from the text of an annotation to the bytes of a D-Bus message: each row is one text and
 * what systemd would read, as sd-bus prints it.
 */
#include "table.h"

#include "systemd/value.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

static sd_bus *bus;

/* The value as "TYPE: what is in it", read back from a message. */
static void read_back(sd_bus_message *message, char *text, size_t size, size_t *used)
{
	const char *contents, *string;
	char type;
	union {
		int b;
		uint8_t y;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
		double d;
	} v;

#define ADD(...) (*used += (size_t)snprintf(text + *used, size - *used, __VA_ARGS__))
	while (sd_bus_message_at_end(message, false) == 0 && sd_bus_message_peek_type(message, &type, &contents) > 0) {
		if (*used > 0 && text[*used - 1] != '(')
			ADD(" ");
		if (strchr("avre", type)) {
			ADD("%c<%s>(", type, contents);
			assert_true(sd_bus_message_enter_container(message, type, contents) > 0);
			read_back(message, text, size, used);
			assert_true(sd_bus_message_exit_container(message) >= 0);
			ADD(")");
			continue;
		}
		if (strchr("sog", type)) {
			assert_true(sd_bus_message_read_basic(message, type, &string) > 0);
			ADD("%c:%s", type, string);
			continue;
		}
		assert_true(sd_bus_message_read_basic(message, type, &v) > 0);
		ADD("%c:", type);
		switch (type) {
		case 'b':
			ADD("%d", v.b);
			break;
		case 'y':
			ADD("%u", v.y);
			break;
		case 'n':
			ADD("%d", v.n);
			break;
		case 'q':
			ADD("%u", v.q);
			break;
		case 'i':
			ADD("%d", v.i);
			break;
		case 'u':
			ADD("%u", v.u);
			break;
		case 'x':
			ADD("%lld", (long long)v.x);
			break;
		case 't':
			ADD("%llu", (unsigned long long)v.t);
			break;
		case 'd':
			ADD("%g", v.d);
			break;
		default:
			fail_msg("type %c", type);
		}
	}
#undef ADD
}

/* ---- What is taken ---------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *property; /* X when NULL */
	const char *sent;     /* what the message holds: the property's name and value */
} good[] = {
	{"15", NULL, "s:X v<i>(i:15)"},
	{"-15", NULL, "s:X v<i>(i:-15)"},
	{"0x1f", NULL, "s:X v<i>(i:31)"},
	{"true", NULL, "s:X v<b>(b:1)"},
	{"false", NULL, "s:X v<b>(b:0)"},
	{"byte 255", NULL, "s:X v<y>(y:255)"},
	{"int16 -32768", NULL, "s:X v<n>(n:-32768)"},
	{"uint16 65535", NULL, "s:X v<q>(q:65535)"},
	{"int32 -2147483648", NULL, "s:X v<i>(i:-2147483648)"},
	{"uint32 4294967295", NULL, "s:X v<u>(u:4294967295)"},
	{"int64 -9223372036854775808", NULL, "s:X v<x>(x:-9223372036854775808)"},
	{"uint64 18446744073709551615", NULL, "s:X v<t>(t:18446744073709551615)"},
	{"@t 5", NULL, "s:X v<t>(t:5)"},
	{"1.5", NULL, "s:X v<d>(d:1.5)"},
	{"double 2", NULL, "s:X v<d>(d:2)"},
	{"'text'", NULL, "s:X v<s>(s:text)"},
	{"\"it's\"", NULL, "s:X v<s>(s:it's)"},
	{"'a\\nb\\u00e4'", NULL, "s:X v<s>(s:a\nb\303\244)"},
	{"''", NULL, "s:X v<s>(s:)"},
	{"'\\\\ud800'", NULL, "s:X v<s>(s:\\ud800)"},
	{"'\\U0001F422'", NULL, "s:X v<s>(s:\360\237\220\242)"},
	{"objectpath '/a/b'", NULL, "s:X v<o>(o:/a/b)"},
	{"signature 'a{sv}'", NULL, "s:X v<g>(g:a{sv})"},
	{"['a', 'b']", NULL, "s:X v<as>(a<s>(s:a s:b))"},
	{"@as []", NULL, "s:X v<as>(a<s>())"},
	{"[uint64 1, 2]", NULL, "s:X v<at>(a<t>(t:1 t:2))"},
	{"b'ab'", NULL, "s:X v<ay>(a<y>(y:97 y:98 y:0))"},
	{"[[1], [2, 3]]", NULL, "s:X v<aai>(a<ai>(a<i>(i:1) a<i>(i:2 i:3)))"},
	{"('a', 1, true)", NULL, "s:X v<(sib)>(r<sib>(s:a i:1 b:1))"},
	{"[('/dev/null', 'rwm'), ('char-pts', 'rw')]", NULL,
	 "s:X v<a(ss)>(a<(ss)>(r<ss>(s:/dev/null s:rwm) r<ss>(s:char-pts s:rw)))"},
	{"{'a': 1, 'b': 2}", NULL, "s:X v<a{si}>(a<{si}>(e<si>(s:a i:1) e<si>(s:b i:2)))"},
	{"{'a': <1>, 'b': <'c'>}", NULL, "s:X v<a{sv}>(a<{sv}>(e<sv>(s:a v<i>(i:1)) e<sv>(s:b v<s>(s:c))))"},
	{"<uint32 7>", NULL, "s:X v<v>(v<u>(u:7))"},
	{"  'padded'  ", NULL, "s:X v<s>(s:padded)"},
	{"uint64 5", "TimeoutStopUSec", "s:TimeoutStopUSec v<t>(t:5)"},
	{"5", "TimeoutStopSec", "s:TimeoutStopUSec v<t>(t:5000000)"},
	{"uint64 7", "TimeoutStopSec", "s:TimeoutStopUSec v<t>(t:7000000)"},
	{"byte 1", "RestartSec", "s:RestartUSec v<t>(t:1000000)"},
	{"int16 2", "RestartSec", "s:RestartUSec v<t>(t:2000000)"},
	{"uint16 3", "RestartSec", "s:RestartUSec v<t>(t:3000000)"},
	{"uint32 4", "RestartSec", "s:RestartUSec v<t>(t:4000000)"},
	{"int64 5", "RestartSec", "s:RestartUSec v<t>(t:5000000)"},
	{"0.25", "RestartSec", "s:RestartUSec v<t>(t:250000)"},
	{"0x1e", "RestartSec", "s:RestartUSec v<t>(t:30000000)"},
	{"1.1", "RestartSec", "s:RestartUSec v<t>(t:1100000)"},
	{"0.57", "RestartSec", "s:RestartUSec v<t>(t:570000)"},
	{"0.0000019", "RestartSec", "s:RestartUSec v<t>(t:2)"},
	{"0.000001", "RestartSec", "s:RestartUSec v<t>(t:1)"},
	{"1e-3", "RestartSec", "s:RestartUSec v<t>(t:1000)"},
	{"uint64 18446744073709", "RestartSec", "s:RestartUSec v<t>(t:18446744073709000000)"},
	{"1", "Security", "s:Security v<i>(i:1)"},
};

static void test_good(void **state)
{
	const __typeof__(*good) *row = *state;
	sd_bus_message *message = NULL;
	struct property property;
	struct err err = {0};
	char text[1024] = "";
	size_t used = 0;

	if (property_parse(row->property ? row->property : "X", row->text, &property, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(property_check(bus, &property, &err), 0);
	assert_true(sd_bus_message_new_signal(bus, &message, "/", "a.b", "C") >= 0);
	assert_true(property_append(message, &property) >= 0);
	assert_true(sd_bus_message_seal(message, 1, 0) >= 0);
	assert_string_equal(sd_bus_message_get_signature(message, true), "(sv)");
	assert_true(sd_bus_message_enter_container(message, 'r', "sv") > 0);
	read_back(message, text, sizeof(text), &used);
	assert_string_equal(text, row->sent);
	sd_bus_message_unref(message);
	property_free(&property);
}

/* ---- What is not ------------------------------------------------------------------------------------------ */

static const struct {
	const char *text, *property;
	const char *error; /* a part of the message */
} bad[] = {
	{"", NULL, "systemd property X: can't parse \"\" as GVariant text"},
	{" ", NULL, "can't parse"},
	{"uint64", NULL, "can't parse"},
	{"uint64 -1", NULL, "can't parse"},
	{"uint64 18446744073709551616", NULL, "can't parse"},
	{"99999999999", NULL, "can't parse"},
	{"byte 256", NULL, "can't parse"},
	{"text", NULL, "can't parse"},
	{"'text", NULL, "can't parse"},
	{"'a' 'b'", NULL, "can't parse"},
	{"1 2", NULL, "can't parse"},
	{"[1, 'a']", NULL, "can't parse"},
	{"[]", NULL, "can't parse"},
	{"[1", NULL, "can't parse"},
	{"{'a'}", NULL, "can't parse"},
	{"{1: ", NULL, "can't parse"},
	{"@z 1", NULL, "can't parse"},
	{"@a{vs} {}", NULL, "can't parse"},
	{"%i", NULL, "can't parse"},
	{"'\\u'", NULL, "can't parse"},
	{"'\\u0000'", NULL, "can't parse"},
	{"'\\ud800'", NULL, "an escape is no character"},
	{"'\\uDFFF'", NULL, "an escape is no character"},
	{"{'a': <['\\\\', '\\U00110000']>}", NULL, "an escape is no character"},
	{"'\\U7fffffff'", NULL, "an escape is no character"},
	{"'\\", NULL, "can't parse"},
	{"'\377'", NULL, "is not UTF-8"},
	{"objectpath 'a'", NULL, "can't parse"},
	{"signature 'zz'", NULL, "can't parse"},
	{"((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
	 "(((("
	 "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
	 "(((",
	 NULL, "can't parse"},
	/* GVariant has these, D-Bus has not. */
	{"just 1", NULL, "systemd property X: a value of type mi has no form in D-Bus"},
	{"@ms nothing", NULL, "no form in D-Bus"},
	{"[just 1]", NULL, "no form in D-Bus"},
	{"(1, @mi nothing)", NULL, "no form in D-Bus"},
	{"<just 1>", NULL, "no form in D-Bus"},
	{"{'a', 1}", NULL, "no form in D-Bus"},
	{"()", NULL, "no form in D-Bus"},
	{"handle 1", NULL, "no form in D-Bus"},
	/* Seconds. */
	{"5s", "RestartSec", "can't parse"},
	{"", "RestartSec", "can't parse"},
	{"byte 256", "RestartSec", "can't parse"},
	{"2147483648", "RestartSec", "can't parse"},
	{"uint64 5 6", "RestartSec", "can't parse"},
	{"uint64 1.5", "RestartSec", "can't parse"},
	{"'5s'", "RestartSec", "systemd property RestartSec: \"'5s'\" is not a number of seconds"},
	{"true", "RestartSec", "not a number of seconds"},
	{"[1]", "RestartSec", "not a number of seconds"},
	{"-1", "RestartSec", "out of range"},
	{"int16 -1", "RestartSec", "out of range"},
	{"int64 -1", "RestartSec", "out of range"},
	{"-0.5", "RestartSec", "out of range"},
	{"1e300", "RestartSec", "out of range"},
	{"inf", "RestartSec", "out of range"},
	{"nan", "RestartSec", "out of range"},
	{"uint64 18446744073710", "RestartSec", "out of range"},
};

static void test_bad(void **state)
{
	const __typeof__(*bad) *row = *state;
	struct property property;
	struct err err = {0};
	int r;

	r = property_parse(row->property ? row->property : "X", row->text, &property, &err);
	if (r == 0) {
		r = property_check(bus, &property, &err);
		property_free(&property);
	}
	assert_true(r < 0);
	assert_int_equal(err.code, r);
	if (!strstr(err.msg, row->error))
		fail_msg("\"%s\" is not in: %s", row->error, err.msg);
}

int main(void)
{
	int failed;

	alarm(60);
	/* A message wants a bus, even one that is connected to nobody. */
	if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, "unixexec:path=sleep,argv1=60") < 0 ||
	    sd_bus_start(bus) < 0)
		return 1;
	failed = run_table("taken", good, test_good);
	failed += run_table("refused", bad, test_bad);
	sd_bus_close(bus);
	sd_bus_unref(bus);
	return failed;
}
