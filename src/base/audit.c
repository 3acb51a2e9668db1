// SPDX-License-Identifier: Apache-2.0
/* See audit.h. */
#include "base/audit.h"

#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"

/* Of audit-records.h, which the kernel's header has not: AUDIT_USER_START, AUDIT_USER_END. */
#define USER_START 1105
#define USER_END 1106

void crl_audit_session(const struct crl_audit_session *s)
{
	struct {
		struct nlmsghdr header;
		char text[CRL_AUDIT_TEXT_MAX];
	} record = {.header = {.nlmsg_type = s->ends ? USER_END : USER_START, .nlmsg_flags = NLM_F_REQUEST}};
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	scoped_fd fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);

	if (fd < 0)
		return;
	record.header.nlmsg_len =
		(uint32_t)NLMSG_LENGTH(strlen(crl_audit_text(record.text, sizeof(record.text), s)) + 1);
	if (sendto(fd, &record, record.header.nlmsg_len, MSG_NOSIGNAL, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return; /* no audit in this kernel, or not for this user namespace */
}
