// SPDX-License-Identifier: Apache-2.0
/* See audit.h. */
#include "base/audit.h"

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"

#define TEXT_MAX 4096
#define USER_START 1105 /* of audit-records.h, which the kernel's header has not: AUDIT_USER_START */

static bool is_plain(const char *value)
{
	for (const char *p = value; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '"' || *p == '\'')
			return false;
	return true;
}

/* R1 */
const char *crl_audit_field(char *buf, size_t size, const char *name, const char *value)
{
	size_t at;

	if (!value[0] || is_plain(value)) {
		(void)snprintf(buf, size, value[0] ? " %s=\"%s\"" : " %s=?", name, value);
		return buf;
	}
	at = (size_t)snprintf(buf, size, " %s=", name);
	for (const char *p = value; *p && at + 2 < size; p++, at += 2)
		(void)snprintf(buf + at, size - at, "%02X", (unsigned char)*p);
	return buf;
}

void crl_audit_session(const char *text)
{
	struct {
		struct nlmsghdr header;
		char text[TEXT_MAX];
	} record = {.header = {.nlmsg_type = USER_START, .nlmsg_flags = NLM_F_REQUEST}};
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	scoped_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);

	if (fd < 0)
		return;
	(void)snprintf(record.text, sizeof(record.text), "%s", text);
	record.header.nlmsg_len = (uint32_t)NLMSG_LENGTH(strlen(record.text) + 1);
	if (sendto(fd, &record, record.header.nlmsg_len, MSG_NOSIGNAL, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return; /* no audit in this kernel, or not for this user namespace */
}
