// SPDX-License-Identifier: Apache-2.0
/*
 * What the floor's two halves share.
 *
 * Runs in: run_floor.c in the application, floor.c as the helper.
 */
#pragma once

#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define FLOOR_FD 3 /* the helper's end of the socket pair */
#define FLOOR_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME)

union floor_control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(2 * sizeof(int))];
};

/* Send one byte and up to two descriptors. Returns 0 or -1. */
static inline int floor_give(int sock, const int *fds, size_t n)
{
	union floor_control c = {.bytes = {0}};
	char byte = 0;
	struct iovec io = {&byte, 1};
	struct msghdr m = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = c.bytes, .msg_controllen = CMSG_SPACE(n * sizeof(int))};

	c.head = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&c.head), fds, n * sizeof(int));
	return sendmsg(sock, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* Returns the first descriptor of the next record, or -1. */
static inline int floor_take(int sock)
{
	union floor_control c;
	char byte;
	struct iovec io = {&byte, 1};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = c.bytes, .msg_controllen = sizeof(c)};
	int fd;

	if (recvmsg(sock, &m, MSG_CMSG_CLOEXEC) != 1 || m.msg_controllen < CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(&c.head), sizeof(fd));
	return fd;
}
