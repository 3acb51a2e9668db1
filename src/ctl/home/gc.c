// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl home USER gc: what was interrupted is finished, what was thrown away is removed; or, with the name of one
 * that was moved aside in the place of the user, all of that.
 */
#include "ctl/home/actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ctl/conf/storepath.h"
#include "ctl/home/flat.h"
#include "ctl/home/kept.h"
#include "ctl/home/trash.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "store/gc.h"

static void tell_left(void *arg, const char *path, int rc)
{
	(void)ctl_complain(arg, CTL_FAIL, "cannot remove %.200s: %s", path, strerrordesc_np(-rc));
}

static enum ctl_exit remove_orphan(const struct ctl *c)
{
	struct crl_remove r = {.left = tell_left, .arg = crl_unconst(c)};
	struct crl_store store = {.dir = -EBADF};
	scoped_free char *path = NULL;
	struct crl_err err = {0};
	int rc = ctl_store_path(c, &path, &err);

	if (rc == 0)
		rc = crl_store_open(path, false, &store, &err);
	if (rc < 0)
		return ctl_error(c, &err);
	if (ctl_kept_confirm(c, "remove %s with all that is kept in it", c->subject))
		rc = crl_gc_remove(&store, c->subject, &r, &err);
	else
		rc = 1;
	crl_store_done(&store);
	if (rc < 0)
		return ctl_error(c, &err);
	if (rc == 0)
		(void)printf("%s is removed\n", c->subject);
	return rc == 0 ? CTL_YES : CTL_NO;
}

static enum ctl_exit run_gc(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	enum ctl_exit status;

	(void)argc;
	(void)argv;
	if (strncmp(c->subject, CRL_STORE_ORPHANS "/", strlen(CRL_STORE_ORPHANS) + 1) == 0)
		return remove_orphan(c);
	status = ctl_kept_open(c, CTL_KEPT_TIDY, &kept);
	if (status == CTL_YES && kept.use >= 0)
		status = ctl_flat_thin(c, &kept);
	return status == CTL_YES ? ctl_home_empty_trash(c, &kept) : status;
}

const struct ctl_command ctl_home_gc_action = {
	.name = "gc",
	.usage = "",
	.summary = "finish what was interrupted, remove what was thrown away",
	.options = (const struct ctl_option[]){CTL_OPTION_YES, {.name = NULL}},
	.examples = (const char *const[]){"carrelctl home alice gc", "carrelctl home orphans/home.1001.3f2a gc", NULL},
	.looks_at_rooms = true,
	.run = run_gc,
};
