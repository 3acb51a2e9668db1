// SPDX-License-Identifier: Apache-2.0
/* carrelctl: options and the table of commands. */
#include "ctl/ctl.h"

#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define MANY 64

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	int least; /* arguments */
	int most;
	bool json;
	bool login; /* --service, --rhost, --tty, --diff */
	enum ctl_exit (*run)(const struct ctl *c, int argc, char **argv);
};

static const struct command commands[] = {
	{"check", "", "lint the configuration, the PAM stacks and this host", 0, 0, true, false, ctl_check},
	{"explain", "USER", "which policy a user gets, why, and every value of it", 1, 1, true, true, ctl_explain},
	{"list", "[USER|ID...]", "live logins, one a line", 0, MANY, true, false, ctl_list},
	{"show", "USER|ID...", "everything known of a login", 1, MANY, true, false, ctl_show},
	{"enable", "SERVICE", "put carrel into /etc/pam.d/SERVICE", 1, 1, false, false, ctl_enable},
	{"disable", "SERVICE", "take carrel out of /etc/pam.d/SERVICE", 1, 1, false, false, ctl_disable},
	{"reload", "", "give live rooms the limits that their policies have now", 0, 0, true, false, ctl_reload},
	{"freeze", "USER|ID...", "stop every process of a room", 1, MANY, false, false, ctl_freeze},
	{"thaw", "USER|ID...", "let a frozen room go on", 1, MANY, false, false, ctl_thaw},
	{"kill", "USER|ID...", "end a room with everything in it", 1, MANY, false, false, ctl_kill},
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void help(void)
{
	(void)printf("usage: carrelctl [--config FILE] [--state DIR] COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < CRL_ARRAY_LEN(commands); i++)
		(void)printf("  %-8s %-44s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
	(void)printf("\ncarrelctl COMMAND --help tells more; so does carrelctl(8).\n"
		     "Exit status: 0 yes or done, 1 no or nothing there, 2 usage, 3 the system would not.\n");
}

static void help_command(const struct command *k)
{
	(void)printf("usage: carrelctl %s%s %s\n\n%s.\n\n", k->name, k->json ? " [--json]" : "", k->arguments, k->help);
	(void)printf("  --config FILE  instead of " CRL_CONFIG_PATH "\n  --state DIR    instead of " CRL_STATE_DIR "\n");
	if (k->json)
		(void)printf("  --json         for programs\n");
	if (k->login)
		(void)printf("  --service S    of a login by PAM service S, not sshd\n"
			     "  --rhost A      from address A, not a local one\n"
			     "  --tty T        on terminal T\n"
			     "  --diff POLICY  only what differs from that policy\n");
}

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"state", required_argument, NULL, 's'},
	{"json", no_argument, NULL, 'j'},	  {"help", no_argument, NULL, 'h'},
	{"service", required_argument, NULL, 'S'}, {"rhost", required_argument, NULL, 'R'},
	{"tty", required_argument, NULL, 't'},	  {"diff", required_argument, NULL, 'd'},
	{"helper", required_argument, NULL, 'H'}, {"pam-dir", required_argument, NULL, 'P'},
	{"version", no_argument, NULL, 'V'},	  {NULL, 0, NULL, 0},
};

struct request {
	struct ctl c;
	bool help;
	bool version;
};

/* Options may stand before and after the command. Returns the number of words left, or -1. */
static int parse(int argc, char **argv, struct request *r)
{
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			r->c.config = optarg;
			break;
		case 's':
			r->c.state = optarg;
			break;
		case 'S':
			r->c.service = optarg;
			break;
		case 'R':
			r->c.rhost = optarg;
			break;
		case 't':
			r->c.tty = optarg;
			break;
		case 'd':
			r->c.diff = optarg;
			break;
		case 'H':
			r->c.helper = optarg;
			break;
		case 'P':
			r->c.pam_dir = optarg;
			break;
		case 'j':
			r->c.json = true;
			break;
		case 'h':
			r->help = true;
			break;
		case 'V':
			r->version = true;
			break;
		default: /* getopt_long has said what is wrong */
			return -1;
		}
	}
	return argc - optind;
}

static int usage(void)
{
	(void)fprintf(stderr, "carrelctl --help tells how it is used\n");
	return CTL_USAGE;
}

static int run(const struct command *k, struct request *r, int argc, char **argv)
{
	r->c.command = k->name;
	if (r->help) {
		help_command(k);
		return CTL_YES;
	}
	if (argc < k->least || argc > k->most) {
		(void)fprintf(stderr, "usage: carrelctl %s %s\n", k->name, k->arguments);
		return CTL_USAGE;
	}
	if (r->c.json && !k->json)
		return (int)ctl_complain(&r->c, CTL_USAGE, "prints no table, so there is no --json");
	if (!k->login && (r->c.service || r->c.rhost || r->c.tty || r->c.diff))
		return (int)ctl_complain(&r->c, CTL_USAGE, "takes no --service, --rhost, --tty or --diff");
	return (int)k->run(&r->c, argc, argv);
}

static int answer(int argc, char **argv)
{
	struct request r = {.c = {.command = "",
				  .pam_dir = "/etc/pam.d",
				  .helper = CRL_HELPER_PATH,
				  .config = CRL_CONFIG_PATH,
				  .state = CRL_STATE_DIR}};
	int words = parse(argc, argv, &r);
	const struct command *k;
	char name[80];

	if (words < 0)
		return usage();
	if (r.version) {
		(void)printf("carrelctl " CRL_VERSION "\n");
		return CTL_YES;
	}
	if (words == 0 && !r.help)
		return usage();
	if (words == 0) {
		help();
		return CTL_YES;
	}
	r.c.colour = isatty(STDOUT_FILENO) && !r.c.json && !getenv("NO_COLOR");
	k = find_command(argv[optind]);
	if (!k) {
		(void)fprintf(stderr, "carrelctl: no command \"%s\"\n", crl_escape_line(name, sizeof(name), argv[optind]));
		return usage();
	}
	return run(k, &r, words - 1, argv + optind + 1);
}

int main(int argc, char **argv)
{
	int status;

	(void)setlocale(LC_TIME, "C");
	status = answer(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fprintf(stderr, "carrelctl: cannot write the answer\n");
		return CTL_FAIL;
	}
	return status;
}
