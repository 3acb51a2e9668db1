// SPDX-License-Identifier: Apache-2.0
/* What ld.so.cache leads to where directories may be a user's; and a cache that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "plan/mounts/plan.h"

#define HEAD 48u
#define ENTRY 24u

struct cache {
	char bytes[65536];
	size_t len;
	uint32_t entries;
	uint32_t text; /* where the next one goes */
};

static void put32(struct cache *c, size_t at, uint32_t value)
{
	memcpy(c->bytes + at, &value, sizeof(value));
}

/* As ldconfig(8) writes them. */
static void begin(struct cache *c, uint32_t entries)
{
	memset(c, 0, sizeof(*c));
	memcpy(c->bytes, "glibc-ld.so.cache1.1", 20);
	put32(c, 20, entries);
	c->text = HEAD + entries * ENTRY;
	c->len = c->text;
}

static void add(struct cache *c, const char *path)
{
	size_t at = HEAD + c->entries++ * ENTRY, len = strlen(path) + 1;

	put32(c, at + 4, c->text);
	put32(c, at + 8, c->text);
	memcpy(c->bytes + c->text, path, len);
	c->text += (uint32_t)len;
	c->len = c->text;
}

static void assert_taken(const struct cache *c, size_t len, size_t want)
{
	/* Its end is the end of what may be read. */
	scoped_free char *copy = malloc(len ? len : 1);
	scoped(crl_host) host = {0};

	assert_non_null(copy);
	memcpy(copy, c->bytes, len);
	assert_int_equal(crl_host_take_libraries(&host, copy, len), 0);
	assert_int_equal(host.libraries_len, want);
}

static void test_what_may_be_a_users(void **state)
{
	static struct cache c;
	scoped(crl_host) host = {0};

	(void)state;
	begin(&c, 5);
	add(&c, "/lib/x86_64-linux-gnu/libc.so.6");
	add(&c, "/usr/local/lib/libx.so.1");
	add(&c, "/usr/lib/libx.so.1");
	add(&c, "/opt/vendor/lib/libnss_x.so.2");
	add(&c, "/usr/local/lib/libx.so.1");
	assert_int_equal(crl_host_take_libraries(&host, c.bytes, c.len), 0);
	assert_int_equal(host.libraries_len, 2);
	assert_string_equal(host.libraries[0], "/usr/local/lib/libx.so.1");
	assert_string_equal(host.libraries[1], "/opt/vendor/lib/libnss_x.so.2");
}

static void test_behind_the_old_table(void **state)
{
	static struct cache c;
	static char both[sizeof(c.bytes) + 64];
	scoped(crl_host) host = {0};

	(void)state;
	begin(&c, 1);
	add(&c, "/opt/libx.so");
	memcpy(both, "ld.so-1.7.0", 11);
	memcpy(both + 64, c.bytes, c.len);
	assert_int_equal(crl_host_take_libraries(&host, both, 64 + c.len), 0);
	assert_int_equal(host.libraries_len, 1);
}

static void test_none(void **state)
{
	static struct cache c;

	(void)state;
	begin(&c, 1);
	add(&c, "/opt/libx.so");
	for (size_t len = 0; len < c.len; len++) /* cut anywhere: nothing is read behind the end */
		assert_taken(&c, len, 0);
	assert_taken(&c, c.len, 1);
	put32(&c, HEAD + 8, 0xfffffff0);
	assert_taken(&c, c.len, 0);
	put32(&c, 20, 0x10000000);
	assert_taken(&c, c.len, 0);
	c.bytes[0] = 'x';
	assert_taken(&c, c.len, 0);
}

static void test_many(void **state)
{
	static struct cache c;
	scoped(crl_host) host = {0};
	char path[64];

	(void)state;
	begin(&c, 1000);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(path, sizeof(path), "/opt/lib/lib%d.so", i);
		add(&c, path);
	}
	assert_int_equal(crl_host_take_libraries(&host, c.bytes, c.len), 0);
	assert_int_equal(host.libraries_len, 257);
	assert_string_equal(host.libraries[256], "/opt/lib");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_may_be_a_users),
		cmocka_unit_test(test_behind_the_old_table),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
