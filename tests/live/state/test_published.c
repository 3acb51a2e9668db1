// SPDX-License-Identifier: Apache-2.0
/* Files of published policies, written by several at once. Needs root: they are given to users. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../unit/scratch.h"
#include "state/published.h"

#define WRITERS 4
#define ROUNDS 60
#define FIRST_UID 4001u

static struct crl_err err;

static void describe(struct crl_published *p, uint32_t uid)
{
	*p = (struct crl_published){.uid = uid, .gid = uid};
	assert_int_equal(crl_policy_init(&p->policy), 0);
	(void)snprintf(p->user, sizeof(p->user), "u%u", uid);
	(void)snprintf(p->home, sizeof(p->home), "/home/u%u", uid);
	(void)strcpy(p->shell, "/bin/sh");
}

/* Exit status: how many were not written. */
static _Noreturn void write_many(const char *dir, uint32_t uid)
{
	static struct crl_published p;
	int failed = 0;

	describe(&p, uid);
	for (int i = 0; i < ROUNDS; i++)
		if (crl_published_write(dir, &p, true, &err) < 0)
			failed++;
	_exit(failed);
}

/* keeps: state/published R3 */
static void test_race(void **state)
{
	static struct crl_published back;
	char dir[256];
	int status, entries = 0;
	pid_t pid[WRITERS];
	DIR *list;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s", at("shell"));
	for (uint32_t i = 0; i < WRITERS; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0)
			write_many(dir, FIRST_UID + i / 2); /* two for each */
	}
	for (size_t i = 0; i < WRITERS; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	for (uint32_t uid = FIRST_UID; uid < FIRST_UID + WRITERS / 2; uid++) {
		assert_int_equal(crl_published_read(dir, uid, &back, &err), 0);
		assert_int_equal(back.uid, uid);
		crl_published_done(&back);
	}
	list = opendir(dir);
	assert_non_null(list);
	for (const struct dirent *e; (e = readdir(list));)
		entries += e->d_name[0] != '.' || strlen(e->d_name) > 2;
	(void)closedir(list);
	assert_int_equal(entries, WRITERS / 2); /* nothing is left beside them */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_race)};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
