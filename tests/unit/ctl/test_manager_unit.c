// SPDX-License-Identifier: Apache-2.0
/* What systemd says of user@UID.service, as systemctl of systemd 252 prints it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ctl/host/manager_unit.h"

#define HELPER "/usr/libexec/carrel/carrel-helper"
#define TIMES " ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\n"
#define ASKS "ExecCondition={ path=" HELPER " ; argv[]=" HELPER " --may-have-manager 1000 ; ignore_errors=no" TIMES

static void is(const char *text, enum ctl_manager_unit want)
{
	enum ctl_manager_unit got = ctl_manager_unit_read(text, HELPER);

	if (got != want)
		fail_msg("%d, not %d: %s", (int)got, (int)want, text);
}

static void test_answers(void **state)
{
	(void)state;
	is("LoadState=loaded\n" ASKS, MANAGER_GUARDED);
	is(ASKS "LoadState=loaded\n", MANAGER_GUARDED);
	is("ExecCondition={ path=/bin/true ; argv[]=/bin/true ; ignore_errors=no" TIMES ASKS "LoadState=loaded\n",
	   MANAGER_GUARDED);
	is("LoadState=masked\n", MANAGER_GUARDED);
	is("LoadState=not-found\n", MANAGER_GUARDED);
	is("LoadState=loaded\n", MANAGER_UNGUARDED);
	is("LoadState=loaded\nExecCondition=\n", MANAGER_UNGUARDED);
}

static void test_what_does_not_count(void **state)
{
	(void)state;
	is("LoadState=loaded\nExecCondition={ path=/bin/true ; argv[]=/bin/true ; ignore_errors=no" TIMES,
	   MANAGER_UNGUARDED);
	is("LoadState=loaded\nExecStart={ path=" HELPER " ; argv[]=" HELPER
	   " --may-have-manager 1000 ; ignore_errors=no" TIMES,
	   MANAGER_UNGUARDED);
	is("LoadState=loaded\nExecCondition={ path=" HELPER " ; argv[]=" HELPER
	   " --may-have-manager 1000 ; ignore_errors=yes" TIMES,
	   MANAGER_UNGUARDED);
	is("LoadState=loaded\nExecCondition={ path=" HELPER " ; argv[]=" HELPER " --sweep ; ignore_errors=no" TIMES,
	   MANAGER_UNGUARDED);
	is("LoadState=loaded\nExecCondition={ path=/tmp/x" HELPER " ; argv[]=" HELPER
	   " --may-have-manager 1 ; ignore_errors=no" TIMES,
	   MANAGER_UNGUARDED);
	is("", MANAGER_UNKNOWN);
	is("Failed to connect to bus", MANAGER_UNKNOWN);
	is("XLoadState=masked\n", MANAGER_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_what_does_not_count)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
