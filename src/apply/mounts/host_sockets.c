// SPDX-License-Identifier: Apache-2.0
/*
 * See host_sockets.h.
 *
 * Runs in: helper, carrelctl; root, in the host's network namespace.
 */
#include "apply/mounts/host_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/socket.h>

static bool ask(struct crl_host *host)
{
	scoped_fd netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (netlink >= 0 && crl_host_ask_sockets(netlink, host) == 0)
		return true;
	for (size_t i = 0; i < host->sockets_len; i++)
		free(host->sockets[i]);
	free(host->sockets);
	host->sockets = NULL;
	host->sockets_len = 0;
	host->sockets_cut = false;
	return false;
}

int crl_find_host_sockets(struct crl_host *host, struct crl_err *err)
{
	scoped_fd fd = -EBADF;

	if (ask(host))
		return 0;
	fd = open("/proc/net/unix", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot open /proc/net/unix");
	return crl_host_read_sockets(fd, host, err);
}
