// SPDX-License-Identifier: Apache-2.0
/* The filter and the reach of supervisor, init and workers, each case in a forked child that reports by its exit status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "apply/accounting/accounting.h"
#include "apply/accounting/hostlog.h"
#include "apply/sandbox.h"
#include "base/log.h"

/* Exit status of a child that fails at a line: enough to find it. */
#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			(void)!dprintf(2, "line %d: %s (%s)\n", __LINE__, #cond, strerrorname_np(errno)); \
			_exit(1); \
		} \
	} while (0)
#define REFUSED(call) CHECK((errno = 0, (long)(call) == -1 && errno == EPERM))
/* Landlock's answers: no such right here, or not between these two directories. */
#define DENIED(call) CHECK((errno = 0, (long)(call) == -1 && (errno == EACCES || errno == EXDEV)))

typedef int sandbox(struct crl_err *err);

static char dir[] = "/tmp/carrel-sandbox-XXXXXX";
static char outside[] = "/tmp/carrel-outside-XXXXXX";
static char exe[] = "/bin/true";

/* As helper/supervisor/reach.c asks for: records, and processes to read. */
static struct crl_reach reach(void)
{
	static struct crl_reach_place place[2];

	place[0] = (struct crl_reach_place){open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC),
					    CRL_REACH_READ | CRL_REACH_WRITE | CRL_REACH_FILES};
	place[1] = (struct crl_reach_place){open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), CRL_REACH_READ};
	return (struct crl_reach){place, CRL_ARRAY_LEN(place)};
}

static int enter_supervisor(struct crl_err *err)
{
	const struct crl_reach r = reach();

	return crl_sandbox_supervisor(&r, err);
}

#define WORKER_UID 54321
#define WORKER_GID 54322

static const gid_t worker_groups[] = {WORKER_GID, 54323};

/* A place that may be changed, and one that may be read. */
static int enter_worker(struct crl_err *err)
{
	const struct crl_worker w = {WORKER_UID, WORKER_GID, worker_groups, CRL_ARRAY_LEN(worker_groups)};
	const struct crl_reach_place place[] = {
		{open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), CRL_REACH_READ | CRL_REACH_WRITE | CRL_REACH_TREE},
		{open(outside, O_PATH | O_DIRECTORY | O_CLOEXEC), CRL_REACH_READ},
	};

	return crl_sandbox_worker(&w, &(struct crl_reach){place, CRL_ARRAY_LEN(place)}, err);
}

static int enter_init(struct crl_err *err)
{
	const struct crl_reach r = reach();

	return crl_sandbox_init(&r, err);
}

static void in_child(sandbox *enter, void (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct crl_err err = {0};

		if (enter)
			CHECK(enter(&err) == 0);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Permitted and effective capabilities as the kernel prints them */
static void check_status_with(const char *permitted, const char *effective)
{
	scoped_fd fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	const char *const want[] = {
		"\nCapInh:\t0000000000000000", permitted,          effective,      "\nCapBnd:\t0000000000000000",
		"\nCapAmb:\t0000000000000000", "\nNoNewPrivs:\t1", "\nSeccomp:\t2"};
	char text[8192];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	CHECK(n > 0);
	text[n] = '\0';
	for (size_t i = 0; i < CRL_ARRAY_LEN(want); i++)
		CHECK(strstr(text, want[i]));
	CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
}

static void check_status(void)
{
	check_status_with("\nCapPrm:\t0000000000000000", "\nCapEff:\t0000000000000000");
}

/* Init keeps CAP_KILL, and nothing else. */
static void check_status_init(void)
{
	check_status_with("\nCapPrm:\t0000000000000020", "\nCapEff:\t0000000000000020");
}

static void check_refused(void)
{
	char *argv[] = {exe, NULL};

	REFUSED(execve(exe, argv, NULL));
	REFUSED(syscall(__NR_execveat, AT_FDCWD, exe, argv, NULL, 0));
	REFUSED(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
	REFUSED(mount("none", dir, "tmpfs", 0, NULL));
	REFUSED(umount2("/", MNT_DETACH));
	REFUSED(syscall(__NR_open_tree, AT_FDCWD, "/", 0));
	REFUSED(unshare(CLONE_NEWUSER));
	REFUSED(setns(0, 0));
	REFUSED(syscall(__NR_clone, SIGCHLD, 0, 0, 0, 0));
	REFUSED(syscall(__NR_clone3, NULL, 0));
	REFUSED(socket(AF_INET, SOCK_STREAM, 0));
	REFUSED(socket(AF_NETLINK, SOCK_RAW, 0));
	REFUSED(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	REFUSED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	REFUSED(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0));
	REFUSED(setuid(1000));
	REFUSED(chown(dir, 1, 1));
	REFUSED(syscall(__NR_io_uring_setup, 1, NULL));
	REFUSED(syscall(__NR_bpf, 0, NULL, 0));
	REFUSED(syscall(__NR_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0));
	REFUSED(syscall(__NR_seccomp, 0, 0, NULL));
	REFUSED(syscall(__NR_keyctl, 0, 0));
	REFUSED(syscall(0x3fff)); /* of a later kernel */
#ifdef __x86_64__
	REFUSED(syscall(0x40000000 | __NR_getpid)); /* x32 */
#endif
}

static void check_protect(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	CHECK(mprotect(p, 4096, PROT_READ) == 0);
	REFUSED(mprotect(p, 4096, PROT_READ | PROT_EXEC));
	CHECK(munmap(p, 4096) == 0);
}

static void check_files(void)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	scoped_fd fd = -EBADF;

	CHECK(at >= 0);
	fd = openat(at, "kept", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK(write(fd, "x", 1) == 1 && pwrite(fd, "y", 1, 0) == 1 && fstat(fd, &st) == 0 && st.st_size == 1);
	CHECK(fcntl(fd, F_OFD_SETLK, &(struct flock){.l_type = F_WRLCK}) == 0);
	CHECK(fstatat(at, "kept", &st, 0) == 0);
	CHECK(unlinkat(at, "kept", 0) == 0);
	CHECK(close(at) == 0);
}

static void check_supervisor(void)
{
	const struct timespec short_time = {.tv_nsec = 1000000};
	sigset_t set;
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd, pidfd;

	check_files();
	fd = openat(at, "new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(renameat(at, "new", at, "room") == 0 && unlinkat(at, "room", 0) == 0);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	CHECK(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1) >= 0);
	pidfd = (int)syscall(__NR_pidfd_open, getpid(), 0);
	CHECK(pidfd >= 0 && syscall(__NR_pidfd_send_signal, pidfd, 0, NULL, 0) == 0);
	CHECK(kill(getppid(), 0) == 0); /* root's own processes need no capability */
	CHECK(kill(1, 0) == 0);
	(void)sigemptyset(&set);
	CHECK(sigtimedwait(&set, NULL, &short_time) == -1 && errno == EAGAIN);
	CHECK(nanosleep(&short_time, NULL) == 0);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	free(malloc(1 << 20));
	crl_log(LOG_INFO, "still=talking");
}

static void check_init(void)
{
	sigset_t set;

	check_files();
	(void)sigemptyset(&set);
	CHECK(sigtimedwait(&set, NULL, &(struct timespec){0}) == -1 && errno == EAGAIN);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	CHECK(kill(getpid(), 0) == 0);
	REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
	REFUSED(mkdir(dir, 0700));
	REFUSED(syscall(__NR_pidfd_open, getpid(), 0));
}

/*
 * Root's own files, by name and by the way up from a directory that is held. Nothing here is made or changed where a
 * kernel lets it pass: only opened.
 */
static void check_reach(void)
{
	static const char *const no_write[] = {
		"/etc/passwd",           "/etc/shadow", "/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj",
		"/proc/1/oom_score_adj", "/dev/null"};
	static const char *const no_read[] = {"/etc/shadow", "/etc/passwd", "/root", "/", "/etc/ssh", "/dev/null"};
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int out = open(outside, O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(at >= 0 && out >= 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(no_write); i++)
		DENIED(open(no_write[i], O_WRONLY | O_CLOEXEC));
	for (size_t i = 0; i < CRL_ARRAY_LEN(no_read); i++)
		if (access(no_read[i], F_OK) == 0)
			DENIED(open(no_read[i], O_RDONLY | O_CLOEXEC));
	DENIED(openat(at, "../../etc/shadow", O_RDONLY | O_CLOEXEC));
	DENIED(openat(at, "../../proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC));
	DENIED(openat(out, "kept", O_RDWR | O_CLOEXEC));
	DENIED(openat(out, "kept", O_RDONLY | O_CLOEXEC));
	DENIED(openat(out, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	DENIED(unlinkat(out, "kept", 0));
	DENIED(unlinkat(out, "sub", AT_REMOVEDIR));
}

/* What only the supervisor's filter lets pass; and records stay in their directory, with no other kind of file. */
static void check_reach_supervisor(void)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int out = open(outside, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(at, "mine", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CHECK(at >= 0 && out >= 0 && fd >= 0);
	DENIED(renameat(at, "mine", out, "mine"));
	DENIED(renameat(out, "kept", at, "kept"));
	DENIED(mkdirat(out, "made", 0700));
	DENIED(mkdirat(at, "made", 0700));
	CHECK(unlinkat(at, "mine", 0) == 0);
	fd = open("/proc/1/stat", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
}

static void test_reach(void **state)
{
	char path[64];

	(void)state;
	if (crl_landlock_version() == 0) {
		(void)fprintf(stderr, "skipped: this kernel has no Landlock\n");
		skip();
	}
	(void)snprintf(path, sizeof(path), "%s/kept", outside);
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)), 0);
	(void)snprintf(path, sizeof(path), "%s/sub", outside);
	assert_int_equal(mkdir(path, 0755), 0);
	in_child(enter_supervisor, check_reach);
	in_child(enter_supervisor, check_reach_supervisor);
	in_child(enter_init, check_reach);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/kept", outside);
	assert_int_equal(unlink(path), 0);
}

static void test_supervisor(void **state)
{
	(void)state;
	in_child(enter_supervisor, check_status);
	in_child(enter_supervisor, check_refused);
	in_child(enter_supervisor, check_protect);
	in_child(enter_supervisor, check_supervisor);
}

static void test_init(void **state)
{
	(void)state;
	in_child(enter_init, check_status_init);
	in_child(enter_init, check_refused);
	in_child(enter_init, check_protect);
	in_child(enter_init, check_init);
}

/* i386's numbers mean other calls: int 0x80 from a 64-bit process ends it. */
static void test_foreign_architecture(void **state)
{
#ifdef __x86_64__
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		long r;

		if (enter_supervisor(NULL) < 0)
			_exit(1);
		__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
		_exit(r == -ENOSYS ? 2 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* A kernel without 32-bit calls raises SIGSEGV by itself. */
	assert_true(WIFSIGNALED(status) && (WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV));
#else
	(void)state;
#endif
}

/* The mirror's files are opened before, its work is done inside; a wtmp that comes later is out of reach. */
static void check_accounting(void)
{
	char utmp[64], wtmp[64];
	struct crl_accounting_files files = {.utmp = utmp, .wtmp = wtmp};
	struct crl_accounting_login l = {.id = "aa", .app = getpid(), .user = "bob", .rhost = "", .tty = ""};
	struct utmp u = {.ut_type = USER_PROCESS, .ut_pid = getpid(), .ut_line = "pts/0"};
	struct crl_accounting a;
	struct stat st;
	off_t named;
	int room = memfd_create("utmp", MFD_CLOEXEC);

	(void)snprintf(utmp, sizeof(utmp), "%s/utmp", outside);
	(void)snprintf(wtmp, sizeof(wtmp), "%s/wtmp", outside);
	(void)close(open(utmp, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	(void)close(open(wtmp, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	CHECK(write(room, &u, sizeof(u)) == (ssize_t)sizeof(u));
	CHECK(crl_accounting_open(&files, &a, NULL) == 0);
	named = crl_landlock_version() > 0 ? 0 : 2 * (off_t)sizeof(u);
	CHECK(unlink(wtmp) == 0); /* rotated meanwhile */
	CHECK(close(open(wtmp, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) == 0);
	CHECK(enter_supervisor(NULL) == 0);
	CHECK(crl_accounting_sync(&a, room, &l, 1) == 0);
	CHECK(pread(a.utmp, &u, sizeof(u), 0) == (ssize_t)sizeof(u) && strcmp(u.ut_line, "aa/pts/0") == 0);
	CHECK(crl_accounting_end_all(&a) == 0);
	CHECK(lseek(a.wtmp, 0, SEEK_END) == 2 * (off_t)sizeof(u)); /* none is lost, wherever it went */
	CHECK(stat(wtmp, &st) == 0 && st.st_size == named);
}

static void test_accounting(void **state)
{
	char path[64];

	(void)state;
	in_child(NULL, check_accounting);
	(void)snprintf(path, sizeof(path), "%s/utmp", outside);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/wtmp", outside);
	assert_int_equal(unlink(path), 0);
}

/* Without CAP_SETPCAP the bounding set cannot be emptied: said, not passed over. */
static void check_cannot(void)
{
	struct crl_err err = {0};

	CHECK(setresuid(1000, 1000, 1000) == 0);
	CHECK(enter_supervisor(&err) == -EPERM);
	CHECK(strstr(err.text, "cannot drop capability 0"));
	CHECK(err.stage == CRL_STAGE_CAPS);
}

static void test_cannot_drop(void **state)
{
	(void)state;
	in_child(NULL, check_cannot);
}

/* All that files need beneath the one place, of all kinds, also between directories. */
static void check_worker(void)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), sub, fd;

	CHECK(getuid() == WORKER_UID && getgid() == WORKER_GID);
	CHECK(at >= 0 && mkdirat(at, "sub", 0700) == 0);
	sub = openat(at, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(sub, "file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CHECK(sub >= 0 && fd >= 0 && write(fd, "text", 4) == 4 && fsync(fd) == 0 && syncfs(fd) == 0);
	CHECK(symlinkat("file", sub, "link") == 0 && mkfifoat(sub, "fifo", 0600) == 0);
	CHECK(linkat(sub, "file", at, "other", 0) == 0);
	CHECK(renameat2(sub, "link", at, "link", RENAME_NOREPLACE) == 0);
	CHECK(mknodat(sub, "whiteout", S_IFCHR, 0) == 0);
	CHECK(fchmod(fd, 0640) == 0 && fchown(fd, (uid_t)-1, worker_groups[1]) == 0 && ftruncate(fd, 2) == 0);
	CHECK(futimens(fd, NULL) == 0 && close(fd) == 0);
	CHECK(unlinkat(sub, "file", 0) == 0 && unlinkat(sub, "fifo", 0) == 0 && unlinkat(sub, "whiteout", 0) == 0);
	CHECK(unlinkat(at, "other", 0) == 0 && unlinkat(at, "link", 0) == 0 && unlinkat(at, "sub", AT_REMOVEDIR) == 0);
}

static void check_worker_reach(void)
{
	int out = open(outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(out >= 0); /* to be read */
	DENIED(openat(out, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	DENIED(mkdirat(out, "new", 0700));
	DENIED(open("/etc/passwd", O_RDONLY | O_CLOEXEC)); /* which the user may read */
	DENIED(openat(out, "../../etc/passwd", O_RDONLY | O_CLOEXEC));
	DENIED(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* Root is nobody to work for; and nothing is left of it. */
static void check_worker_is_none(void)
{
	const struct crl_worker w = {0, 0, NULL, 0};
	struct crl_err err = {0};

	CHECK(crl_sandbox_worker(&w, &(struct crl_reach){NULL, 0}, &err) == -EINVAL);
}

static void test_worker(void **state)
{
	(void)state;
	assert_int_equal(chown(dir, WORKER_UID, WORKER_GID), 0);
	assert_int_equal(chmod(outside, 0777), 0);
	in_child(enter_worker, check_worker);
	if (crl_landlock_version() >= 2)
		in_child(enter_worker, check_worker_reach);
	in_child(enter_worker, check_refused);
	in_child(NULL, check_worker_is_none);
	assert_int_equal(chown(dir, 0, 0), 0);
	assert_int_equal(chmod(outside, 0700), 0);
}

static long resident_kib(void)
{
	scoped_fd fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
	char text[2048];
	ssize_t n = read(fd, text, sizeof(text) - 1);
	char *rss;

	CHECK(n > 0);
	text[n] = '\0';
	rss = strstr(text, "\nRss:");
	CHECK(rss);
	return strtol(rss + 5, NULL, 10);
}

static __attribute__((noinline)) void use_stack(void)
{
	volatile char deep[256 * 1024];

	for (size_t i = 0; i < sizeof(deep); i += 1024)
		deep[i] = 1;
}

static void check_quiet(void)
{
	const struct timespec none = {0};
	char small[64] = "stays";
	char *heap = malloc(100);
	long before, after;

	CHECK(heap);
	(void)memset(heap, 'h', 100);
	use_stack();
	before = resident_kib();
	CHECK(crl_sandbox_sleep(__NR_ppoll, (long[]){0, 0, (long)(uintptr_t)&none, 0}) == 0);
	after = resident_kib();
	CHECK(strcmp(small, "stays") == 0 && heap[99] == 'h');
	CHECK(after < before - 300); /* 256 KiB of stack and a good part of the texts */
	check_files(); /* code that comes back from the page cache still works */
	CHECK(crl_sandbox_sleep(__NR_ppoll, (long[]){0, 1, 0, 0}) == -EFAULT);
	free(heap);
}

static void test_quiet(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__)
	(void)fprintf(stderr, "skipped: a sanitizer's shadow memory is most of the size\n");
	skip();
#endif
	in_child(NULL, check_quiet);
	in_child(enter_supervisor, check_quiet);
	in_child(enter_init, check_quiet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_supervisor),  cmocka_unit_test(test_init),
		cmocka_unit_test(test_reach),       cmocka_unit_test(test_foreign_architecture),
		cmocka_unit_test(test_cannot_drop), cmocka_unit_test(test_accounting),
		cmocka_unit_test(test_quiet),       cmocka_unit_test(test_worker),
	};
	int rc;

	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: needs root\n");
		return 77;
	}
	if (!mkdtemp(dir) || !mkdtemp(outside))
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(dir);
	(void)rmdir(outside);
	return rc;
}
