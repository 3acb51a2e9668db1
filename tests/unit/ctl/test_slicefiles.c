// SPDX-License-Identifier: Apache-2.0
/* Which limits systemd's files have for users' slices, and which of them count again after a reload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/scope.h"
#include "ctl/host/slicefiles.h"
#include "tests/unit/scratch.h"

static char got[2000];

static void note(void *arg, const struct ctl_slice_limit *limit)
{
	size_t len = strlen(got);

	(void)arg;
	(void)snprintf(got + len, sizeof(got) - len, "%s:%d %s %s%s%s\n", limit->path, limit->line, limit->text,
		       limit->key, limit->wins ? " wins" : "", limit->shipped ? " shipped" : "");
}

static const char *all(void)
{
	got[0] = '\0';
	ctl_slice_limits_each(scratch, note, NULL);
	return got;
}

static void put(const char *dir, const char *name, const char *text)
{
	scoped_free char *command = NULL;
	char path[200];

	assert_true(asprintf(&command, "mkdir -p '%s/%s'", scratch, dir) > 0);
	assert_int_equal(system(command), 0);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	write_file(path, text);
}

static int empty(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf -- %s/*", scratch);
	return system(command);
}

#define ETC "etc/systemd/system/"
#define SHIPPED "usr/lib/systemd/system/"

static void nothing_is_said(void **state)
{
	(void)state;
	assert_string_equal(all(), "");
	put(ETC "user-.slice.d", "90-x.conf",
	    "# MemoryMax=1G\n[Unit]\nMemoryMax=1G\n[Slice]\nMemoryMax=\n;TasksMax=1\nMemory=1\n");
	put(ETC "user.slice.d", "90-x.conf", "[Slice]\nMemoryMax=1G\n"); /* of all users together */
	put(ETC "user-ana.slice.d", "90-x.conf", "[Slice]\nMemoryMax=1G\n"); /* of nobody */
	put(ETC "user-.slice.d", "90-x.txt", "[Slice]\nMemoryMax=1G\n");
	assert_string_equal(all(), "");
}

static void each_with_its_place(void **state)
{
	(void)state;
	put(ETC "user-.slice.d", "10-a.conf", "[Slice]\n\n MemoryMax = 1G # all of it\r\nTasksMax=33%\n");
	put(SHIPPED "user-.slice.d", "10-defaults.conf", "[Unit]\nAfter=x\n[Slice]\nTasksMax=33%\n");
	put(ETC "user-1000.slice.d", "10-a.conf", "[Slice]\nIOReadBandwidthMax=/home 5M\nCPUQuota=20%\n");
	assert_string_equal(all(), "/etc/systemd/system/user-.slice.d/10-a.conf:3 MemoryMax = 1G limits.memory\n"
				   "/etc/systemd/system/user-.slice.d/10-a.conf:4 TasksMax=33% limits.tasks\n"
				   "/etc/systemd/system/user-1000.slice.d/10-a.conf:2 IOReadBandwidthMax=/home 5M "
				   "limits.io.read\n"
				   "/etc/systemd/system/user-1000.slice.d/10-a.conf:3 CPUQuota=20% limits.cpu\n"
				   "/usr/lib/systemd/system/user-.slice.d/10-defaults.conf:4 TasksMax=33% limits.tasks "
				   "shipped\n");
}

/* carrel's own are 50-NAME.conf. */
static void what_wins(void **state)
{
	(void)state;
	put(ETC "user-.slice.d", "50-M.conf", "[Slice]\nMemoryMax=1\n");
	put(ETC "user-.slice.d", "50-Z.conf", "[Slice]\nMemoryMax=2\n");
	put(ETC "user-.slice.d", "50-MemoryMax.conf", "[Slice]\nMemoryMax=3\n");
	put("etc/systemd/system.control/user-7.slice.d", "50-MemoryMax.conf", "[Slice]\nMemoryMax=4\n");
	assert_string_equal(all(), "/etc/systemd/system.control/user-7.slice.d/50-MemoryMax.conf:2 MemoryMax=4 "
				   "limits.memory wins\n"
				   "/etc/systemd/system/user-.slice.d/50-M.conf:2 MemoryMax=1 limits.memory\n"
				   "/etc/systemd/system/user-.slice.d/50-MemoryMax.conf:2 MemoryMax=3 limits.memory\n"
				   "/etc/systemd/system/user-.slice.d/50-Z.conf:2 MemoryMax=2 limits.memory wins\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_is_said, empty),
		cmocka_unit_test_teardown(each_with_its_place, empty),
		cmocka_unit_test_teardown(what_wins, empty),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
