// SPDX-License-Identifier: Apache-2.0
/*
 * The last stage carried out for real: a user namespace as the helper makes one, joined by a process of its user's, which
 * tells what it is then.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/scratch.h"

#include "shell/join.h"

#define UID 4242
#define GID 4300
#define EXTRA 4301 /* a group that the namespace has as 7 */
#define LOST 4302 /* one that it does not have */

/* What a process is behind the stage, or the error. */
struct told {
	struct crl_err err;
	uid_t uid[3];
	gid_t gid[3];
	gid_t group[8];
	int groups;
	struct __user_cap_data_struct caps[2];
	int no_new_privs;
	int filtered; /* errno of a call that the test's filter refuses */
	int unshared; /* errno of a user namespace made there */
	int inside; /* is its root the one with a file "inside"? */
	int reaches; /* descriptors that it has left open for the shell */
	char cwd[256];
};

static int root = -EBADF;
static pid_t holder;

static void say(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	(void)close(fd);
}

static void map(const char *file, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)holder, file);
	say(path, text);
}

/* As the user, whose namespace it is then. */
static void hold(int ready)
{
	char c = 'x';

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setresgid(GID, GID, GID) == 0 && setresuid(UID, UID, UID) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0 &&
	    unshare(CLONE_NEWUSER) == 0)
		c = 'y';
	crl_ignore(write(ready, &c, 1) == 1);
	for (;;)
		(void)pause();
}

static void make_namespace(const char *uid_map, const char *gid_map)
{
	char path[64], c;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	holder = fork();
	if (holder == 0)
		hold(pipes[1]);
	assert_int_equal(read(pipes[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	map("uid_map", uid_map);
	map("gid_map", gid_map);
	write_file("run/carrel/user", "");
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)holder);
	assert_int_equal(mount(path, at("run/carrel/user"), NULL, MS_BIND, NULL), 0);
}

static int begin(void **state)
{
	if (scratch_make(state) < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("test", scratch, "tmpfs", 0, "mode=0755") < 0)
		return -1;
	return 0;
}

static int end(void **state)
{
	(void)umount2(scratch, MNT_DETACH);
	return scratch_remove(state);
}

static int room(void **state)
{
	(void)state;
	assert_int_equal(mkdir(at("run"), 0755) | mkdir(at("run/carrel"), 0755), 0);
	write_file("run/carrel-room", "id\n");
	assert_int_equal(mkdir(at("run/carrel/inside"), 0755), 0);
	assert_int_equal(mount("inside", at("run/carrel/inside"), "tmpfs", 0, "mode=0755"), 0);
	write_file("run/carrel/inside/inside", "");
	assert_int_equal(mkdir(at("run/carrel/inside/tmp"), 01777) | mkdir(at("run/carrel/inside/proc"), 0755), 0);
	assert_int_equal(mount("/proc", at("run/carrel/inside/proc"), NULL, MS_BIND | MS_REC, NULL), 0);
	root = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : 0;
}

static int remove_run(void)
{
	char command[300];

	(void)snprintf(command, sizeof(command), "rm -rf -- %s/run", scratch);
	return system(command);
}

static int gone(void **state)
{
	(void)state;
	(void)close(root);
	if (holder > 0)
		(void)kill(holder, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	holder = 0;
	(void)umount2(at("run/carrel/user"), MNT_DETACH);
	(void)umount2(at("run/carrel/inside"), MNT_DETACH);
	return remove_run();
}

/* An answer of its own for acct(2), which nobody here may call. */
static void write_filter(void)
{
	const struct sock_filter insn[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_acct, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	int fd = open(at("run/carrel/stage.bpf"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, insn, sizeof(insn)), sizeof(insn));
	(void)close(fd);
}

/* Descriptors that an execve would not close. */
static int open_for_good(void)
{
	int n = 0;

	for (int fd = 3; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) == 0;
	return n;
}

static void look(struct told *t)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	(void)getresuid(&t->uid[0], &t->uid[1], &t->uid[2]);
	(void)getresgid(&t->gid[0], &t->gid[1], &t->gid[2]);
	t->groups = getgroups(CRL_ARRAY_LEN(t->group), t->group);
	(void)syscall(SYS_capget, &header, t->caps);
	t->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	t->filtered = syscall(SYS_acct, NULL) < 0 ? errno : 0;
	t->inside = access("/inside", F_OK) == 0;
	if (!getcwd(t->cwd, sizeof(t->cwd)))
		t->cwd[0] = '\0';
	t->reaches += open_for_good();
	t->unshared = unshare(CLONE_NEWUSER) < 0 ? errno : 0;
}

static void tell(const struct crl_last *last, int to)
{
	const gid_t groups[] = {GID, EXTRA, LOST};
	struct told t = {.reaches = -open_for_good()};

	if (setgroups(3, groups) < 0 || setresgid(GID, GID, GID) < 0 || setresuid(UID, UID, UID) < 0 ||
	    chdir("/tmp") < 0)
		_exit(9);
	if (crl_shell_join(root, last, &t.err) == 0)
		look(&t);
	_exit(write(to, &t, sizeof(t)) == sizeof(t) ? 0 : 9);
}

static struct told join(const struct crl_last *last)
{
	struct told t;
	int pipes[2], status;
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		tell(last, pipes[1]);
	(void)close(pipes[1]);
	assert_int_equal(read(pipes[0], &t, sizeof(t)), sizeof(t));
	(void)close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return t;
}

static struct crl_last own(void)
{
	return (struct crl_last){.user = CRL_LAST_USER_OWN, .uid = UID, .gid = GID, .ns = CRL_LAST_NS};
}

static void make_own(void)
{
	make_namespace("0 500000 4242\n4242 4242 1\n4243 504242 61293\n", "0 500000 7\n7 4301 1\n4300 4300 1\n");
}

static void expect_no_caps(const struct told *t)
{
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(t->caps[i].effective | t->caps[i].permitted | t->caps[i].inheritable, 0);
}

/* keeps: shell/join R1, R3, R4 */
static void test_own(void **state)
{
	struct crl_last last = own();
	struct told t;

	(void)state;
	make_own();
	t = join(&last);
	assert_int_equal(t.err.code, 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(t.uid[i], UID);
		assert_int_equal(t.gid[i], GID);
	}
	expect_no_caps(&t);
	assert_int_equal(t.no_new_privs, 0);
	assert_int_equal(t.filtered, EPERM); /* the kernel's */
	assert_string_equal(t.cwd, "/tmp");
	assert_int_equal(t.inside, 0);
	assert_int_equal(t.reaches, 0);
}

/* keeps: shell/join R2 */
static void test_groups(void **state)
{
	struct crl_last last = own();
	struct told t;

	(void)state;
	make_own();
	t = join(&last);
	assert_int_equal(t.err.code, 0);
	assert_int_equal(t.groups, 2);
	assert_int_equal(t.group[0] + t.group[1], GID + 7);
}

static void test_root(void **state)
{
	struct crl_last last = {.user = CRL_LAST_USER_ROOT, .ns = CRL_LAST_NS};
	struct told t;

	(void)state;
	make_namespace("0 4242 1\n1 500001 65535\n", "0 4300 1\n1 500001 65535\n");
	t = join(&last);
	assert_int_equal(t.err.code, 0);
	assert_int_equal(t.uid[0] | t.uid[1] | t.uid[2] | t.gid[0], 0);
	assert_true(t.caps[0].effective & 1u << CAP_SYS_ADMIN);
	assert_int_equal(t.groups, 1);
	assert_int_equal(t.group[0], 0);
}

static void test_inside(void **state)
{
	struct crl_last last = own();
	struct told t;

	(void)state;
	make_own();
	(void)strcpy(last.root, CRL_LAST_ROOT);
	t = join(&last);
	assert_int_equal(t.err.code, 0);
	assert_int_equal(t.inside, 1);
	assert_string_equal(t.cwd, "/tmp");
	assert_int_equal(t.reaches, 0);
	assert_int_equal(t.unshared, EPERM); /* in a chroot */
	expect_no_caps(&t);
}

static void test_filter(void **state)
{
	struct crl_last last = own();
	struct told t;

	(void)state;
	make_own();
	write_filter();
	(void)strcpy(last.filter, CRL_LAST_FILTER);
	t = join(&last); /* without no_new_privs: by a capability, which is gone */
	assert_int_equal(t.err.code, 0);
	assert_int_equal(t.filtered, EXDEV);
	assert_int_equal(t.no_new_privs, 0);
	expect_no_caps(&t);
	last = (struct crl_last){.no_new_privs = true};
	(void)strcpy(last.filter, CRL_LAST_FILTER);
	t = join(&last); /* without a namespace */
	assert_int_equal(t.err.code, 0);
	assert_int_equal(t.filtered, EXDEV);
	assert_int_equal(t.no_new_privs, 1); /* keeps: shell/join R5 */
	assert_int_equal(t.groups, 3);
	last.no_new_privs = false;
	t = join(&last);
	assert_int_equal(t.err.code, EACCES);
	assert_int_equal(unlinkat(root, "run/carrel/stage.bpf", 0), 0);
	t = join(&last);
	assert_int_equal(t.err.code, ENOENT);
}

/* keeps: shell/join R1 */
static void test_no_namespace(void **state)
{
	struct crl_last last = own();

	(void)state;
	assert_int_equal(join(&last).err.code, ENOENT);
	write_file("run/carrel/user", "");
	assert_non_null(strstr(join(&last).err.text, "is no user namespace"));
	assert_int_equal(mount("/proc/self/ns/uts", at("run/carrel/user"), NULL, MS_BIND, NULL), 0);
	assert_non_null(strstr(join(&last).err.text, "is no user namespace"));
	assert_int_equal(umount2(at("run/carrel/user"), MNT_DETACH), 0);
	assert_int_equal(mount("/proc/self/ns/user", at("run/carrel/user"), NULL, MS_BIND, NULL), 0);
	assert_int_equal(join(&last).err.code, EINVAL); /* ours already */
}

/* keeps: shell/join R3 */
static void test_other_ids(void **state)
{
	struct crl_last last = own();

	(void)state;
	make_own();
	last.gid = 400000;
	assert_int_equal(join(&last).err.code, EINVAL);
	last = own();
	last.uid = 400000;
	assert_int_equal(join(&last).err.code, EINVAL);
	last = own();
	(void)strcpy(last.root, "/run/carrel/nowhere");
	assert_int_equal(join(&last).err.code, ENOENT);
}

static void test_map(void **state)
{
	static const gid_t outside[] = {0, 5, 9, 10, 99, 100, 4294967294u};
	gid_t inside[7];

	(void)state;
	assert_int_equal(crl_shell_groups_inside("         0          5          5\n      1000         99          1\n",
						 outside, 7, inside),
			 3);
	assert_int_equal(inside[0], 0);
	assert_int_equal(inside[1], 4);
	assert_int_equal(inside[2], 1000);
	assert_int_equal(crl_shell_groups_inside("0 0 4294967295\n", outside, 7, inside), 7);
	assert_int_equal(inside[6], 4294967294u);
	assert_int_equal(crl_shell_groups_inside("", outside, 7, inside), 0);
	assert_int_equal(crl_shell_groups_inside("0 0\n", outside, 7, inside), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, room, gone)
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_own),    CASE(test_groups),       CASE(test_root),      CASE(test_inside),
		CASE(test_filter), CASE(test_no_namespace), CASE(test_other_ids), cmocka_unit_test(test_map),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
