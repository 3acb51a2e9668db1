// SPDX-License-Identifier: Apache-2.0
/* What a host cannot give a policy, as far as any host answers alike. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/scope.h"
#include "ctl/conf/lacks.h"
#include "policy/file/load.h"
#include "tests/unit/scratch.h"

#define NO_GROUPS "groups = ( );\n"

static const char *groups = NO_GROUPS;

/* All lacks of one key, in lines. */
struct told {
	const char *key;
	char text[1000];
};

static void add(void *arg, const struct ctl_lack *lack)
{
	struct told *t = arg;
	size_t len = strlen(t->text);

	if (strcmp(lack->key, t->key) == 0)
		(void)snprintf(t->text + len, sizeof(t->text) - len, "%s: %s\n", lack->text,
			       ctl_lack_outcome(lack->need));
}

/* What is said about a key of a policy of these values. */
static void lacks(const char *values, const char *key, const char *want)
{
	struct told t = {.key = key};
	struct crl_config *config = NULL;
	scoped(crl_policy) policy = {0};
	struct crl_err err = {0};
	char text[600];

	(void)snprintf(text, sizeof(text),
		       "data_dir = \"%s\";\nrules = ( { policy = \"p\"; } );\npolicies = { p = { %s }; };\n", scratch,
		       values);
	write_file("carrel.conf", text);
	write_file("syscalls.conf", groups);
	if (crl_config_load(at("carrel.conf"), &config, &err) < 0 || crl_config_policy(config, "p", &policy, &err) < 0)
		fail_msg("%d: %s", err.line, err.text);
	ctl_find_lacks(config, &policy, add, &t);
	assert_string_equal(t.text, want);
	crl_config_free(config);
}

static void paths_that_are_not_there(void **state)
{
	(void)state;
	lacks("root = { bind = ( { source = \"/not/there\"; target = \"/mnt\"; } ); };", "root.bind",
	      "names /not/there, which is not there: the login is refused\n");
	lacks("root = { bind = ( { source = \"/not/there\"; target = \"/mnt\"; optional = true; } ); };", "root.bind",
	      "");
	lacks("root = { bind = ( { source = \"/not/%u\"; target = \"/mnt\"; } ); };", "root.bind",
	      ""); /* nobody knows */
	lacks("home = { mode = \"tmpfs\"; size = \"1M\"; skeleton = \"/not/there\"; };", "home.skeleton",
	      "names /not/there, which is not there: the login is refused\n");
	lacks("home = { mode = \"tmpfs\"; size = \"1M\"; skeleton = \"/etc\"; };", "home.skeleton", "");
}

static void devices_count_where_limits_do(void **state)
{
	(void)state;
	lacks("limits = { io = ( { path = \"/not/there\"; read = \"1M\"; } ); };", "limits.io",
	      "names /not/there, which is not there: the login is refused\n");
	lacks("limits = { io = ( { path = \"/not/there\"; read = \"1M\"; } ); }; features = { limits = \"off\"; };",
	      "limits.io", "");
}

/* Groups of the administrator's own: what every login needs, and what the last stage needs beyond that. */
static void filters_let_the_last_stage_pass(void **state)
{
	static const char text[] =
		"groups = (\n"
		"{ name = \"@start\"; answer = \"allow\"; calls = ( \"execve\", \"openat\", \"read\", \"pread64\", "
		"\"mmap\", \"mprotect\","
		"\"?arch_prctl\", \"setuid\", \"setgid\", \"setreuid\", \"setregid\", \"setresuid\", \"setresgid\","
		"\"setgroups\", \"setfsuid\", \"setfsgid\", \"setuid32\", \"setgid32\", \"setreuid32\", \"setregid32\","
		"\"setresuid32\", \"setresgid32\", \"setgroups32\", \"setfsuid32\", \"setfsgid32\", \"capset\" ); },\n"
		"{ name = \"@most\"; answer = \"allow\"; calls = ( \"@start\", \"close\", \"newfstatat\", \"fcntl\", "
		"\"recvmsg\", \"sendmsg\", \"poll\","
		"\"write\", \"ppoll\", \"rt_sigaction\", \"rt_sigprocmask\", \"rt_sigreturn\", \"ioctl\", \"dup\", "
		"\"dup2\","
		"\"pipe2\", \"clone\", \"wait4\", \"getrandom\", \"socket\", \"socketpair\", \"sendto\", \"recvfrom\","
		"\"getuid\", \"geteuid\", \"getgid\", \"getpgrp\", \"getcwd\", \"chown\", \"getdents64\", \"lseek\","
		"\"exit_group\", \"chdir\" ); },\n"
		"{ name = \"@last\"; answer = \"allow\"; calls = ( \"@most\", \"getgroups\", \"getresuid\", "
		"\"getresgid\", \"fchdir\", \"chroot\","
		"\"prctl\" ); }\n"
		");\n";
	static const char own[] = "root = { mode = \"overlay\"; over = \"tmpfs\"; size = \"1M\"; };"
				  "no_new_privs = false; user = { mode = \"own\"; };";
	char values[400];

	(void)state;
	groups = text;
	lacks("seccomp = { base = \"@most\"; };", "seccomp.base", "");
	(void)snprintf(values, sizeof(values), "%s seccomp = { base = \"@most\"; };", own);
	lacks(values, "seccomp.base",
	      "leaves out getgroups, getresuid, getresgid, fchdir, chroot, prctl, without which carrel-shell cannot do "
	      "what comes last and refuses: the login is refused\n");
	(void)snprintf(values, sizeof(values), "%s seccomp = { base = \"@last\"; };", own);
	lacks(values, "seccomp.base", "");
	(void)snprintf(values, sizeof(values), "%s seccomp = { base = \"@last\"; deny = [ \"chroot\" ]; };", own);
	lacks(values, "seccomp.deny",
	      "leaves out chroot, without which carrel-shell cannot do what comes last and refuses: the login is "
	      "refused\n");
	lacks("seccomp = { base = \"@last\"; }; shell = { seccomp = { base = \"@start\"; }; };", "seccomp.base",
	      "leaves out seccomp, without which carrel-shell cannot do what comes last and refuses: the login is "
	      "refused\n");
	lacks("seccomp = { base = \"\"; }; shell = { seccomp = { base = \"@start\"; deny = [ \"execve\" ]; }; };",
	      "shell.seccomp.deny",
	      "leaves out execve, without which carrel-shell cannot execute the user's shell: the login is refused\n");
	lacks("seccomp = { base = \"\"; }; shell = { seccomp = { base = \"@start\"; deny = [ \"no_such\" ]; }; };",
	      "shell.seccomp.deny", "there is no system call 'no_such': the login is refused\n");
	groups = NO_GROUPS;
}

/* The kernel itself is asked, which loads what is a module; a list of what is loaded tells nothing. */
static void filesystems_are_asked_for(void **state)
{
	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		skip();
	if (mount("/dev/null", "/proc/filesystems", NULL, MS_BIND, NULL) < 0)
		skip();
	lacks("home = { mode = \"overlay\"; size = \"1M\"; };", "home.mode", "");
	assert_int_equal(umount("/proc/filesystems"), 0);
}

static void outcomes(void **state)
{
	(void)state;
	assert_string_equal(ctl_lack_outcome(CRL_NEED_REQUIRE), "the login is refused");
	assert_string_equal(ctl_lack_outcome(CRL_NEED_PREFER), "the login goes on without, and it is logged");
	assert_string_equal(ctl_lack_outcome(CRL_NEED_OFF), "it has no effect");
}

/* A login would be refused later, by a number that nobody has looked at. */
static void too_few_user_namespaces(void **state)
{
	const char *values = "root = { mode = \"overlay\"; over = \"tmpfs\"; }; no_new_privs = false; "
			     "user = { mode = \"own\"; nested = true; namespaces = 1000; }; "
			     "limits = { rooms = 100000000; };";
	FILE *f = fopen("/proc/sys/user/max_user_namespaces", "r");
	unsigned int most = 0;
	char want[300];

	(void)state;
	if (!f || fscanf(f, "%u", &most) != 1 || most == 0)
		skip();
	(void)fclose(f);
	(void)snprintf(
		want, sizeof(want),
		"may need 100100000000 user namespaces of a user, and user.max_user_namespaces is %u: where that "
		"is used up: the login is refused\n",
		most);
	lacks(values, "user.mode", want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_that_are_not_there),
		cmocka_unit_test(devices_count_where_limits_do),
		cmocka_unit_test(filters_let_the_last_stage_pass),
		cmocka_unit_test(filesystems_are_asked_for),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(too_few_user_namespaces),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
