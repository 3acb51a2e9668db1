// SPDX-License-Identifier: Apache-2.0
/* The kernel's lists of sockets: what can be connected to by name, whatever the names are. */
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "plan/mounts/plan.h"

#define HEADING "Num       RefCount Protocol Flags    Type St Inode Path\n"
#define LISTENS "0000000000000000: 00000002 00000000 00010000 0001 01 20631 "
#define DATAGRAM "0000000000000000: 00000003 00000000 00000000 0002 01  9312 "
#define CONNECTED "0000000000000000: 00000003 00000000 00000000 0001 03 20632 "

static struct crl_host host;

static void give(const char *text, size_t len)
{
	int fd = memfd_create("unix", 0);

	crl_host_done(&host);
	host = (struct crl_host){0};
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(crl_host_read_sockets(fd, &host, NULL), 0);
	(void)close(fd);
}

static void test_kinds(void **state)
{
	static const char text[] =
		HEADING LISTENS "/var/lib/x.sock\n" CONNECTED "/var/lib/x.sock\n" LISTENS "@abstract\n" DATAGRAM
				"/srv/log dir/s\n" LISTENS "relative\n" CONNECTED "\n" LISTENS "/last";

	(void)state;
	give(text, sizeof(text) - 1);
	assert_int_equal(host.sockets_len, 2); /* a line without its end is not there yet */
	assert_string_equal(host.sockets[0], "/var/lib/x.sock");
	assert_string_equal(host.sockets[1], "/srv/log dir/s");
	assert_false(host.sockets_cut);
}

/* A name may have a line end, a NUL, no end, or what looks like a line. */
static void test_hostile(void **state)
{
	static const char text[] = LISTENS "/a\nb: x y z\n" LISTENS "/c\0d\n:::::\n: \n" LISTENS "/e\n";
	char *longest = malloc(20000);

	(void)state;
	give(text, sizeof(text) - 1);
	assert_int_equal(host.sockets_len, 3);
	assert_string_equal(host.sockets[0], "/a");
	assert_string_equal(host.sockets[1], "/c d");
	assert_string_equal(host.sockets[2], "/e");
	assert_non_null(longest);
	memset(longest, 'x', 20000);
	memcpy(longest, LISTENS "/", sizeof(LISTENS));
	memcpy(longest + 19000, "\n" LISTENS "/f\n", sizeof(LISTENS) + 3);
	give(longest, 19000 + sizeof(LISTENS) + 3);
	free(longest);
	assert_int_equal(host.sockets_len, 1);
	assert_string_equal(host.sockets[0], "/f");
}

static void test_many(void **state)
{
	size_t n = 200000, len = 0, line = sizeof(LISTENS) - 1 + 8;
	char *text = malloc(n * line + 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		len += (size_t)sprintf(text + len, LISTENS "/%06zu\n", i);
	give(text, len);
	free(text);
	assert_int_equal(host.sockets_len, 4096);
	assert_true(host.sockets_cut);
}

/* Whoever fills a place of his own must not leave a service's socket behind him uncovered. */
static void test_users_many(void **state)
{
	static const char *const theirs[] = {"/tmp/x", "/run/user/1000/x", "/home/mallory/x", "/var/tmp/x"};
	size_t each = 5000, len = 0;
	char *text = malloc(CRL_ARRAY_LEN(theirs) * each * 128);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < CRL_ARRAY_LEN(theirs) * each; i++)
		len += (size_t)sprintf(text + len, LISTENS "%s%zu\n", theirs[i % CRL_ARRAY_LEN(theirs)], i);
	len += (size_t)sprintf(text + len, LISTENS "/var/lib/service.sock\n");
	give(text, len);
	free(text);
	assert_int_equal(host.sockets_len, 1024 + 1);
	assert_string_equal(host.sockets[host.sockets_len - 1], "/var/lib/service.sock");
	assert_true(host.sockets_cut);
}

/* Facts about a host come one after the other: mounts that are read take nothing of it away. */
static void test_beside_mounts(void **state)
{
	static const char mountinfo[] = "21 1 254:0 / / rw - ext4 /dev/root rw\n", sockets[] = LISTENS "/a\n";
	int fd = memfd_create("mountinfo", 0);

	(void)state;
	give(sockets, sizeof(sockets) - 1);
	assert_int_equal(write(fd, mountinfo, sizeof(mountinfo) - 1), sizeof(mountinfo) - 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(crl_host_read_mounts(fd, &host, NULL), 0);
		assert_int_equal(host.mounts_len, 1);
		assert_int_equal(host.sockets_len, 1);
		assert_string_equal(host.sockets[0], "/a");
	}
	(void)close(fd);
}

static int bound(const char *path, int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static int connected(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static bool has(const char *path)
{
	for (size_t i = 0; i < host.sockets_len; i++)
		if (strcmp(host.sockets[i], path) == 0)
			return true;
	return false;
}

static void ask_both(const char *dir, void (*look)(bool asked, const char *dir))
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG), text = open("/proc/net/unix", O_RDONLY);
	bool can;

	assert_true((fd >= 0 || errno == EPROTONOSUPPORT) && text >= 0);
	crl_host_done(&host);
	host = (struct crl_host){0};
	can = fd >= 0 && crl_host_ask_sockets(fd, &host) == 0;
	if (can)
		look(true, dir);
	crl_host_done(&host);
	host = (struct crl_host){0};
	assert_int_equal(crl_host_read_sockets(text, &host, NULL), 0);
	look(false, dir);
	(void)close(fd);
	(void)close(text);
	if (!can) {
		print_message("skipped: this kernel has no sock_diag for AF_UNIX\n");
		skip();
	}
}

static void expect_both(bool asked, const char *dir)
{
	static const struct {
		const char *name;
		bool there;
	} want[] = {{"stream", true}, {"datagram", true}, {"with\nline", true},
		    {"bound", false}, {"packets", true},  {"log", true}};
	char path[80];

	for (size_t i = 0; i < CRL_ARRAY_LEN(want); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, want[i].name);
		if (asked || !strchr(path, '\n')) /* the text ends there */
			assert_int_equal(has(path), want[i].there);
	}
}

/* The kernel's two lists say the same of sockets that live. */
static void test_asked(void **state)
{
	static const char *const names[] = {"stream", "datagram", "with\nline", "bound", "packets", "log"};
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_STREAM, SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
	char dir[] = "/tmp/carrel-sockets-XXXXXX", path[80];
	int fd[CRL_ARRAY_LEN(names)], sender;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		fd[i] = bound(path, types[i]);
		if (types[i] != SOCK_DGRAM && strcmp(names[i], "bound") != 0)
			assert_int_equal(listen(fd[i], 1), 0);
	}
	sender = connected(path); /* as a log's is: whoever connects changes the receiver's state for good */
	ask_both(dir, expect_both);
	(void)close(sender);
	ask_both(dir, expect_both);
	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)close(fd[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

/* What is no answer of sock_diag's is an error, and not a host without sockets. */
static void test_bad_answers(void **state)
{
	static const struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} refused = {.head = {.nlmsg_len = sizeof(refused), .nlmsg_type = NLMSG_ERROR}, .error = {.error = -ENOENT}},
	  other = {.head = {.nlmsg_len = sizeof(other), .nlmsg_type = 99}},
	  half = {.head = {.nlmsg_len = NLMSG_LENGTH(4), .nlmsg_type = SOCK_DIAG_BY_FAMILY}},
	  broken_off = {.head = {.nlmsg_len = NLMSG_LENGTH(4), .nlmsg_type = NLMSG_DONE}, .error = {.error = -ENOMEM}};
	const struct {
		const void *data;
		size_t len;
		int want;
	} answer[] = {{&refused, sizeof(refused), -ENOENT},
		      {&other, sizeof(other), -EBADMSG},
		      {&half, NLMSG_LENGTH(4), -EBADMSG},
		      {&broken_off, NLMSG_LENGTH(4), -ENOMEM}};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(answer); i++) {
		int pair[2];

		crl_host_done(&host);
		host = (struct crl_host){0};
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
		assert_int_equal(write(pair[1], answer[i].data, answer[i].len), answer[i].len);
		assert_int_equal(crl_host_ask_sockets(pair[0], &host), answer[i].want);
		(void)close(pair[0]);
		(void)close(pair[1]);
	}
}

/* Many sockets of one kind, each with a name of its own. */
struct crowd {
	const char *prefix;
	size_t len;
	uint32_t uid;
	uint32_t ids; /* so many uids have them by turns */
	uint8_t state;
	uint8_t type;
};

static size_t put_answer(char *buf, const struct crowd *c, size_t i)
{
	const uint32_t uid = c->uid + (uint32_t)(i % c->ids);
	struct nlmsghdr *m = (void *)buf;
	struct unix_diag_msg *socket = NLMSG_DATA(m);
	struct rtattr *a = (struct rtattr *)(socket + 1);

	memset(buf, 0, 256);
	socket->udiag_family = AF_UNIX;
	socket->udiag_type = c->type;
	socket->udiag_state = c->state;
	a->rta_type = UNIX_DIAG_NAME;
	a->rta_len = RTA_LENGTH(sprintf(RTA_DATA(a), "%s%zu", c->prefix, i));
	a = (struct rtattr *)((char *)a + RTA_ALIGN(a->rta_len));
	a->rta_type = UNIX_DIAG_UID;
	a->rta_len = RTA_LENGTH(sizeof(uid));
	memcpy(RTA_DATA(a), &uid, sizeof(uid));
	m->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	m->nlmsg_len = (uint32_t)((char *)a + RTA_ALIGN(a->rta_len) - buf);
	return NLMSG_ALIGN(m->nlmsg_len);
}

static void tell_crowd(int fd, const struct crowd *c)
{
	static char buf[16384 + 256] __attribute__((aligned(8)));
	size_t used = 0;

	for (size_t i = 0; i < c->len; i++) {
		used += put_answer(buf + used, c, i);
		if (used > 16384 || i + 1 == c->len)
			used = write(fd, buf, used) < 0; /* who does not hear it has failed already */
	}
}

/* As the kernel: of two questions each is answered with what is in the states that it is about. */
static _Noreturn void be_kernel(int fd, const struct crowd *c, size_t len)
{
	const struct {
		struct nlmsghdr head;
		int error;
	} all = {.head = {.nlmsg_len = sizeof(all), .nlmsg_type = NLMSG_DONE}};
	struct {
		struct nlmsghdr head;
		struct unix_diag_req req;
	} q;

	while (recv(fd, &q, sizeof(q), 0) == (ssize_t)sizeof(q)) {
		for (size_t i = 0; i < len; i++)
			if (q.req.udiag_states & 1u << c[i].state && q.req.udiag_show & UDIAG_SHOW_UID)
				tell_crowd(fd, &c[i]);
		if (write(fd, &all, sizeof(all)) < 0)
			break;
	}
	_exit(0);
}

static void ask_kernel(const struct crowd *c, size_t len)
{
	int pair[2];
	pid_t pid;

	crl_host_done(&host);
	host = (struct crl_host){0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(pair[0]);
		be_kernel(pair[1], c, len);
	}
	(void)close(pair[1]);
	assert_int_equal(crl_host_ask_sockets(pair[0], &host), 0);
	(void)close(pair[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static size_t count(const char *prefix)
{
	size_t n = 0;

	for (size_t i = 0; i < host.sockets_len; i++)
		n += strncmp(host.sockets[i], prefix, strlen(prefix)) == 0;
	return n;
}

/* By whatever names, and from a user namespace by however many ids. */
/* keeps: plan/mounts/host_sockets R1 */
static void test_owners_many(void **state)
{
	static const struct crowd crowds[] = {
		{"/proc/self/cwd/", 5000, 1000, 1, TCP_LISTEN, SOCK_STREAM},
		{"/usr/../tmp/", 5000, 1001, 1, TCP_CLOSE, SOCK_DGRAM},
		{"/opt/", 5000, 200000, 5000, TCP_LISTEN, SOCK_STREAM},
		{"/var/spool/postfix/", 40, 112, 1, TCP_LISTEN, SOCK_STREAM},
		{"/var/lib/docker/", 300, 0, 1, TCP_LISTEN, SOCK_STREAM},
		{"/srv/log/", 1, 113, 1, TCP_ESTABLISHED, SOCK_DGRAM},
		{"/connected/", 5, 113, 1, TCP_ESTABLISHED, SOCK_STREAM},
	};

	(void)state;
	ask_kernel(crowds, CRL_ARRAY_LEN(crowds));
	assert_true(host.sockets_cut);
	assert_int_equal(count("/proc/self/cwd/"), 256);
	assert_int_equal(count("/usr/../tmp/"), 256);
	assert_int_equal(count("/opt/"), 256);
	assert_int_equal(count("/var/spool/postfix/"), 40);
	assert_int_equal(count("/var/lib/docker/"), 300);
	assert_int_equal(count("/srv/log/"), 1);
	assert_int_equal(count("/connected/"), 0);
	/* Root's first, and then who has fewest: not all are followed while the room lives. */
	assert_string_equal(host.sockets[0], "/var/lib/docker/0");
	assert_string_equal(host.sockets[299], "/var/lib/docker/299");
	assert_string_equal(host.sockets[300], "/srv/log/0");
	assert_string_equal(host.sockets[301], "/var/spool/postfix/0");
}

/* Nobody has too many, and all of them together have an end. */
static void test_all_owners_many(void **state)
{
	static const struct crowd crowds[] = {
		{"/a/", 200 * 40, 1000, 40, TCP_LISTEN, SOCK_STREAM},
		{"/b/", 10, 0, 1, TCP_LISTEN, SOCK_STREAM},
	};

	(void)state;
	ask_kernel(crowds, CRL_ARRAY_LEN(crowds));
	assert_true(host.sockets_cut);
	assert_int_equal(count("/a/"), 4096);
	assert_int_equal(count("/b/"), 10);
	ask_kernel(&crowds[1], 1);
	assert_false(host.sockets_cut);
}

static int done(void **state)
{
	(void)state;
	crl_host_done(&host);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_users_many),
		cmocka_unit_test(test_beside_mounts),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_owners_many),
		cmocka_unit_test(test_all_owners_many),
	};

	return cmocka_run_group_tests_name("plan/mounts_sockets", tests, NULL, done);
}
