// SPDX-License-Identifier: Apache-2.0
/* See xfrm.h. */
#include "apply/net/xfrm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/xfrm.h>
#include <sys/socket.h>

#include "apply/net/rtnl.h"

int crl_xfrm_keep_loopback(void)
{
	const struct xfrm_userpolicy_info block = {
		.sel = {.daddr.a4 = htonl(0x7f000000), .prefixlen_d = 8, .family = AF_INET},
		.lft = {.soft_byte_limit = XFRM_INF,
			.hard_byte_limit = XFRM_INF,
			.soft_packet_limit = XFRM_INF,
			.hard_packet_limit = XFRM_INF},
		.dir = XFRM_POLICY_OUT,
		.action = XFRM_POLICY_BLOCK,
	};
	scoped_fd fd = -EBADF;
	struct crl_rtnl m;
	int rc = crl_rtnl_open_xfrm(&fd);

	if (rc < 0)
		return rc;
	crl_rtnl_begin(&m, XFRM_MSG_NEWPOLICY, NLM_F_CREATE | NLM_F_EXCL, &block, sizeof(block));
	return crl_rtnl_do(fd, &m);
}
