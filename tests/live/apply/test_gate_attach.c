// SPDX-License-Identifier: Apache-2.0
/*
 * A gate's programs on a cgroup of this test's own, asked by a child in it that has a network namespace of its own: each
 * way that a socket has to go somewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/limits/cgroup.h"
#include "apply/net/gate_attach.h"
#include "base/err.h"
#include "base/file.h"
#include "policy/policy.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define LATER "192.0.2.9" /* an address that the host gets when the programs stand */
#define NO_ANSWER 9999

struct in6_ifreq { /* linux/ipv6.h does not go with netinet/in.h */
	struct in6_addr ifr6_addr;
	uint32_t ifr6_prefixlen;
	int ifr6_ifindex;
};

static int root = -EBADF, cgroup = -EBADF;
static char name[32];

static int begin(void **state)
{
	struct crl_err err;

	(void)state;
	if (crl_cgroup_open_root("", &root, NULL, &err) < 0) {
		print_message("1..0 # SKIP %s\n", err.text);
		exit(77);
	}
	(void)snprintf(name, sizeof(name), "crltest-%d", (int)getpid());
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(root, name, 0755), 0);
	cgroup = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(cgroup >= 0);
	return 0;
}

static int stale(void **state)
{
	int rc = -1;

	(void)state;
	drop_fd(&cgroup);
	for (int i = 0; i < 500 && (rc = unlinkat(root, name, AT_REMOVEDIR)) < 0 && errno == EBUSY; i++)
		(void)poll(NULL, 0, 10); /* who was in it is still on the way out */
	assert_int_equal(rc, 0);
	return 0;
}

static void attach(const char *const *deny, const char *const *listen, enum crl_loopback loopback)
{
	scoped(crl_policy) p = {.net_mode = CRL_NET_HOST, .net_loopback = loopback};
	struct crl_err err = {0};

	for (; deny && *deny; deny++)
		assert_int_equal(crl_strv_add(&p.net_deny, *deny), 0);
	for (; *listen; listen++)
		assert_int_equal(crl_strv_add(&p.net_listen, *listen), 0);
	if (crl_gatekeep_attach(cgroup, &p, NULL, &err) < 0)
		fail_msg("%s", err.text);
}

/* --- in the child: what is answered, 0 = it went, else an errno; NO_ANSWER = nobody answered --- */

static socklen_t fill(struct sockaddr_storage *a, const char *address, uint16_t port)
{
	struct sockaddr_in *four = (void *)a;
	struct sockaddr_in6 *six = (void *)a;

	memset(a, 0, sizeof(*a));
	if (strchr(address, ':')) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		return inet_pton(AF_INET6, address, &six->sin6_addr) == 1 ? sizeof(*six) : 0;
	}
	four->sin_family = AF_INET;
	four->sin_port = htons(port);
	return inet_pton(AF_INET, address, &four->sin_addr) == 1 ? sizeof(*four) : 0;
}

static int family_of(const char *address)
{
	return strchr(address, ':') ? AF_INET6 : AF_INET;
}

static int connected(const char *address, int type, int protocol, uint16_t port)
{
	scoped_fd fd = socket(family_of(address), type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	struct sockaddr_storage a;
	socklen_t size = fill(&a, address, port), len = sizeof(int);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, (void *)&a, size) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&p, 1, 1500) < 1)
		return NO_ANSWER;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

static int sent(const char *address, int type, int protocol, int flags)
{
	scoped_fd fd = socket(family_of(address), type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	static const uint8_t echo[8] = {8}, echo6[8] = {128};
	struct sockaddr_storage a;
	socklen_t size = fill(&a, address, protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6 ? 0 : 7);
	const uint8_t *data = protocol == IPPROTO_ICMPV6 ? echo6 : echo;

	if (fd < 0)
		return errno;
	if (sendto(fd, data, sizeof(echo), flags, (void *)&a, size) < 0 && errno != EINPROGRESS)
		return errno;
	/* ICMPv6 tells its caller nothing of what became of it. */
	return protocol == IPPROTO_ICMPV6 && poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1500) < 1 ? NO_ANSWER
													     : 0;
}

/* A socket that listens where it may, or may not, and a client who asks it. */
static int served(const char *address, uint16_t port, bool bound)
{
	scoped_fd fd = socket(family_of(address), SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage a;
	socklen_t size = fill(&a, address, port);

	if (fd < 0 || (bound && bind(fd, (void *)&a, size) < 0) || listen(fd, 4) < 0)
		return errno;
	size = sizeof(a);
	if (getsockname(fd, (void *)&a, &size) < 0)
		return errno;
	port = ntohs(((struct sockaddr_in *)(void *)&a)->sin_port); /* stands at the same place in both */
	return connected(family_of(address) == AF_INET6 ? "::1" : "127.0.0.1", SOCK_STREAM, 0, port);
}

static int bound(const char *address, int type, uint16_t port)
{
	scoped_fd fd = socket(family_of(address), type | SOCK_CLOEXEC, 0);
	struct sockaddr_storage a;
	socklen_t size = fill(&a, address, port);

	return fd < 0 || bind(fd, (void *)&a, size) < 0 ? errno : 0;
}

static void lo_up(void)
{
	scoped_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {.ifr_name = "lo"};

	if (ioctl(fd, SIOCGIFFLAGS, &r) < 0)
		_exit(99);
	r.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		_exit(99);
}

/* The same of IPv6, to which nothing is denied. */
static void add_six(void)
{
	scoped_fd fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct in6_ifreq r = {.ifr6_prefixlen = 128, .ifr6_ifindex = 1};

	if (inet_pton(AF_INET6, "fd00::2", &r.ifr6_addr) != 1 || ioctl(fd, SIOCSIFADDR, &r) < 0)
		_exit(99);
}

/* A second address of lo's: the host has it from now on. */
static void add_address(void)
{
	scoped_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {.ifr_name = "lo:1"};
	struct sockaddr_storage a;

	(void)fill(&a, LATER, 0);
	memcpy(&r.ifr_addr, &a, sizeof(r.ifr_addr));
	if (ioctl(fd, SIOCSIFADDR, &r) < 0)
		_exit(99);
}

/* @ask  fills its answers, in a child that is in the cgroup and in a network namespace of its own */
static void in_child(void (*ask)(int *ret), int *ret, size_t len)
{
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t pid;

	assert_true(shared != MAP_FAILED);
	memset(shared, 0xff, 4096);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (crl_file_write(cgroup, "cgroup.procs", "0") < 0 || unshare(CLONE_NEWNET) < 0)
			_exit(98);
		lo_up();
		crl_ignore(crl_file_write(AT_FDCWD, "/proc/sys/net/ipv4/ping_group_range", "0 2147483647"));
		ask(shared);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	memcpy(ret, shared, len * sizeof(int));
	(void)munmap(shared, 4096);
}

static const char *const all[] = {"any", NULL};

/* Somebody listens on port 80 of each address, for those who come past the gate. */
static int serve(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage a;
	int one = 1;

	crl_ignore(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0);
	if (bind(fd, (void *)&a, fill(&a, family == AF_INET6 ? "::" : "0.0.0.0", 80)) < 0 || listen(fd, 16) < 0)
		_exit(97);
	return fd;
}

static const char *const denied[] = {"127.0.0.1", "127.0.0.3", "::1", NULL};

static void ask_ways(int *ret)
{
	size_t n = 0;

	add_six();
	(void)serve(AF_INET);
	(void)serve(AF_INET6);
	ret[n++] = connected("127.0.0.2", SOCK_STREAM, 0, 80); /* 0 */
	ret[n++] = connected("127.0.0.1", SOCK_STREAM, 0, 80);
	ret[n++] = connected("::1", SOCK_STREAM, 0, 80);
	ret[n++] = connected("::ffff:127.0.0.2", SOCK_STREAM, 0, 80);
	ret[n++] = connected("::ffff:127.0.0.1", SOCK_STREAM, 0, 80);
	ret[n++] = connected("0.0.0.0", SOCK_STREAM, 0, 80); /* 5 */
	ret[n++] = connected("::", SOCK_STREAM, 0, 80);
	ret[n++] = connected("127.0.0.2", SOCK_DGRAM, 0, 80);
	ret[n++] = connected("127.0.0.1", SOCK_DGRAM, 0, 80);
	ret[n++] = sent("127.0.0.2", SOCK_DGRAM, 0, 0);
	ret[n++] = sent("127.0.0.1", SOCK_DGRAM, 0, 0); /* 10 */
	ret[n++] = sent("0.0.0.0", SOCK_DGRAM, 0, 0);
	ret[n++] = sent("::1", SOCK_DGRAM, 0, 0);
	ret[n++] = sent("::", SOCK_DGRAM, 0, 0);
	ret[n++] = sent("::ffff:127.0.0.1", SOCK_DGRAM, 0, 0);
	ret[n++] = sent("127.0.0.1", SOCK_STREAM, 0, MSG_FASTOPEN); /* 15 */
	ret[n++] = sent("127.0.0.2", SOCK_DGRAM, IPPROTO_ICMP, 0);
	ret[n++] = sent("127.0.0.1", SOCK_DGRAM, IPPROTO_ICMP, 0);
	ret[n++] = sent("::1", SOCK_DGRAM, IPPROTO_ICMPV6, 0);
	ret[n++] = sent("fd00::2", SOCK_DGRAM, IPPROTO_ICMPV6, 0);
	ret[n++] = sent("127.0.0.2", SOCK_DGRAM, IPPROTO_UDPLITE, 0); /* 20 */
	ret[n++] = connected("127.0.0.2", SOCK_STREAM, IPPROTO_SCTP, 80);
	ret[n++] = connected("127.0.0.2", SOCK_STREAM, IPPROTO_MPTCP, 80);
	ret[n++] = sent("127.0.0.2", SOCK_RAW, IPPROTO_ICMP, 0);
}

/* keeps: plan/net/gate_program R1 R2 R3 R4 */
static void test_ways(void **state)
{
	static const int want[] = {0,     EPERM, EPERM, 0,     EPERM, EPERM, EPERM,     0, EPERM, 0,     EPERM, EPERM,
				   EPERM, EPERM, EPERM, EPERM, 0,     EPERM, NO_ANSWER, 0, EPERM, EPERM, EPERM, EPERM};
	int got[CRL_ARRAY_LEN(want)];

	(void)state;
	attach(denied, all, CRL_LOOPBACK_HOST);
	in_child(ask_ways, got, CRL_ARRAY_LEN(got));
	for (size_t i = 0; i < CRL_ARRAY_LEN(want); i++) {
		print_message("way %zu: %d\n", i, got[i]);
		if (i == 21 && got[i] == EPROTONOSUPPORT)
			continue; /* a kernel without SCTP */
		assert_int_equal(got[i], want[i]);
	}
}

static int made(const char *name_of, int type)
{
	scoped_fd fd = -EBADF;

	(void)prctl(PR_SET_NAME, name_of);
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	return fd < 0 ? errno : 0;
}

static void ask_forwards(int *ret)
{
	ret[0] = made("sshd", SOCK_STREAM); /* root's, as the process that closes the session */
	if (setresuid(65534, 65534, 65534) < 0)
		_exit(97);
	ret[1] = made("sshd", SOCK_STREAM);
	ret[2] = made("sshd", SOCK_DGRAM); /* who is asked for names */
	ret[3] = made("sshd-session", SOCK_STREAM);
	ret[4] = made("sh", SOCK_STREAM);
	ret[5] = made("ssh", SOCK_STREAM);
}

/* keeps: plan/net/gate_program R8 */
static void test_forwards(void **state)
{
	static const int want[] = {0, EPERM, 0, 0, 0, 0};
	const struct crl_policy p = {.net_mode = CRL_NET_NONE, .net_forwards = CRL_FORWARDS_NONE};
	struct crl_err err = {0};
	int got[CRL_ARRAY_LEN(want)];

	(void)state;
	if (crl_gatekeep_attach(cgroup, &p, "sshd", &err) < 0)
		fail_msg("%s", err.text);
	in_child(ask_forwards, got, CRL_ARRAY_LEN(got));
	for (size_t i = 0; i < CRL_ARRAY_LEN(want); i++)
		assert_int_equal(got[i], want[i]);
}

static void ask_later(int *ret)
{
	add_address();
	(void)serve(AF_INET);
	ret[0] = connected("127.0.0.1", SOCK_STREAM, 0, 80);
	ret[1] = connected(LATER, SOCK_STREAM, 0, 80);
	ret[2] = sent(LATER, SOCK_DGRAM, 0, 0);
	ret[3] = sent(LATER, SOCK_DGRAM, IPPROTO_ICMP, 0);
}

/* keeps: plan/net/gate_program R4 */
static void test_later(void **state)
{
	static const char *const deny[] = {"host", NULL};
	int got[4];

	(void)state;
	attach(deny, all, CRL_LOOPBACK_HOST);
	in_child(ask_later, got, CRL_ARRAY_LEN(got));
	assert_int_equal(got[0], EPERM);
	assert_int_not_equal(got[1], 0);
	assert_int_equal(got[2], EPERM);
	assert_int_equal(got[3], EPERM);
}

static void ask_listen(int *ret)
{
	size_t n = 0;

	ret[n++] = served("127.0.0.1", 22, true); /* 0 */
	ret[n++] = served("127.0.0.1", 0, true);
	ret[n++] = served("0.0.0.0", 8080, true);
	ret[n++] = served("::", 8081, true);
	ret[n++] = served("0.0.0.0", 22, true);
	ret[n++] = served("0.0.0.0", 0, true); /* 5 */
	ret[n++] = served("0.0.0.0", 0, false);
	ret[n++] = served("::", 0, false);
	ret[n++] = bound("0.0.0.0", SOCK_DGRAM, 53);
	ret[n++] = bound("0.0.0.0", SOCK_DGRAM, 8000);
	ret[n++] = bound("::ffff:127.0.0.1", SOCK_STREAM, 53); /* 10 */
	ret[n++] = bound("::1", SOCK_STREAM, 53);
}

/* keeps: plan/net/gate R3, plan/net/gate_program R5 */
static void test_listen(void **state)
{
	static const char *const listen[] = {"127.0.0.1", "ports 8000-8999", NULL};
	static const int want[] = {0, 0, 0, 0, EPERM, NO_ANSWER, NO_ANSWER, NO_ANSWER, EPERM, 0, 0, EPERM};
	int got[CRL_ARRAY_LEN(want)];

	(void)state;
	attach(NULL, listen, CRL_LOOPBACK_HOST);
	in_child(ask_listen, got, CRL_ARRAY_LEN(got));
	for (size_t i = 0; i < CRL_ARRAY_LEN(want); i++) {
		print_message("socket %zu: %d\n", i, got[i]);
		assert_int_equal(got[i], want[i]);
	}
}

static void ask_once(int *ret)
{
	ret[0] = connected("127.0.0.1", SOCK_DGRAM, 0, 80);
	ret[1] = connected("127.0.0.2", SOCK_DGRAM, 0, 80);
}

static size_t attached(enum bpf_attach_type type)
{
	uint32_t id[64];
	union bpf_attr a = {.query = {.attach_type = type, .prog_cnt = 64}};

	a.query.target_fd = (uint32_t)cgroup;
	a.query.prog_ids = (uint64_t)(uintptr_t)id;
	assert_int_equal(syscall(SYS_bpf, BPF_PROG_QUERY, &a, sizeof(a)), 0);
	return a.query.prog_cnt;
}

/* keeps: apply/net/gate_attach R1 R2 R3 */
static void test_together(void **state)
{
	static const char *const one[] = {"127.0.0.1", NULL}, *const two[] = {"127.0.0.2", NULL};
	int got[2];

	(void)state;
	attach(one, all, CRL_LOOPBACK_HOST);
	for (int i = 0; i < 70; i++) /* a cgroup takes 64 */
		attach(one, all, CRL_LOOPBACK_HOST);
	assert_int_equal(attached(BPF_CGROUP_INET4_CONNECT), 1);
	in_child(ask_once, got, 2);
	assert_int_equal(got[0], EPERM);
	assert_int_equal(got[1], 0);
	attach(two, all, CRL_LOOPBACK_HOST);
	assert_int_equal(attached(BPF_CGROUP_INET4_CONNECT), 2);
	in_child(ask_once, got, 2);
	assert_int_equal(got[0], EPERM);
	assert_int_equal(got[1], EPERM);
	assert_int_equal(attached(BPF_CGROUP_INET4_CONNECT), 2); /* R3 */
	in_child(ask_once, got, 2);
	assert_int_equal(got[0], EPERM);
}

static void ask_long(int *ret)
{
	ret[0] = connected("2001:db9:b:5db::1", SOCK_DGRAM, 0, 80);
	ret[1] = connected("::1", SOCK_DGRAM, 0, 80);
}

/* The kernel's verifier takes what check takes: the longest lists, with ports. */
static void test_long(void **state)
{
	char text[1500][64];
	const char *deny[1501] = {NULL};
	int got[2];

	(void)state;
	for (unsigned int i = 0; i < 1500; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "2001:db9:%x:%x::/64%s", i % 16, i,
			       i % 5 == 0 ? " udp 80-90" : "");
		deny[i] = text[i];
	}
	attach(deny, all, CRL_LOOPBACK_HOST);
	in_child(ask_long, got, 2);
	assert_int_equal(got[0], EPERM);
	assert_int_equal(got[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ways, fresh, stale),
		cmocka_unit_test_setup_teardown(test_forwards, fresh, stale),
		cmocka_unit_test_setup_teardown(test_later, fresh, stale),
		cmocka_unit_test_setup_teardown(test_listen, fresh, stale),
		cmocka_unit_test_setup_teardown(test_together, fresh, stale),
		cmocka_unit_test_setup_teardown(test_long, fresh, stale),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
