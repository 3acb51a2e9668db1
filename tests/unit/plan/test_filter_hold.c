// SPDX-License-Identifier: Apache-2.0
/*
 * Filters of rooms whose home a project quota holds: by a machine for all doors, and in this machine's kernel.
 */
#include "tests/unit/kernel.h"
#include "tests/unit/plan/door_i386.h"
#include "tests/unit/plan/filter_lab.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define HIGH 0x100000000ull
#define IOCTL 16 /* of x86-64 */
#define X32 0x40000000
#define IOCTL_X32 514
#define FILE_SETATTR 469
#define I386_IOCTL 54

static const struct crl_filter_room held = {.holds_projects = true, .arch = X86_64}, here = {.holds_projects = true};
static struct crl_sysgroups groups;
static struct crl_filter filter; /* of the shipped @login */
static struct crl_filter alone; /* of a policy without one */

/* As the kernel's headers have them for a 64-bit and a 32-bit program. */
static const uint32_t refused[] = {0x401c5820, 0x40086602, 0x40046602};
static const uint32_t left[] = {
	TCGETS, FIONREAD, FS_IOC_GETFLAGS, FS_IOC32_GETFLAGS, FS_IOC_FSGETXATTR, FICLONE, FS_IOC_FIEMAP,
};

static int load(void **state)
{
	struct crl_seccomp s = lab_wish();

	(void)state;
	if (lab_load_groups(&groups) < 0 || crl_filter_compile(&s, &groups, &held, &filter, NULL) < 0)
		return -1;
	return crl_filter_compile(&(struct crl_seccomp){.base = ""}, &groups, &held, &alone, NULL);
}

static int unload(void **state)
{
	(void)state;
	crl_sysgroups_done(&groups);
	return 0;
}

static void check_door(const struct crl_filter *f, uint32_t arch, int nr)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(refused); i++)
		for (uint64_t high = 0; high <= HIGH; high += HIGH)
			assert_int_equal(lab_ask(f, arch, nr, (const uint64_t[6]){0, high | refused[i]}),
					 ERRNO(EOPNOTSUPP));
	for (size_t i = 0; i < CRL_ARRAY_LEN(left); i++)
		assert_int_equal(lab_ask(f, arch, nr, (const uint64_t[6]){0, left[i]}), ALLOW);
}

/* keeps: plan/filter/hold R1 */
static void test_login(void **state)
{
	(void)state;
	check_door(&filter, X86_64, IOCTL);
	check_door(&filter, I386, I386_IOCTL);
	assert_int_equal(lab_ask(&filter, X86_64, IOCTL, (const uint64_t[6]){0, TIOCSTI}), ERRNO(EPERM));
	assert_int_equal(lab_ask(&filter, X86_64, FILE_SETATTR, NULL), ERRNO(ENOSYS));
	assert_int_equal(lab_ask(&filter, I386, FILE_SETATTR, NULL), ERRNO(ENOSYS));
	assert_int_equal(lab_ask(&filter, X86_64, IOCTL | X32, NULL), ERRNO(ENOSYS));
	assert_int_equal(lab_ask(&filter, X86_64, IOCTL_X32 | X32, NULL), ERRNO(ENOSYS));
	assert_int_equal(lab_ask(&filter, X86_64, IOCTL_X32, NULL), ERRNO(ENOSYS));
}

/* A policy that allows ioctl by its name, or the newer call, opens all of it but this. */
static void test_allowed_by_name(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();
	struct crl_strv allow = STRV((char[]){"ioctl"}, (char[]){"@later-newer"});
	struct crl_strv calls = STRV((char[]){"file_setattr=469"});
	struct crl_sysgroup *more = calloc(groups.len + 1, sizeof(*more));
	struct crl_sysgroups with = {.item = more, .len = groups.len + 1};

	(void)state;
	assert_non_null(more);
	memcpy(more, groups.item, groups.len * sizeof(*more));
	more[groups.len] = (struct crl_sysgroup){allow.item[1], CRL_ANSWER_ALLOW, calls};
	s.allow = allow;
	assert_int_equal(crl_filter_compile(&s, &with, lab_room(0), &f, NULL), 0);
	assert_int_equal(lab_ask(&f, X86_64, FILE_SETATTR, NULL), ALLOW);
	assert_int_equal(lab_ask(&f, X86_64, IOCTL, (const uint64_t[6]){0, refused[0]}), ALLOW);
	assert_int_equal(crl_filter_compile(&s, &with, &held, &f, NULL), 0);
	assert_int_equal(lab_ask(&f, X86_64, FILE_SETATTR, NULL), ERRNO(ENOSYS));
	assert_int_equal(lab_ask(&f, I386, FILE_SETATTR, NULL), ERRNO(ENOSYS));
	check_door(&f, X86_64, IOCTL);
	check_door(&f, I386, I386_IOCTL);
	assert_int_equal(lab_ask(&f, X86_64, IOCTL, (const uint64_t[6]){0, TIOCSTI}), ALLOW);
	assert_int_equal(lab_ask(&f, I386, I386_IOCTL, (const uint64_t[6]){0, TIOCSTI}), ALLOW);
	free(more);
}

/* Without a wish of the policy's all else is as without a filter. */
static void test_alone(void **state)
{
	(void)state;
	assert_in_range(alone.len, 1, 64);
	check_door(&alone, X86_64, IOCTL);
	check_door(&alone, X86_64, IOCTL | X32);
	check_door(&alone, X86_64, IOCTL_X32 | X32);
	check_door(&alone, X86_64, IOCTL_X32);
	check_door(&alone, I386, I386_IOCTL);
	for (int nr = 0; nr < 1024; nr++) {
		const uint64_t zero[6] = {0};
		uint32_t want = nr == FILE_SETATTR ? ERRNO(ENOSYS) : ALLOW;

		assert_int_equal(lab_ask(&alone, X86_64, nr, zero), want);
		assert_int_equal(lab_ask(&alone, X86_64, nr | X32, zero), want);
		assert_int_equal(lab_ask(&alone, I386, nr, zero), want);
	}
}

static void test_nobody_else(void **state)
{
	static struct crl_filter f;
	struct crl_seccomp s = lab_wish();

	(void)state;
	assert_int_equal(crl_filter_compile(&s, &groups, lab_room(0), &f, NULL), 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(refused); i++)
		assert_int_equal(lab_ask(&f, X86_64, IOCTL, (const uint64_t[6]){0, refused[i]}), ALLOW);
	assert_int_equal(crl_filter_compile(&(struct crl_seccomp){.base = ""}, &groups, lab_room(0), &f, NULL), 0);
	assert_int_equal(f.len, 0);
}

/* Returns 0, or the number of the line that was not as expected. */
static int try_here(struct crl_filter *f, int file, bool i386)
{
	struct sock_fprog program = {.len = (unsigned short)f->len, .filter = f->insn};
	struct fsxattr x = {0};
	int flags = 0, again;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return __LINE__;
	if (ioctl(file, FS_IOC_FSGETXATTR, &x) < 0 && errno == EPERM)
		return __LINE__;
	if (ioctl(file, FS_IOC_FSSETXATTR, &x) != -1 || errno != EOPNOTSUPP)
		return __LINE__;
	if (ioctl(file, FS_IOC_SETFLAGS, &flags) != -1 || errno != EOPNOTSUPP)
		return __LINE__;
	if (ioctl(file, FS_IOC32_SETFLAGS, &flags) != -1 || errno != EOPNOTSUPP)
		return __LINE__;
	if (syscall(FILE_SETATTR, file, "", &x, sizeof(x), 0x1000) != -1 || errno != ENOSYS)
		return __LINE__;
	again = open("/dev/null", O_RDONLY); /* and work goes on */
	if (again < 0)
		return __LINE__;
	if (!i386)
		return 0;
	for (size_t i = 0; i < CRL_ARRAY_LEN(refused); i++)
		if (call_i386(I386_IOCTL, file, refused[i], 0) != -EOPNOTSUPP)
			return __LINE__;
	return call_i386(FILE_SETATTR, file, 0, 0) == -ENOSYS ? 0 : __LINE__;
}

static void test_kernel(void **state)
{
	static struct crl_filter own[2]; /* of this machine's, as filter and alone are of x86-64 */
	const struct crl_seccomp none = {.base = ""}, login = lab_wish();
	char path[] = "/var/tmp/carrel-hold-XXXXXX"; /* on a disk, where flags are */
	int file = mkstemp(path);
	bool i386 = has_i386();

	(void)state;
	needs_filters();
	assert_true(file >= 0 && unlink(path) == 0);
	assert_int_equal(crl_filter_compile(&login, &groups, &here, &own[0], NULL), 0);
	assert_int_equal(crl_filter_compile(&none, &groups, &here, &own[1], NULL), 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(own); i++) {
		pid_t pid = fork();
		int status = 1;

		assert_true(pid >= 0);
		if (pid == 0) {
			int line = try_here(&own[i], file, i386);

			if (line)
				(void)dprintf(2, "line %d: %s\n", line, strerror(errno));
			_exit(line != 0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	assert_int_equal(close(file), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login),  cmocka_unit_test(test_allowed_by_name),
		cmocka_unit_test(test_alone),  cmocka_unit_test(test_nobody_else),
		cmocka_unit_test(test_kernel),
	};

	return cmocka_run_group_tests_name("plan/filter/hold", tests, load, unload);
}
