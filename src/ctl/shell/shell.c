// SPDX-License-Identifier: Apache-2.0
/* carrelctl shell: what is published for whom. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/commands.h"
#include "ctl/conf/inforce.h"
#include "ctl/print/out.h"
#include "ctl/shell/publish.h"
#include "ctl/shell/stale.h"
#include "door/names.h"
#include "policy/file/load.h"

static void add_cells(struct ctl_table *t, const struct crl_config *config, const struct ctl *c, uint32_t uid)
{
	struct crl_published *p = calloc(1, sizeof(*p));
	struct crl_err err = {0};
	int rc = p ? crl_published_read(NULL, uid, p, &err) : -ENOMEM;
	enum ctl_stale state = rc < 0 ? CTL_STALE_BROKEN : ctl_shell_stale(c, config, uid);
	char name[CRL_USER_MAX] = "";

	crl_ignore(crl_names_user_name(uid, name)); /* who is no more has none */
	ctl_cell(t, "%" PRIu32, uid);
	if (name[0])
		ctl_cell(t, "%s", name);
	else
		ctl_no_cell(t);
	if (rc < 0)
		ctl_no_cell(t);
	else
		ctl_cell(t, "%s", p->room ? p->policy.name : "none");
	ctl_cell(t, "%s", ctl_stale_word(state));
	if (p)
		crl_published_done(p);
	free(p);
}

static enum ctl_exit run_list(const struct ctl *c, int argc, char **argv)
{
	static const struct ctl_column column[] = {{"UID", true}, {"USER", false}, {"POLICY", false}, {"STATE", false}};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	struct crl_config *config = NULL;
	scoped_free uint32_t *all = NULL;
	struct crl_err err = {0};
	size_t len = 0;

	(void)argc, (void)argv;
	if (ctl_shell_all(&all, &len, &err) < 0 || ctl_load_config(c, &config, &err) < 0)
		return ctl_error(c, &err);
	for (size_t i = 0; i < len; i++)
		add_cells(&t, config, c, all[i]);
	ctl_table_print(c, &t);
	ctl_table_done(&t);
	crl_config_free(config);
	return len > 0 ? CTL_YES : CTL_NO;
}

static enum ctl_exit run_show(const struct ctl *c, int argc, char **argv)
{
	scoped_free struct crl_login *l = calloc(1, sizeof(*l));
	scoped_free char *text = NULL;
	struct crl_err err = {0};
	uint32_t uid = 0;
	size_t len = 0;
	int rc;

	(void)argc;
	if (l && crl_names_user(argv[0], l, NULL) == 0)
		uid = l->uid;
	else if (!crl_published_is_name(argv[0], &uid))
		return ctl_complain(c, CTL_NO, "no user %s", argv[0]);
	rc = crl_published_read_text(NULL, uid, &text, &len, &err);
	if (rc < 0)
		return rc == -ENOENT ? ctl_complain(c, CTL_NO, "%s", err.text) : ctl_error(c, &err);
	return fwrite(text, 1, len, stdout) == len ? CTL_YES : CTL_FAIL;
}

static const struct ctl_command list_action = {
	.name = "list",
	.usage = "",
	.summary = "who has a published policy, and whether it is what the rules say now",
	.json = true,
	.makes_rooms = true,
	.run = run_list,
};

static const struct ctl_command show_action = {
	.name = "show",
	.usage = "USER|UID",
	.summary = "the file that this user's carrel-shell reads",
	.least = 1,
	.most = 1,
	.makes_rooms = true,
	.offer = CTL_OFFER_USER,
	.run = run_show,
};

const struct ctl_command ctl_shell_command = {
	.name = "shell",
	.usage = "",
	.summary = "policies of users whose shell makes their rooms, without root",
	.examples =
		(const char *const[]){
			"carrelctl shell publish alice",
			"carrelctl shell list",
			NULL,
		},
	.json = true,
	.makes_rooms = true,
	.actions = (const struct ctl_command *const[]){&ctl_shell_publish, &list_action, &show_action,
						       &ctl_shell_withdraw, NULL},
	.run = run_list,
};
