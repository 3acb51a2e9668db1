// SPDX-License-Identifier: Apache-2.0
/* layers/marks.c and marks_serve.c: the attributes, and who may set them. Needs root. */
#include "layers/marks.h"

#include <grp.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "layers/marks_wire.h"
#include "tests/live/layers/place.h"
#include "wire/fds.h"

#define UID 54321
#define OTHER 54322

static dev_t device;

static void set(const char *dir, const char *attribute, const char *value)
{
	assert_int_equal(setxattr(dir, attribute, value, strlen(value), 0), 0);
}

static void make_owned(const char *name, uid_t uid)
{
	assert_int_equal(mkdir(name, 0700), 0);
	assert_int_equal(chown(name, uid, uid), 0);
}

static int make(void **state)
{
	const gid_t group = 7;
	struct stat st;

	(void)alarm(60); /* a server that does not end would be waited for */
	if (place_make(state) || stat(PLACE, &st) < 0 || setgroups(1, &group) < 0)
		return -1;
	device = st.st_dev;
	make_owned("plain", UID);
	make_owned("marked", UID);
	set("marked", "trusted.overlay.opaque", "y");
	set("marked", "trusted.overlay.redirect", "/a/b");
	make_owned("bad", UID);
	set("bad", "trusted.overlay.redirect", "/../etc");
	make_owned("other", UID);
	set("other", "trusted.overlay.opaque", "yes");
	make_owned("x", UID);
	set("x", "trusted.overlay.opaque", "x"); /* of the kernel's: there may be whiteouts of another kind in it */
	make_owned("set", UID);
	make_owned("roots", 0);
	make_owned("away", UID);
	return mount("away", "away", "tmpfs", 0, "mode=0700,uid=54321");
}

static int read_marks(const struct crl_marks *m, const char *name, struct crl_mark *ret)
{
	scoped_fd dir = place_dir(name);

	return crl_marks_read(m, dir, ret);
}

static int set_redirect(const struct crl_marks *m, const char *name, const char *text)
{
	scoped_fd dir = place_dir(name);

	return crl_marks_set_redirect(m, dir, text);
}

static int set_opaque(const struct crl_marks *m, const char *name, bool opaque)
{
	scoped_fd dir = place_dir(name);

	return crl_marks_set_opaque(m, dir, opaque);
}

static bool has(const char *name, const char *attribute, const char *value)
{
	char text[64];
	ssize_t n = getxattr(name, attribute, text, sizeof(text));

	return value ? n == (ssize_t)strlen(value) && memcmp(text, value, (size_t)n) == 0 : n < 0 && errno == ENODATA;
}

/* What both ways have in common. */
static void check_both(const struct crl_marks *m)
{
	struct crl_mark mark;

	assert_int_equal(read_marks(m, "plain", &mark), 0);
	assert_true(!mark.opaque && mark.redirect[0] == '\0');
	assert_int_equal(read_marks(m, "marked", &mark), 0);
	assert_true(mark.opaque);
	assert_string_equal(mark.redirect, "/a/b");
	assert_int_equal(read_marks(m, "other", &mark), 0);
	assert_false(mark.opaque);
	assert_int_equal(read_marks(m, "x", &mark), 0);
	assert_false(mark.opaque);
	assert_int_equal(read_marks(m, "bad", &mark), -EINVAL);
	assert_int_equal(read_marks(m, "/proc", &mark), 0); /* no such attributes */
	assert_int_equal(set_redirect(m, "set", "name"), 0);
	assert_true(has("set", "trusted.overlay.redirect", "name"));
	assert_int_equal(set_redirect(m, "set", "/../etc"), -EINVAL);
	assert_int_equal(set_redirect(m, "set", "/a/b"), 0);
	assert_true(has("set", "trusted.overlay.redirect", "/a/b"));
	assert_int_equal(set_redirect(m, "set", ""), 0);
	assert_int_equal(set_redirect(m, "set", ""), 0);
	assert_true(has("set", "trusted.overlay.redirect", NULL));
	assert_int_equal(set_opaque(m, "set", true), 0);
	assert_true(has("set", "trusted.overlay.opaque", "y"));
	assert_int_equal(set_opaque(m, "set", false), 0);
	assert_int_equal(set_opaque(m, "set", false), 0);
	assert_true(has("set", "trusted.overlay.opaque", NULL));
}

/* keeps: layers/marks R1 */
static void test_own(void **state)
{
	(void)state;
	const struct crl_marks own = CRL_MARKS_OWN;

	check_both(&own);
}

static pid_t server;

static struct crl_marks start(dev_t dev)
{
	const struct crl_marks_server s = {.uid = UID, .gid = UID, .dev = dev};
	struct crl_marks m;

	assert_int_equal(crl_marks_start(&s, &m.sock, &server, NULL), 0);
	return m;
}

/* Returns what waitpid(2) says of the server's end. */
static int end(struct crl_marks *m)
{
	int status;

	drop_fd(&m->sock);
	assert_int_equal(waitpid(server, &status, 0), server);
	return status;
}

static void test_served(void **state)
{
	(void)state;
	struct crl_marks m = start(device);

	check_both(&m);
	assert_int_equal(end(&m), 0);
}

/* keeps: layers/marks_serve R2 */
static void test_only_its_own(void **state)
{
	(void)state;
	struct crl_marks m = start(device), none;

	assert_int_equal(set_opaque(&m, "roots", true), -EPERM);
	assert_int_equal(set_redirect(&m, "roots", "a"), -EPERM);
	assert_int_equal(set_opaque(&m, "away", true), -EXDEV);
	assert_int_equal(set_redirect(&m, "away", "a"), -EXDEV);
	assert_int_equal(end(&m), 0);
	none = start(0);
	assert_int_equal(set_opaque(&none, "set", true), -EXDEV);
	assert_int_equal(end(&none), 0);
	assert_true(has("roots", "trusted.overlay.opaque", NULL) && has("roots", "trusted.overlay.redirect", NULL));
	assert_true(has("away", "trusted.overlay.opaque", NULL) && has("away", "trusted.overlay.redirect", NULL));
	assert_true(has("set", "trusted.overlay.opaque", NULL));
}

/* One request as it is given; the answer's rc, or -EPIPE when there is none. */
static int send_raw(int sock, uint32_t verb, const char *text, size_t len, int fd)
{
	struct crl_marks_request q = {.verb = verb};
	struct crl_marks_answer a = {0};
	struct iovec out[2] = {{&q, sizeof(q)}, {crl_unconst(text), len}}, in = {&a, sizeof(a)};
	const struct crl_fds_rule none = {.most = 0};
	scoped(crl_fds) fds = CRL_FDS_NONE;
	ssize_t n;

	assert_int_equal(crl_fds_send(sock, out, 2, &fd, fd >= 0), 0);
	assert_int_equal(crl_fds_wait(sock, INT64_MAX), 0);
	n = crl_fds_take(sock, &in, 1, &none, &fds);
	return n <= 0 ? -EPIPE : a.head.rc;
}

/* keeps: layers/marks_serve R1 */
static void test_what_it_takes(void **state)
{
	(void)state;
	scoped_fd dir = place_dir("set");
	scoped_fd path = open("set", O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped_fd file = -EBADF;
	struct crl_marks m = start(device);

	place_file("file", "");
	assert_int_equal(chown("file", UID, UID), 0);
	file = open("file", O_RDWR | O_CLOEXEC);
	assert_int_equal(send_raw(m.sock, CRL_MARKS_READ, "", 0, -1), -EBADMSG);
	assert_int_equal(send_raw(m.sock, CRL_MARKS_OPAQUE, "", 0, -1), -EBADMSG);
	assert_int_equal(send_raw(m.sock, CRL_MARKS_READ, "", 0, file), -ENOTDIR);
	assert_int_equal(send_raw(m.sock, CRL_MARKS_OPAQUE, "", 0, file), -ENOTDIR);
	assert_int_equal(send_raw(m.sock, CRL_MARKS_OPAQUE, "", 0, path), -EBADF);
	assert_int_equal(send_raw(m.sock, 99, "", 0, dir), -EBADMSG);
	assert_int_equal(send_raw(m.sock, CRL_MARKS_REDIRECT, "../x", 4, dir), -EINVAL);
	assert_int_equal(send_raw(m.sock, CRL_MARKS_REDIRECT, "a\0b", 3, dir), -EPIPE); /* nobody says that */
	assert_int_equal(WEXITSTATUS(end(&m)), 1);
	assert_true(has("set", "trusted.overlay.opaque", NULL) && has("set", "trusted.overlay.redirect", NULL));
}

/* The number of a line of /proc/PID/status, in base 16. */
static unsigned long long status_of(const char *field, int base)
{
	char path[64], line[256];
	unsigned long long value = ~0ull;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", server);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtoull(line + strlen(field), NULL, base);
	assert_int_equal(fclose(f), 0);
	return value;
}

/* keeps: layers/marks_serve R3 */
static void test_what_it_is(void **state)
{
	(void)state;
	struct crl_marks m = start(device);
	struct crl_mark mark;
	struct stat st;
	char path[64];

	assert_int_equal(read_marks(&m, "plain", &mark), 0); /* it is ready */
	assert_int_equal(status_of("Uid:", 10), UID);
	assert_int_equal(status_of("Gid:", 10), UID);
	assert_int_equal(status_of("Groups:", 10), 0);
	assert_int_equal(status_of("CapEff:", 16), 1u << 21);
	assert_int_equal(status_of("CapPrm:", 16), 1u << 21);
	assert_int_equal(status_of("NoNewPrivs:", 10), 1);
	assert_int_equal(status_of("Seccomp:", 10), 2);
	assert_int_equal(getsid(server), server); /* no key of ours ends it */
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", server);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 0); /* its user may not look into it */
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/2", server); /* 0 is its socket, 1 what it was asked about */
	assert_true(access(path, F_OK) < 0 && errno == ENOENT);
	assert_int_equal(end(&m), 0);
}

/* What @rc, @text and @len in an answer come to. */
static int hear(int32_t rc, const char *text, uint32_t len, size_t sent)
{
	struct crl_marks_answer a = {.head = {.rc = rc, .len = len}};
	struct iovec out = {&a, sizeof(a.head) + sent};
	struct crl_marks m;
	struct crl_mark mark;
	int pair[2], said;

	memcpy(a.text, text, sent);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	m.sock = pair[0];
	assert_int_equal(crl_fds_send(pair[1], &out, 1, NULL, 0), 0);
	said = read_marks(&m, "plain", &mark);
	drop_fd(&pair[0]);
	drop_fd(&pair[1]);
	return said;
}

/* keeps: layers/marks R1 */
static void test_answers(void **state)
{
	(void)state;
	assert_int_equal(hear(0, "/a/b", 4, 4), 0);
	assert_int_equal(hear(-EIO, "", 0, 0), -EIO);
	assert_int_equal(hear(1, "", 0, 0), -EBADMSG);
	assert_int_equal(hear(0, "/../b", 5, 5), -EBADMSG);
	assert_int_equal(hear(0, "/a/b", 4, 3), -EBADMSG);
	assert_int_equal(hear(0, "abcd", 3, 4), -EBADMSG);
	assert_int_equal(hear(0, "/a/b", UINT32_MAX, 4), -EBADMSG);
}

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) /* whose runtime goes on with calls of its own */
/* The server, which waits in a call, makes another. Returns what waitpid(2) says of its end. */
static int make_call(unsigned long long call)
{
	struct crl_marks m = start(device);
	struct user_regs_struct regs;
	struct crl_mark mark;
	int status;

	assert_int_equal(read_marks(&m, "plain", &mark), 0); /* it has its filter */
	assert_int_equal(ptrace(PTRACE_ATTACH, server, NULL, NULL), 0);
	assert_int_equal(waitpid(server, &status, 0), server);
	assert_int_equal(ptrace(PTRACE_GETREGS, server, NULL, &regs), 0);
	regs.orig_rax = ~0ull; /* what it waits in is not begun again */
	regs.rax = call;
	regs.rip -= 2; /* the instruction that it came by */
	assert_int_equal(ptrace(PTRACE_SETREGS, server, NULL, &regs), 0);
	assert_int_equal(ptrace(PTRACE_DETACH, server, NULL, NULL), 0);
	return end(&m);
}

/* keeps: layers/marks_serve R3 */
static void test_calls(void **state)
{
	(void)state;
	static const unsigned long long refused[] = {
		SYS_mount,  SYS_openat,     SYS_openat2, SYS_setxattr, SYS_execve,
		SYS_ioctl,  SYS_setns,      SYS_socket,  SYS_clone,    SYS_bpf,
		SYS_fsopen, SYS_move_mount, SYS_mmap,    SYS_kill,     SYS_mount | 0x40000000};

	assert_true(WIFEXITED(make_call(SYS_clock_gettime)) && make_call(SYS_exit_group) != SIGSYS);
	for (size_t i = 0; i < CRL_ARRAY_LEN(refused); i++)
		assert_int_equal(make_call(refused[i]) & 0x7f, SIGSYS);
}
#endif

static void test_gone(void **state)
{
	(void)state;
	struct crl_marks m = start(device);
	struct crl_mark mark;
	int status;

	assert_int_equal(kill(server, SIGKILL), 0);
	assert_int_equal(waitpid(server, &status, 0), server);
	assert_int_equal(read_marks(&m, "plain", &mark), -EPIPE);
	drop_fd(&m.sock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_served),
		cmocka_unit_test(test_only_its_own),
		cmocka_unit_test(test_what_it_takes),
		cmocka_unit_test(test_what_it_is),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_answers),
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) /* whose runtime goes on with calls of its own */
		cmocka_unit_test(test_calls),
#endif
	};

	return cmocka_run_group_tests(tests, make, NULL);
}
