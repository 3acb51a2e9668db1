// SPDX-License-Identifier: Apache-2.0
/*
 * Make a network namespace in a thread, enter it in the other.
 *
 * Runs in: the room's init. Source: network_namespaces(7), netdevice(7).
 */
#include "apply/netns.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int bring_lo_up(void)
{
	scoped_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (fd < 0)
		return -errno;
	return ioctl(fd, SIOCSIFFLAGS, &lo) < 0 ? -errno : 0;
}

static void *make(void *arg)
{
	struct crl_netns *n = arg;
	int r;

	if (unshare(CLONE_NEWNET) < 0) {
		n->code = errno;
		return NULL;
	}
	r = bring_lo_up();
	n->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	n->code = r < 0 ? -r : n->fd < 0 ? errno : 0;
	return NULL;
}

int crl_netns_start(struct crl_netns *n, struct crl_err *err)
{
	pthread_attr_t attr;
	int e;

	*n = (struct crl_netns){.fd = -EBADF};
	e = pthread_attr_init(&attr);
	if (e == 0) {
		/* Small: the stack stays in libc's cache for as long as init lives. */
		(void)pthread_attr_setstacksize(&attr, 64 * 1024);
		e = pthread_create(&n->thread, &attr, make, n);
		(void)pthread_attr_destroy(&attr);
	}
	if (e != 0)
		return crl_err_set(err, e, CRL_STAGE_NAMESPACE, "cannot start making the network namespace");
	n->running = true;
	return 0;
}

int crl_netns_join(struct crl_netns *n, struct crl_err *err)
{
	scoped_fd fd = -EBADF;

	if (!n->running)
		return 0;
	(void)pthread_join(n->thread, NULL); /* ours, joined once: cannot fail */
	n->running = false;
	fd = take_fd(&n->fd);
	if (n->code != 0)
		return crl_err_set(err, n->code, CRL_STAGE_NAMESPACE,
				   "cannot make a network namespace with its loopback up");
	if (setns(fd, CLONE_NEWNET) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot enter the network namespace");
	return 0;
}
