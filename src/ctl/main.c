// SPDX-License-Identifier: Apache-2.0
/* carrelctl: which command is asked for, and whether it may be. The table of them is in commands.c. */
#include "ctl/commands.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/act/drain.h"
#include "ctl/command.h"
#include "ctl/conf/who.h"
#include "ctl/help.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "ctl/print/pager.h"
#include "wire/version.h"

static int usage(void)
{
	(void)fprintf(stderr, "carrelctl --help tells how it is used\n");
	return CTL_USAGE;
}

/* An option that the command does not take; NULL = there is none. */
static const struct ctl_option *find_strange(const struct ctl_command *k, const struct ctl_request *r)
{
	for (size_t i = 0; i < r->givens; i++)
		if (!ctl_options_has(k, r->given[i]->name))
			return r->given[i];
	return NULL;
}

static void tell_usage(const struct ctl_command *group, const struct ctl_command *k)
{
	(void)fprintf(stderr, "usage: carrelctl ");
	if (group)
		(void)fprintf(stderr, "%s %s%s", group->name, group->subject ? group->subject : "",
			      group->subject ? " " : "");
	(void)fprintf(stderr, "%s%s%s\n", k->name, k->usage[0] ? " " : "", k->usage);
}

/* May it be, so and here? CTL_YES, or what is wrong has been said. */
static enum ctl_exit check(const struct ctl_command *k, const struct ctl_request *r, int argc)
{
	const struct ctl_option *strange = find_strange(k, r);
	const struct ctl *c = &r->c;

	if (argc < k->least || argc > k->most) {
		tell_usage(c->group, k);
		return CTL_USAGE;
	}
	if (c->json && !k->json)
		return ctl_complain(c, CTL_USAGE, "prints no table, so there is no --json");
	if (strange)
		return ctl_complain(c, CTL_USAGE, "takes no --%s%s%s", strange->name, strange->value ? " " : "",
				    strange->value ? strange->value : "");
	if (k->looks_at_rooms && ctl_is_in_room())
		return ctl_complain(c, CTL_FAIL, "not here: this is a room, and rooms are looked at on the host");
	if ((k->looks_at_rooms || k->makes_rooms) && geteuid() != 0)
		return ctl_complain(c, CTL_FAIL, "only root can do that: rooms are root's to look at and to make");
	return CTL_YES;
}

/* The helper that is asked on its behalf has another working directory, and so has what reads a file later. */
static bool is_absolute(const struct ctl *c, const char *option, const char *path)
{
	char here[PATH_MAX] = "";

	if (path[0] == '/')
		return true;
	crl_ignore(!getcwd(here, sizeof(here)));
	(void)ctl_complain(c, CTL_USAGE, "%s: found \"%s\", expected an absolute path: %s/%s", option, path,
			   here[0] == '/' && here[1] ? here : "", path);
	return false;
}

/* One that is mistyped looks like a host where nobody is logged in; status says it on its screen. */
static void note_state(const struct ctl *c)
{
	struct stat st;

	if (strcmp(c->state, CRL_STATE_DIR) == 0 || (stat(c->state, &st) < 0 ? errno != ENOENT : S_ISDIR(st.st_mode)))
		return;
	(void)fprintf(stderr, "carrelctl: note: --state %s: that is no directory: no login was ever let in by it\n",
		      c->state);
}

static enum ctl_exit run(const struct ctl_command *k, struct ctl_request *r, int argc, char **argv)
{
	struct ctl *c = &r->c;
	enum ctl_exit status;

	if (c->help) {
		ctl_help_print_command(c->group, k);
		return CTL_YES;
	}
	status = check(k, r, argc);
	if (status != CTL_YES)
		return status;
	if (!is_absolute(c, "--config", c->config) || !is_absolute(c, "--state", c->state))
		return CTL_USAGE;
	if (k != &ctl_status_command)
		note_state(c);
	if (k->tells_drain)
		ctl_drain_note(c);
	if (k->json)
		ctl_pager_prepare(c);
	return k->run(c, argc, argv);
}

/* One of its actions, when there is a word that says which. */
static enum ctl_exit run_action(const struct ctl_command *k, struct ctl_request *r, int argc, char **argv)
{
	const int at = k->subject ? 1 : 0;
	const struct ctl_command *action = NULL;
	static char name[64];

	r->c.command = k->name;
	if (r->c.help && argc == at && argc > 0)
		action = ctl_command_action(k, argv[0]); /* whose help it is has no need of a subject */
	else if (k->actions && argc > at && !(action = ctl_command_action(k, argv[at]))) {
		ctl_command_unknown(k, argv[at]);
		return CTL_USAGE;
	}
	if (!action)
		return run(k, r, argc, argv);
	(void)snprintf(name, sizeof(name), "%s %s", k->name, action->name);
	r->c.command = name;
	r->c.group = k;
	r->c.subject = at > 0 ? argv[0] : NULL;
	return r->c.help ? run(action, r, 0, argv) : run(action, r, argc - at - 1, argv + at + 1);
}

static int answer(int argc, char **argv)
{
	struct ctl_request r = {.c = {.command = "",
				      .build = crl_version_build,
				      .pam_dir = "/etc/pam.d",
				      .helper = CRL_HELPER_PATH,
				      .config = CRL_CONFIG_PATH,
				      .state = CRL_STATE_DIR,
				      .duration_ms = 10 * 60000,
				      .timeout_s = 600,
				      .interval_ms = 2000}};
	int first, words = ctl_options_parse(argc, argv, &r, &first);
	const struct ctl_command *k;

	if (words < 0)
		return usage();
	if (r.c.version) {
		(void)printf("carrelctl " CRL_VERSION_TEXT "\nbuild %s\n", crl_version_build);
		return CTL_YES;
	}
	if (words == 0 && !r.c.help)
		return usage();
	if (words == 0) {
		ctl_help_print();
		return CTL_YES;
	}
	r.c.colour = isatty(STDOUT_FILENO) && !r.c.json && !getenv("NO_COLOR");
	r.c.width = ctl_screen_width();
	k = ctl_command_find(argv[first]);
	if (!k) {
		ctl_command_unknown(NULL, argv[first]);
		return usage();
	}
	return (int)run_action(k, &r, words - 1, argv + first + 1);
}

int main(int argc, char **argv)
{
	int status;

	(void)setlocale(LC_TIME, "C");
	status = answer(argc, argv);
	if (!ctl_pager_end()) {
		(void)fprintf(stderr, "carrelctl: cannot write the answer\n");
		return CTL_FAIL;
	}
	return status;
}
