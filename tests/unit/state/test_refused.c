// SPDX-License-Identifier: Apache-2.0
/* Refused calls of a user, as a text. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "state/why/refused.h"

static struct crl_refusals r, back;
static char text[1u << 16];

static struct crl_refused one(int nr, int64_t when)
{
	struct crl_refused c = {.first_ms = when,
				.last_ms = when,
				.count = 1,
				.how = CRL_REFUSED,
				.arch = 0xc000003e,
				.nr = nr,
				.arg = {1, 0x5412, UINT64_MAX}};

	(void)snprintf(c.id, sizeof(c.id), "abcd2345");
	(void)snprintf(c.policy, sizeof(c.policy), "shared");
	(void)snprintf(c.program, sizeof(c.program), "prog\\x20a");
	return c;
}

static void begin(void)
{
	r = (struct crl_refusals){.len = 0};
	(void)snprintf(r.user, sizeof(r.user), "ana");
}

static void add(int nr, int64_t when)
{
	const struct crl_refused c = one(nr, when);

	crl_refusals_add(&r, &c);
}

static void test_same_kind_is_counted(void **state)
{
	(void)state;
	begin();
	add(16, 1);
	add(17, 2);
	add(16, 3);
	assert_int_equal(r.len, 2);
	assert_int_equal(r.item[1].nr, 16); /* the last */
	assert_int_equal(r.item[1].count, 2);
	assert_int_equal(r.item[1].first_ms, 1);
	assert_int_equal(r.item[1].last_ms, 3);
}

/* keeps: state/why/refused R2 */
static void test_bounded(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 3 * CRL_REFUSED_MAX; i++)
		add(i, i);
	assert_int_equal(r.len, CRL_REFUSED_MAX);
	assert_int_equal(r.item[0].nr, 2 * CRL_REFUSED_MAX);
	assert_int_equal(r.item[CRL_REFUSED_MAX - 1].nr, 3 * CRL_REFUSED_MAX - 1);
}

/* Field by field: what lies between them is the compiler's. */
static void same(const struct crl_refused *a, const struct crl_refused *b)
{
	assert_int_equal(a->first_ms, b->first_ms);
	assert_int_equal(a->last_ms, b->last_ms);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->how, b->how);
	assert_int_equal(a->arch, b->arch);
	assert_int_equal(a->nr, b->nr);
	assert_memory_equal(a->arg, b->arg, sizeof(a->arg));
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->policy, b->policy);
	assert_string_equal(a->program, b->program);
}

static void test_text_reads_back(void **state)
{
	int n;

	(void)state;
	begin();
	add(-1, 5);
	add(435, 6);
	r.item[1].how = CRL_WOULD_BE_REFUSED;
	n = crl_refusals_print(&r, text, sizeof(text));
	assert_true(n > 0);
	assert_int_equal(crl_refusals_parse(text, (size_t)n, &back), 0);
	assert_string_equal(r.user, back.user);
	assert_int_equal(back.len, 2);
	for (size_t i = 0; i < r.len; i++)
		same(&r.item[i], &back.item[i]);
	assert_int_equal(crl_refusals_print(&r, text, 60), -EMSGSIZE);
}

/* keeps: state/why/refused R1 */
static void test_broken_texts(void **state)
{
	static const char *const bad[] = {
		"",
		"carrel-refused 2 0 ana\n",
		"carrel-refused 1 0 ana",
		"carrel-refused 1 0 \n",
		"carrel-refused 1 65 ana\n",
		"carrel-refused 1 1 ana\n",
		"carrel-refused 1 0 ana\nmore\n",
		"carrel-refused 1 1 ana\n1 1 0 refused c000003e 10 1 1 1 id shared prog\n",
		"carrel-refused 1 1 ana\n1 1 1 nonsense c000003e 10 1 1 1 id shared prog\n",
		"carrel-refused 1 1 ana\n1 1 1 refused c000003e 10 1 1 1 id ../shared prog\n",
		"carrel-refused 1 1 ana\n1 1 1 refused c000003e 10 1 1 1 id shared pr\033og\n",
		"carrel-refused 1 1 ana\n1 1 1 refused c000003e 10 1 1 1 id shared\n",
		"carrel-refused 1 1 ana\n1 1 1 refused c000003e 10 1 1 1 id shared prog more\n",
		"carrel-refused 1 1 ana\n1 1 1 refused c000003e 1ffffffff 1 1 1 id shared prog\n",
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		(void)snprintf(text, sizeof(text), "%s", bad[i]);
		assert_int_equal(crl_refusals_parse(text, strlen(bad[i]), &back), -EBADMSG);
		assert_int_equal(back.len, 0);
	}
}

static void count(void *arg, uint32_t uid, const struct crl_refusals *its)
{
	(void)its;
	*(uint32_t *)arg += uid;
}

static void test_old_ones_are_swept(void **state)
{
	static const char *const left[] = {"refused/1", "refused/4", "refused", ""};
	char place[] = "/tmp/test_refused.XXXXXX";
	const time_t now = time(NULL), aged = now - (CRL_REFUSED_DAYS + 1) * 86400;
	const struct timespec old[2] = {{.tv_sec = aged}, {.tv_sec = aged}};
	const struct timespec ahead[2] = {{.tv_sec = now + 3600}, {.tv_sec = now + 3600}};
	uint32_t sum = 0;
	int top, fd;

	(void)state;
	begin();
	add(16, 1);
	assert_non_null(mkdtemp(place));
	top = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(crl_refused_open(top, true, &fd), 0);
	for (uint32_t uid = 1; uid <= 4; uid *= 2)
		assert_int_equal(crl_refused_merge(fd, uid, &r), 0);
	assert_int_equal(utimensat(fd, "2", old, 0), 0);
	assert_int_equal(utimensat(fd, "4", ahead, 0), 0);
	close(openat(fd, "4.77", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); /* half a file, by a clock that was wrong */
	assert_int_equal(utimensat(fd, "4.77", ahead, 0), 0);
	crl_refused_sweep(top);
	assert_int_equal(crl_refused_users(top, count, &sum), 0);
	assert_int_equal(sum, 5);
	assert_int_equal(faccessat(fd, "4.77", F_OK, 0), -1);
	close(fd);
	close(top);
	for (size_t i = 0; i < CRL_ARRAY_LEN(left); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/%s", place, left[i]);
		assert_int_equal(remove(path), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_kind_is_counted), cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_text_reads_back),      cmocka_unit_test(test_broken_texts),
		cmocka_unit_test(test_old_ones_are_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
