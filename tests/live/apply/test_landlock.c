// SPDX-License-Identifier: Apache-2.0
/* A kernel without Landlock, made by a filter that answers ENOSYS; and the reach of carrel-bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "apply/landlock.h"

static char dir[] = "/tmp/carrel-landlock-XXXXXX";
static char products[PATH_MAX]; /* where the build put them */

/* Exit status of a child; what it says goes to @ret_text. */
static int in_child(int (*body)(void), char *ret_text, size_t size)
{
	size_t used = 0;
	int pair[2], status;
	pid_t pid;

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(pair[1], STDOUT_FILENO);
		(void)dup2(pair[1], STDERR_FILENO);
		_exit(body());
	}
	(void)close(pair[1]);
	for (ssize_t n; used + 1 < size && (n = read(pair[0], ret_text + used, size - 1 - used)) > 0;)
		used += (size_t)n;
	ret_text[used] = '\0';
	(void)close(pair[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static bool lose_landlock(uint32_t answer)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_landlock_create_ruleset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = {CRL_ARRAY_LEN(code), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) == 0;
}

static int enter_without(void)
{
	const struct crl_reach nothing = {NULL, 0};
	struct crl_err err = {0};

	if (!lose_landlock(ENOSYS) || crl_landlock_version() != 0 || crl_landlock_enter(&nothing, &err) != 1 ||
	    err.code != 0)
		return 1;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : 2;
}

/* Out of memory is no kernel without it: what was promised cannot be kept, and that is said. */
static int enter_failing(void)
{
	const struct crl_reach nothing = {NULL, 0};
	struct crl_err err = {0};

	if (!lose_landlock(ENOMEM) || crl_landlock_version() != -ENOMEM)
		return 1;
	return crl_landlock_enter(&nothing, &err) == -ENOMEM && err.code == ENOMEM ? 0 : 2;
}

static int check_without(void)
{
	char path[PATH_MAX + 16];

	(void)snprintf(path, sizeof(path), "%s/carrelctl", products);
	if (!lose_landlock(EOPNOTSUPP))
		return 99;
	(void)execl(path, "carrelctl", "check", (char *)NULL);
	return 98;
}

static int check_with(void)
{
	char path[PATH_MAX + 16];

	(void)snprintf(path, sizeof(path), "%s/carrelctl", products);
	(void)execl(path, "carrelctl", "check", (char *)NULL);
	return 98;
}

static void test_kernel_without(void **state)
{
	char text[16384];

	(void)state;
	assert_int_equal(in_child(enter_without, text, sizeof(text)), 0);
	assert_int_equal(in_child(enter_failing, text, sizeof(text)), 0);
	(void)in_child(check_without, text, sizeof(text)); /* what else it finds here is not our business */
	assert_non_null(strstr(text, "Landlock"));
	if (crl_landlock_version() > 0) {
		(void)in_child(check_with, text, sizeof(text));
		assert_null(strstr(text, "Landlock"));
		assert_non_null(strstr(text, "errors"));
	}
}

/* Nothing at all is named: neither reading nor anything else, but looking. */
static int enter_nothing(void)
{
	const struct crl_reach nothing = {NULL, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || crl_landlock_enter(&nothing, NULL) != 0)
		return 1;
	if (open("/", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 2;
	return access("/etc/passwd", F_OK) == 0 ? 0 : 3;
}

/* A file as a place: reading and no more. */
static int enter_file(void)
{
	const struct crl_reach_place place = {open("/etc/passwd", O_PATH | O_CLOEXEC),
					      CRL_REACH_READ | CRL_REACH_FILES};
	const struct crl_reach one = {&place, 1};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || crl_landlock_enter(&one, NULL) != 0)
		return 1;
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0)
		return 2;
	return open("/etc/passwd", O_WRONLY | O_CLOEXEC) < 0 && errno == EACCES ? 0 : 3;
}

static void test_places(void **state)
{
	char text[256];

	(void)state;
	if (crl_landlock_version() == 0) {
		(void)fprintf(stderr, "skipped: this kernel has no Landlock\n");
		skip();
	}
	assert_int_equal(in_child(enter_nothing, text, sizeof(text)), 0);
	assert_int_equal(in_child(enter_file, text, sizeof(text)), 0);
}

/* The bus's address may name a program to talk to: the environment is empty in use, here it shows what could be done. */
static int start_bus(void)
{
	char path[PATH_MAX + 16], address[128];

	(void)snprintf(path, sizeof(path), "%s/carrel-bus", products);
	(void)snprintf(address, sizeof(address), "unixexec:path=/bin/touch,argv0=touch,argv1=%s/made", dir);
	(void)setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
	(void)execl(path, "carrel-bus", "set", "x.slice", "TasksMax=1", (char *)NULL);
	return 98;
}

static void test_bus(void **state)
{
	char path[PATH_MAX + 16], text[1024];
	int status;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/carrel-bus", products);
	if (crl_landlock_version() == 0 || access(path, X_OK) != 0) {
		(void)fprintf(stderr, "skipped: no Landlock, or built without sd-bus\n");
		skip();
	}
	status = in_child(start_bus, text, sizeof(text));
	(void)snprintf(path, sizeof(path), "%s/made", dir);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_not_equal(status, 0);
	assert_int_not_equal(status, 98);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernel_without),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_bus),
	};
	char *tail;
	int rc;

	(void)argc;
	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: needs root\n");
		return 77;
	}
	if (!mkdtemp(dir) || !realpath(argv[0], products))
		return 1;
	tail = strstr(products, "/tests/live/");
	if (!tail)
		return 1;
	*tail = '\0';
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(dir);
	return rc;
}
