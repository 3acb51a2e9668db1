// SPDX-License-Identifier: Apache-2.0
/* See auditstate.h. Runs in: carrelctl (root). */
#include "ctl/auditstate.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "proto/scope.h"

#define ANSWERS_MAX 4096 /* messages to one question; the kernel takes no more rules than fit its memory */
#define RULES_WANTED 1 /* sequence numbers of the two questions */
#define STATUS_WANTED 2

/* Big enough for a rule with each of its fields and their texts. */
union answer {
	struct nlmsghdr head;
	char bytes[16384];
};

bool ctl_audit_is_unbounded(const struct ctl_audit *a)
{
	return (a->daemon != 0 || a->listened) && a->rate_limit == 0 && !a->excluded;
}

static int ask(int fd, uint16_t type, uint32_t sequence)
{
	struct nlmsghdr question = {.nlmsg_len = sizeof(question), .nlmsg_type = type, .nlmsg_seq = sequence,
				    .nlmsg_flags = NLM_F_REQUEST | (type == AUDIT_LIST_RULES ? NLM_F_ACK : 0)};

	return send(fd, &question, sizeof(question), MSG_NOSIGNAL) == (ssize_t)sizeof(question) ? 0 : -errno;
}

/* The next message to @sequence; another's, and records for a daemon, are passed over. */
static int hear(int fd, uint32_t sequence, union answer *a, size_t *ret_len)
{
	for (unsigned int i = 0; i < ANSWERS_MAX; i++) {
		ssize_t n = recv(fd, a, sizeof(*a), 0);

		if (n < 0)
			return -errno;
		if ((size_t)n < sizeof(a->head) || a->head.nlmsg_len < sizeof(a->head))
			return -EBADMSG;
		if (a->head.nlmsg_seq != sequence)
			continue;
		*ret_len = (size_t)n - sizeof(a->head);
		return 0;
	}
	return -EBADMSG;
}

static int error_of(const union answer *a, size_t len)
{
	struct nlmsgerr e;

	if (len < sizeof(e.error))
		return -EBADMSG;
	memcpy(&e.error, NLMSG_DATA(&a->head), sizeof(e.error));
	return e.error;
}

static int read_status(int fd, struct ctl_audit *ret)
{
	union answer a;
	struct audit_status status = {0};
	size_t len;
	int rc = ask(fd, AUDIT_GET, STATUS_WANTED);

	if (rc == 0)
		rc = hear(fd, STATUS_WANTED, &a, &len);
	if (rc < 0)
		return rc;
	if (a.head.nlmsg_type == NLMSG_ERROR) {
		rc = error_of(&a, len);
		return rc < 0 ? rc : -EBADMSG;
	}
	if (a.head.nlmsg_type != AUDIT_GET || len < offsetof(struct audit_status, backlog_limit))
		return -EBADMSG;
	memcpy(&status, NLMSG_DATA(&a.head), len < sizeof(status) ? len : sizeof(status));
	ret->daemon = status.pid;
	ret->rate_limit = status.rate_limit;
	return 0;
}

/* "-a always,exclude -F msgtype=SECCOMP" and nothing that narrows it. */
static bool excludes_seccomp(const union answer *a, size_t len)
{
	struct audit_rule_data rule;

	if (len < sizeof(rule))
		return false;
	memcpy(&rule, NLMSG_DATA(&a->head), sizeof(rule));
	return (rule.flags & ~(uint32_t)AUDIT_FILTER_PREPEND) == AUDIT_FILTER_EXCLUDE && rule.field_count == 1 &&
	       rule.fields[0] == AUDIT_MSGTYPE && rule.fieldflags[0] == AUDIT_EQUAL && rule.values[0] == AUDIT_SECCOMP;
}

/* The acknowledgement may come before the rules; the end of the list is a message of its own. */
static int read_rules(int fd, struct ctl_audit *ret)
{
	union answer a;
	size_t len;
	int rc = ask(fd, AUDIT_LIST_RULES, RULES_WANTED);

	for (unsigned int i = 0; rc == 0 && i < ANSWERS_MAX; i++) {
		rc = hear(fd, RULES_WANTED, &a, &len);
		if (rc == 0 && a.head.nlmsg_type == NLMSG_ERROR)
			rc = error_of(&a, len);
		else if (rc == 0 && a.head.nlmsg_type == NLMSG_DONE)
			return 0;
		else if (rc == 0 && a.head.nlmsg_type == AUDIT_LIST_RULES)
			ret->excluded |= excludes_seccomp(&a, len);
	}
	return rc < 0 ? rc : -EBADMSG;
}

int ctl_audit_ask(int fd, struct ctl_audit *ret)
{
	struct ctl_audit found = {.listened = ret->listened};
	int rc = read_status(fd, &found);

	if (rc == 0)
		rc = read_rules(fd, &found);
	if (rc == 0)
		*ret = found;
	return rc;
}

/* sk Eth Pid Groups Rmem …: the protocol, and the groups as hexadecimal. */
bool ctl_audit_has_listener(FILE *f)
{
	char line[256];
	unsigned int protocol, groups;

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %u %*s %x", &protocol, &groups) == 2 && protocol == NETLINK_AUDIT &&
		    (groups & (1u << (AUDIT_NLGRP_READLOG - 1))))
			return true;
	return false;
}

bool ctl_audit_read(struct ctl_audit *ret)
{
	const struct timeval patience = {.tv_sec = 2};
	scoped_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	scoped_file *sockets = fopen("/proc/net/netlink", "re");
	struct ctl_audit found = {.listened = sockets && ctl_audit_has_listener(sockets)};

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    ctl_audit_ask(fd, &found) < 0)
		return false;
	*ret = found;
	return true;
}
