// SPDX-License-Identifier: Apache-2.0
/* carrelctl: options and the table of commands. */
#include "ctl/ctl.h"

#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/parse.h"

#define MANY 64

struct command {
	const char *name;
	const char *arguments;
	const char *help; /* NULL = not listed */
	int least; /* arguments */
	int most;
	bool json;
	const char *takes; /* options beyond those of all: S --service, R --rhost, t --tty, d --diff, p --policy, u --user,
			      m --minutes, U --unrestricted, Q --status, X --cancel, i --interval, B --budgets, f --for,
			      T --timeout, K --kill, O --off, F --force,
			      E --no-rehearse, P --pam-dir (told where it counts, taken by all) */
	enum ctl_exit (*run)(const struct ctl *c, int argc, char **argv);
};

static const struct command commands[] = {
	{"check", "", "lint the configuration, the PAM stacks and this host", 0, 0, true, "EP", ctl_check},
	{"explain", "USER", "which policy a user gets, why, and every value of it", 1, 1, true, "SRtd", ctl_explain},
	{"rehearse", "USER", "make the user's room with no login and try what must work", 1, 1, true, "SRtp", ctl_rehearse},
	{"assess", "[POLICY]", "what a policy leaves open on this kernel, measured", 0, 1, true, "u", ctl_assess},
	{"list", "[USER|ID...]", "live logins, one a line", 0, MANY, true, "B", ctl_list},
	{"top", "", "live logins and what they use, on the screen, to sort, search and act on", 0, 0, true, "i", ctl_top},
	{"show", "USER|ID...", "everything known of a login", 1, MANY, true, "", ctl_show},
	{"why", "[USER]", "what stopped a login's processes last", 0, 1, true, "", ctl_why},
	{"enter", "USER|ID [-- COMMAND...]", "a shell in a room, as its user", 1, MANY, false, "U", ctl_enter},
	{"enable", "SERVICE", "put carrel into /etc/pam.d/SERVICE", 1, 1, false, "uFEP", ctl_enable},
	{"disable", "SERVICE", "take carrel out of /etc/pam.d/SERVICE", 1, 1, false, "P", ctl_disable},
	{"reload", "", "give live rooms the limits that their policies have now", 0, 0, true, "", ctl_reload},
	{"try", "[FILE|DIR]", "let a new configuration count for some minutes", 0, 1, false, "mQX", ctl_try},
	{"confirm", "", "keep the configuration on trial", 0, 0, false, "Q", ctl_confirm},
	{"freeze", "USER|ID...", "stop every process of a room", 1, MANY, false, "", ctl_freeze},
	{"thaw", "USER|ID...", "let a frozen room go on", 1, MANY, false, "", ctl_thaw},
	/* Asked by the helper for systemd: no command for people. */
	{"may-have-manager", "UID", NULL, 1, 1, false, "", ctl_may_have_manager},
	{"kill", "USER|ID...", "end a room with everything in it", 1, MANY, false, "", ctl_kill},
	{"wall", "[TEXT...]", "say something on every terminal of every room", 0, MANY, true, "u", ctl_wall},
	{"drain", "[TEXT...]", "take no new logins and wait until nobody is in", 0, MANY, false, "fTKOQ", ctl_drain},
};

/* What looks at the host's rooms: in a room there is nothing to be seen of them, which must not look like none. */
static const char *const of_rooms[] = {"list", "top", "show", "why", "enter", "reload",
				       "freeze", "thaw", "kill", "wall", "drain"};

/* What makes rooms; like what looks at them, of no use to anybody but root. */
static const char *const makes_rooms[] = {"rehearse", "assess"};

/* Options that only some commands take. */
static const struct special {
	char letter;
	const char *name;
	const char *help;
	const char *only; /* of that command, where it means something else to others; NULL = to all */
} specials[] = {
	{'S', "service S", "of a login by PAM service S, not sshd", NULL},
	{'R', "rhost A", "from address A, not a local one", NULL},
	{'t', "tty T", "on terminal T", NULL},
	{'d', "diff POLICY", "only what differs from that policy", NULL},
	{'p', "policy POLICY", "under that policy, not the one that the rules give", NULL},
	{'u', "user USER", "try it as USER, not as the first person of this host", "assess"},
	{'u', "user USER", "try it as USER, not as the first person of this host", "enable"},
	{'u', "user USER|ID", "only his rooms, or that one; may be given again", "wall"},
	{'m', "minutes N", "how long, 0.01 to 1440; 10 without it", NULL},
	{'Q', "status", "only tell what is on trial, and until when", "try"},
	{'Q', "status", "only tell what is on trial, and until when", "confirm"},
	{'Q', "status", "only tell whether logins are taken", "drain"},
	{'B', "budgets", "what those who share a budget use of it together", NULL},
	{'f', "for TIME", "logins are taken again after that, such as 30m or 2h", NULL},
	{'T', "timeout TIME", "how long to wait until nobody is in; 10m without it", NULL},
	{'K', "kill", "then end what is left", NULL},
	{'O', "off", "take logins again", NULL},
	{'X', "cancel", "end the trial: the configuration from before it counts again", NULL},
	{'U', "unrestricted", "as the room's user, but without its filter and limits on capabilities", NULL},
	{'F', "force", "also where carrelctl check would tell an error", NULL},
	{'E', "no-rehearse", "make no room and no session to try it", NULL},
	{'P', "pam-dir DIR", "instead of /etc/pam.d", NULL},
	{'i', "interval S", "seconds between two looks, 0.5 to 60; 2 without it", NULL},
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
		if (commands[i].help)
			(void)printf("  %-8s %-24s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
	(void)printf("\ncarrelctl COMMAND --help tells more; so does carrelctl(8).\n"
		     "Exit status: 0 yes or done, 1 no or nothing there, 2 usage, 3 the system would not.\n");
}

static void help_command(const struct command *k)
{
	(void)printf("usage: carrelctl %s [OPTION...]%s%s\n\n%s.\n\n", k->name, k->arguments[0] ? " " : "", k->arguments,
		     k->help ? k->help : "for programs: see carrelctl(8)");
	(void)printf("  --config FILE    instead of " CRL_CONFIG_PATH "\n  --state DIR      instead of " CRL_STATE_DIR "\n");
	if (k->json)
		(void)printf("  --json           for programs\n  --no-pager       long answers straight to the terminal\n");
	for (size_t i = 0; i < CRL_ARRAY_LEN(specials); i++)
		if (strchr(k->takes, specials[i].letter) && (!specials[i].only || strcmp(specials[i].only, k->name) == 0))
			(void)printf("  --%-14s %s\n", specials[i].name, specials[i].help);
}

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"state", required_argument, NULL, 's'},
	{"json", no_argument, NULL, 'j'},	  {"help", no_argument, NULL, 'h'},
	{"service", required_argument, NULL, 'S'}, {"rhost", required_argument, NULL, 'R'},
	{"tty", required_argument, NULL, 't'},	  {"diff", required_argument, NULL, 'd'},
	{"helper", required_argument, NULL, 'H'}, {"module", required_argument, NULL, 'M'}, {"pam-dir", required_argument,
			NULL, 'P'},
	{"policy", required_argument, NULL, 'p'}, {"user", required_argument, NULL, 'u'},
	{"minutes", required_argument, NULL, 'm'}, {"unrestricted", no_argument, NULL, 'U'},
	{"status", no_argument, NULL, 'Q'},	  {"cancel", no_argument, NULL, 'X'},
	{"interval", required_argument, NULL, 'i'}, {"no-pager", no_argument, NULL, 'N'},
	{"force", no_argument, NULL, 'F'},	  {"no-rehearse", no_argument, NULL, 'E'},
	{"budgets", no_argument, NULL, 'B'},	  {"for", required_argument, NULL, 'f'},
	{"timeout", required_argument, NULL, 'T'}, {"kill", no_argument, NULL, 'K'},
	{"off", no_argument, NULL, 'O'},	  {"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

struct request {
	struct ctl c;
	bool help;
	bool version;
	char given[16]; /* letters of the special options */
};

/* Returns false when the value is wrong, and has said so. */
static bool take_number(struct request *r, int letter, const char *value)
{
	uint64_t n = 0;

	if (letter == 'm' && ctl_parse_decimal(value, 2, 10, 1440000, &n) < 0) {
		(void)fprintf(stderr, "carrelctl: --minutes wants a number from 0.01 to 1440, with two decimals at most\n");
		return false;
	}
	if (letter == 'i' && ctl_parse_decimal(value, 3, 500, 60000, &n) < 0) {
		(void)fprintf(stderr, "carrelctl: --interval wants seconds from 0.5 to 60, such as 2 or 0.5\n");
		return false;
	}
	if ((letter == 'f' || letter == 'T') && crl_parse_duration(value, letter == 'f', 30 * 86400, &n) < 0) {
		(void)fprintf(stderr, "carrelctl: --%s wants a time such as 90s, 30m, 2h or 1d, at most 30d\n",
			      letter == 'f' ? "for" : "timeout");
		return false;
	}
	if (letter == 'm')
		r->c.duration_ms = n * 60;
	else if (letter == 'i')
		r->c.interval_ms = (unsigned int)n;
	else if (letter == 'f')
		r->c.for_s = n;
	else
		r->c.timeout_s = n;
	return true;
}

static bool add_user(struct request *r, const char *value)
{
	r->c.user = value;
	if (r->c.users_len < CTL_USERS_MAX) {
		r->c.users[r->c.users_len++] = value;
		return true;
	}
	(void)fprintf(stderr, "carrelctl: --user can be given %d times\n", CTL_USERS_MAX);
	return false;
}

/* Returns false when the value is wrong, and has said so. */
static bool take_special(struct request *r, int letter, const char *value)
{
	const struct {
		char letter;
		const char **text;
		bool *flag;
	} place[] = {
		{'S', &r->c.service, NULL},   {'R', &r->c.rhost, NULL},	  {'t', &r->c.tty, NULL},
		{'d', &r->c.diff, NULL},      {'p', &r->c.policy, NULL},  {'Q', NULL, &r->c.status},
		{'X', NULL, &r->c.cancel},    {'B', NULL, &r->c.budgets}, {'K', NULL, &r->c.kill},
		{'O', NULL, &r->c.off},	      {'U', NULL, &r->c.unrestricted},
		{'F', NULL, &r->c.force},     {'E', NULL, &r->c.no_rehearse},
	};
	size_t len = strlen(r->given);

	if (!strchr(r->given, letter) && len + 1 < sizeof(r->given))
		r->given[len] = (char)letter;
	if (letter == 'u')
		return add_user(r, value);
	for (size_t i = 0; i < CRL_ARRAY_LEN(place); i++) {
		if (place[i].letter != letter)
			continue;
		if (place[i].text)
			*place[i].text = value;
		else
			*place[i].flag = true;
		return true;
	}
	return take_number(r, letter, value);
}

/* Options may stand before and after the command. Returns the number of words left, or -1. */
static int parse(int argc, char **argv, struct request *r)
{
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		if (option == '?') /* getopt_long has said what is wrong */
			return -1;
		if (option == 'c')
			r->c.config = optarg;
		else if (option == 's')
			r->c.state = optarg;
		else if (option == 'H')
			r->c.helper = optarg;
		else if (option == 'P')
			r->c.pam_dir = optarg;
		else if (option == 'M')
			r->c.module = optarg;
		else if (option == 'j')
			r->c.json = true;
		else if (option == 'N')
			r->c.no_pager = true;
		else if (option == 'h')
			r->help = true;
		else if (option == 'V')
			r->version = true;
		else if (!take_special(r, option, optarg))
			return -1;
	}
	return argc - optind;
}

static const struct special *find_special(char letter)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(specials); i++)
		if (specials[i].letter == letter)
			return &specials[i];
	return &specials[0]; /* cannot be: each letter has its entry */
}

static int usage(void)
{
	(void)fprintf(stderr, "carrelctl --help tells how it is used\n");
	return CTL_USAGE;
}

static bool is_among(const struct command *k, const char *const name[], size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(name[i], k->name) == 0)
			return true;
	return false;
}

static bool looks_at_rooms(const struct command *k)
{
	return is_among(k, of_rooms, CRL_ARRAY_LEN(of_rooms));
}

static bool needs_root(const struct command *k)
{
	return looks_at_rooms(k) || is_among(k, makes_rooms, CRL_ARRAY_LEN(makes_rooms));
}

static int run(const struct command *k, struct request *r, int argc, char **argv)
{
	r->c.command = k->name;
	if (r->help) {
		help_command(k);
		return CTL_YES;
	}
	if (argc < k->least || argc > k->most) {
		(void)fprintf(stderr, "usage: carrelctl %s%s%s\n", k->name, k->arguments[0] ? " " : "", k->arguments);
		return CTL_USAGE;
	}
	if (r->c.json && !k->json)
		return (int)ctl_complain(&r->c, CTL_USAGE, "prints no table, so there is no --json");
	for (const char *p = r->given; *p; p++)
		if (!strchr(k->takes, *p))
			return (int)ctl_complain(&r->c, CTL_USAGE, "takes no --%s", find_special(*p)->name);
	if (looks_at_rooms(k) && ctl_is_in_room())
		return (int)ctl_complain(&r->c, CTL_FAIL, "not here: this is a room, and rooms are looked at on the host");
	if (needs_root(k) && geteuid() != 0)
		return (int)ctl_complain(&r->c, CTL_FAIL, "only root can do that: rooms are root's to look at and to make");
	if (strcmp(k->name, "drain") != 0 && (looks_at_rooms(k) || strcmp(k->name, "check") == 0))
		ctl_drain_note(&r->c);
	if (k->json)
		ctl_pager_prepare(&r->c);
	return (int)k->run(&r->c, argc, argv);
}

static int answer(int argc, char **argv)
{
	struct request r = {.c = {.command = "",
				  .pam_dir = "/etc/pam.d",
				  .helper = CRL_HELPER_PATH,
				  .config = CRL_CONFIG_PATH,
				  .state = CRL_STATE_DIR,
				  .duration_ms = 10 * 60000,
				  .timeout_s = 600,
				  .interval_ms = 2000}};
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
	if (!ctl_pager_end()) {
		(void)fprintf(stderr, "carrelctl: cannot write the answer\n");
		return CTL_FAIL;
	}
	return status;
}
