// SPDX-License-Identifier: Apache-2.0
/* See given.h. */
#include "ctl/host/given.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "apply/landlock.h"
#include "apply/listenable.h"
#include "apply/net/rtnl.h"
#include "apply/net/veth.h"
#include "base/needs.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/host/forwards.h"
#include "ctl/host/inchild.h"

#define VETH_WAIT_MS 5000

/* In a network namespace that goes with this process: the kernel loads the module when the first is asked for. */
static void try_veth(const void *arg, void *answer)
{
	struct crl_veth_wish wish = {.name = "x0", .alias = "", .ns = -EBADF};
	scoped_fd ns = -EBADF, fd = -EBADF;

	(void)arg;
	if (unshare(CLONE_NEWNET) < 0 || crl_rtnl_open(&fd) < 0)
		return;
	ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	wish.ns = ns;
	*(int *)answer = crl_veth_make(fd, &wish);
}

/* What cannot be asked is taken to be there. */
static bool has_veth(void)
{
	void *answer = NULL;
	bool lacking;

	if (ctl_ask_child(try_veth, NULL, &answer, sizeof(int), VETH_WAIT_MS) < 0)
		return true;
	lacking = *(int *)answer == -EOPNOTSUPP;
	ctl_answer_done(answer, sizeof(int));
	return !lacking;
}

static struct ctl_given here = {.nftables = true, .veth = true};

static void try_network(void)
{
	static bool tried;

	if (tried || geteuid() != 0)
		return;
	tried = true;
	here.nftables = ctl_nftables_are_there();
	here.veth = has_veth();
}

const struct ctl_given *ctl_given_here(bool network)
{
	static bool looked;
	const uint32_t all = CRL_NS_BIT(CRL_NS_COUNT) - 1;
	int landlock = crl_landlock_version();

	if (network)
		try_network();
	if (looked)
		return &here;
	looked = true;
	here.release = crl_kernel_release();
	here.namespaces = all & ~crl_ns_absent("/proc/self/ns", all);
	here.landlock = landlock > 0 ? landlock : 0;
	here.listener = geteuid() == 0 ? crl_listenable() : 0; /* anybody else would need no_new_privs for it */
	return &here;
}
