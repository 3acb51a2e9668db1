// SPDX-License-Identifier: Apache-2.0
/* See resolv_host.h. */
#include "apply/net/resolv_host.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

bool crl_resolvhost_read(const char *path, char ret[CRL_NAT_RESOLV_MAX])
{
	scoped_fd fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	ret[0] = '\0';
	return fd >= 0 && crl_file_read_fd(fd, ret, CRL_NAT_RESOLV_MAX) >= 0;
}

int crl_resolvhost_make(const char *service, struct crl_nat_resolv *ret)
{
	char host[CRL_NAT_RESOLV_MAX], uplink[CRL_NAT_RESOLV_MAX];
	bool has_uplink = crl_resolvhost_read(CRL_NAT_RESOLV_UPLINK, uplink);

	(void)crl_resolvhost_read(CRL_NAT_RESOLV, host);
	return crl_nat_resolv_make(host, has_uplink ? uplink : NULL, service, ret);
}
