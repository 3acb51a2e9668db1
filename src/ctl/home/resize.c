// SPDX-License-Identifier: Apache-2.0
/* carrelctl home USER resize: another limit for what is kept. */
#include "ctl/home/actions.h"

#include <stdio.h>

#include "base/parse.h"
#include "ctl/home/kept.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "ctl/print/units.h"
#include "store/form.h"

#define SIZE_MIN (16u << 20)
#define SIZE_MAX_KEPT (1ull << 50)

static bool take_inodes(struct ctl *c, const struct ctl_option *o, const char *value)
{
	(void)o;
	if (crl_parse_uint(value, 1, UINT32_MAX, &c->inodes) == 0)
		return true;
	(void)fprintf(stderr, "carrelctl: --inodes wants a number of files\n");
	return false;
}

static enum ctl_exit run_resize(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	char text[CTL_UNIT_TEXT];
	struct crl_err err = {0};
	enum ctl_exit status;
	uint64_t size;

	(void)argc;
	if (crl_parse_size(argv[0], SIZE_MIN, SIZE_MAX_KEPT, &size) < 0)
		return ctl_complain(c, CTL_USAGE, "a size is such as 500M or 10G, at least 16M");
	status = ctl_kept_open(c, CTL_KEPT_GROW, &kept);
	if (status != CTL_YES)
		return status;
	if (crl_form_resize(&kept.entry, kept.data, size, c->inodes, &err) < 0)
		return ctl_error(c, &err);
	(void)printf("%s may take %s now\n", kept.login.user, ctl_text_size(kept.entry.owner.size, text));
	return CTL_YES;
}

const struct ctl_command ctl_home_resize_action = {
	.name = "resize",
	.usage = "SIZE",
	.summary = "another limit",
	.options =
		(const struct ctl_option[]){
			{.name = "inodes", .value = "N", .help = "how many files it may have", .take = take_inodes},
			{.name = NULL},
		},
	.examples = (const char *const[]){"carrelctl home alice resize 10G", NULL},
	.least = 1,
	.most = 1,
	.looks_at_rooms = true,
	.run = run_resize,
};
