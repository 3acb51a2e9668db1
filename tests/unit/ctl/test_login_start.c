// SPDX-License-Identifier: Apache-2.0
/* Which login a process belongs to: tables of processes as hosts have them. The trial begins at 1000 ms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/conf/login_start.h"

#define SELF 99
#define NONE CTL_NO_SESSION
#define SSHD CTL_PROGRAM_SSHD
#define LISTENER CTL_PROGRAM_LISTENER
#define LOGIN CTL_PROGRAM_LOGIN

struct table {
	const char *name;
	struct ctl_process all[8]; /* pid, parent, start, session, program */
	int64_t want; /* start, or -ENOENT */
};

static const struct table tables[] = {
	{"SSH as a user: sshd's monitor",
	 {{10, 1, 5, NONE, LISTENER},
	  {20, 10, 2000, 7, SSHD},
	  {21, 20, 2100, 7, SSHD},
	  {30, 21, 2200, 7, 0},
	  {SELF, 30, 3000, 7, 0}},
	 2000},
	{"SSH as root, no audit",
	 {{10, 1, 5, NONE, LISTENER}, {20, 10, 2000, NONE, SSHD}, {30, 20, 2200, NONE, 0}, {SELF, 30, 3000, NONE, 0}},
	 2000},
	{"a new shell over an old connection",
	 {{10, 1, 5, NONE, LISTENER}, {20, 10, 500, 7, SSHD}, {30, 20, 2200, 7, 0}, {SELF, 30, 3000, 7, 0}},
	 500},
	{"sshd from a socket unit",
	 {{20, 1, 2000, NONE, SSHD}, {30, 20, 2100, NONE, 0}, {SELF, 30, 3000, NONE, 0}},
	 2000},
	{"the listener was started anew, the login is old",
	 {{11, 1, 1500, NONE, LISTENER}, {20, 1, 500, NONE, SSHD}, {30, 20, 600, NONE, 0}, {SELF, 30, 3000, NONE, 0}},
	 500},
	{"a service of the listener's own", {{10, 1, 5, NONE, LISTENER}, {SELF, 10, 3000, NONE, 0}}, -ENOENT},
	{"su with a session of its own, in an old login",
	 {{10, 1, 5, NONE, LISTENER},
	  {20, 10, 500, 7, SSHD},
	  {30, 20, 600, 7, 0},
	  {40, 30, 2000, 8, 0},
	  {SELF, 40, 3000, 8, 0}},
	 500},
	{"setsid in an old login: the audit session tells",
	 {{10, 1, 5, NONE, LISTENER}, {20, 10, 500, 7, SSHD}, {30, 20, 600, 7, 0}, {SELF, 1, 3000, 7, 0}},
	 500},
	{"setsid, no audit",
	 {{10, 1, 5, NONE, LISTENER}, {20, 10, 2000, NONE, SSHD}, {SELF, 1, 3000, NONE, 0}},
	 -ENOENT},
	{"tmux of a new login: the audit session tells",
	 {{10, 1, 5, NONE, LISTENER},
	  {20, 10, 2000, 7, SSHD},
	  {40, 1, 2100, 7, 0},
	  {41, 40, 2200, 7, 0},
	  {SELF, 41, 3000, 7, 0}},
	 2000},
	{"tmux of an old login that has gone",
	 {{40, 1, 2000, 7, 0}, {41, 40, 2200, 7, 0}, {SELF, 41, 3000, 7, 0}},
	 -ENOENT},
	{"ssh to this host in an old login",
	 {{10, 1, 5, NONE, LISTENER},
	  {20, 10, 500, 7, SSHD},
	  {30, 20, 600, 7, 0},
	  {25, 10, 2000, 8, SSHD},
	  {35, 25, 2100, 8, 0},
	  {SELF, 35, 3000, 8, 0}},
	 2000},
	{"a console: login is as old as its getty, its child is not",
	 {{15, 1, 50, 7, LOGIN}, {30, 15, 2000, 7, 0}, {SELF, 30, 3000, 7, 0}},
	 2000},
	{"an old console login", {{15, 1, 50, 7, LOGIN}, {30, 15, 500, 7, 0}, {SELF, 30, 3000, 7, 0}}, 500},
	{"login started in a shell",
	 {{12, 5, 60, 7, 0}, {15, 12, 1500, 8, LOGIN}, {30, 15, 2000, 8, 0}, {SELF, 30, 3000, 8, 0}},
	 -ENOENT},
	{"sshd started in a shell serves one connection",
	 {{12, 5, 60, 7, 0}, {20, 12, 2000, 8, SSHD}, {30, 20, 2100, 8, 0}, {SELF, 30, 3000, 8, 0}},
	 -ENOENT},
	{"cron", {{14, 1, 50, NONE, 0}, {24, 14, 2000, 9, 0}, {SELF, 24, 3000, 9, 0}}, -ENOENT},
	{"no session is no common one",
	 {{10, 1, 5, NONE, LISTENER}, {20, 10, 2000, NONE, SSHD}, {SELF, 1, 3000, NONE, 0}},
	 -ENOENT},
	{"in a room nobody is an ancestor", {{SELF, 0, 3000, 7, 0}}, -ENOENT},
	{"not in the table", {{10, 1, 5, NONE, LISTENER}}, -ENOENT},
};

static void test_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(tables); i++) {
		uint64_t start = 0;
		size_t n = 0;
		int rc;

		while (n < CRL_ARRAY_LEN(tables[i].all) && tables[i].all[n].pid != 0)
			n++;
		rc = ctl_login_start(tables[i].all, n, SELF, &start);
		if ((rc < 0 ? rc : (int64_t)start) != tables[i].want)
			fail_msg("%s: %d, %llu", tables[i].name, rc, (unsigned long long)start);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_tables)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
