// SPDX-License-Identifier: Apache-2.0
/* See namespaces.h. */
#include "apply/namespaces.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "base/compat.h"
#include "base/nskind.h"

int crl_time_begin(struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	struct timespec now;
	char text[64];
	int n;

	if (unshare(CLONE_NEWTIME) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make a time namespace");
	if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot read the boot clock");
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	n = snprintf(text, sizeof(text), "boottime -%lld 0\n", (long long)(now.tv_sec > 0 ? now.tv_sec - 1 : 0));
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot set the boot clock's offset");
	return 0;
}

static int bring_lo_up(void)
{
	scoped_fd fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (fd < 0)
		return -errno;
	return ioctl(fd, SIOCSIFFLAGS, &lo) < 0 ? -errno : 0;
}

int crl_namespaces_settle(uint32_t namespaces, const char *name, struct crl_err *err)
{
	/* Only here: the namespace's root is the cgroup that we were cloned into. */
	if ((namespaces & CRL_NS_BIT(CRL_NS_CGROUP)) && unshare(CLONE_NEWCGROUP) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make a cgroup namespace");
	if ((namespaces & CRL_NS_BIT(CRL_NS_UTS)) && name[0] != '\0' && sethostname(name, strlen(name)) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot set host name %s", name);
	if (namespaces & CRL_NS_BIT(CRL_NS_NET)) {
		int rc = bring_lo_up();

		if (rc < 0)
			return crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "cannot bring the loopback interface up");
	}
	return 0;
}
