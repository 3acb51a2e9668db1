// SPDX-License-Identifier: Apache-2.0
/* What the kernel that answers a unit test can do. qemu-user answers in its place, for programs of another architecture. */
#pragma once

#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* Skips the test where no filter of system calls can be loaded at all: seccomp(2) itself is not there. */
static inline void needs_filters(void)
{
	uint32_t action = SECCOMP_RET_ALLOW;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		return;
	print_message("skipped: nothing here takes filters of system calls: seccomp: %s\n", strerror(errno));
	skip();
}

/* Two descriptors come where there is room for one: does recvmsg(2) tell? Those that came unasked are closed again. */
static inline bool tells_what_is_cut(void)
{
	char room[CMSG_SPACE(2 * sizeof(int))] __attribute__((aligned(8))) = {0}, byte = 'x';
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	struct cmsghdr *c = (struct cmsghdr *)(void *)room;
	int end[2], first, last;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, end), 0);
	assert_int_equal(sendmsg(end[0], &m, 0), 1);
	first = dup(0);
	m.msg_controllen = CMSG_LEN(sizeof(int));
	assert_int_equal(recvmsg(end[1], &m, 0), 1);
	last = dup(0);
	for (int fd = first; fd <= last; fd++)
		(void)close(fd);
	(void)close(end[0]);
	(void)close(end[1]);
	return m.msg_flags & MSG_CTRUNC;
}

/* Skips the test where descriptors for which there is no room are taken nevertheless, and nothing is said. */
static inline void needs_cut_told(void)
{
	if (tells_what_is_cut())
		return;
	print_message("skipped: recvmsg does not tell of descriptors that found no room\n");
	skip();
}

/* Skips the test where /proc/self/exe is one program by its name and another by stat(2). */
static inline void needs_own_exe(void)
{
	char path[PATH_MAX] = "";
	struct stat named, meant;

	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	if (stat(path, &named) == 0 && stat("/proc/self/exe", &meant) == 0 && named.st_ino == meant.st_ino &&
	    named.st_dev == meant.st_dev)
		return;
	print_message("skipped: /proc/self/exe is called %s and is another file\n", path);
	skip();
}
