// SPDX-License-Identifier: Apache-2.0
/* PAM stacks that carrel is in, and whether sshd asks them. See findings.h. */
#include "ctl/findings.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "ctl/pamstack.h"
#include "ctl/sshdconf.h"
#include "policy/match.h"

#define SSHD_CONFIG "/etc/ssh/sshd_config"

static void check_service(struct findings *f, const char *path, const char *text)
{
	struct pam_stack s;

	pam_stack_read(text, &s);
	if (!s.open && !s.close)
		return;
	f->wired++;
	if (!s.open)
		find(f, ERROR, path, s.close, "carrelctl disable, then enable", "carrel closes but never opens: nobody is isolated");
	else if (!s.close)
		find(f, ERROR, path, s.open, "session optional pam_carrel.so close, before all other session lines",
		     "carrel opens but never closes");
	if (s.opens > 1 || s.closes > 1)
		find(f, ERROR, path, s.open, "carrelctl disable, then enable", "carrel is in this stack more than once");
	if (s.open && !s.open_is_binding)
		find(f, ERROR, path, s.open, "session requisite pam_carrel.so open",
		     "its control lets a login go on that carrel has refused");
	if (s.after_open)
		find(f, ERROR, path, s.after_open, "move carrel's open behind it",
		     "this session line comes behind carrel's open and runs inside the room");
	if (s.close && s.before_close && s.before_close < s.close)
		find(f, ERROR, path, s.before_close, "move carrel's close before it",
		     "this session line comes before carrel's close and closes inside the room");
	if (s.ends_early)
		find(f, ERROR, path, s.ends_early, "another control than that",
		     "this session line can end the stack before carrel is asked");
}

/* What one file of pam.d says about another one that carrel is in. */
struct shared_file {
	struct findings *f;
	const char *pam_dir;
	char name[NAME_MAX + 1]; /* of the file that carrel is in */
	bool opens;
};

static int read_service(const char *dir, const char *name, char **ret)
{
	char path[PATH_MAX];
	scoped_fd fd = -EBADF;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : crl_file_read_all(fd, ret, &len);
}

typedef void each_service(void *arg, const char *name, const char *path, const char *text);

/* Returns 0 or -errno. */
static int for_services(const char *pam_dir, each_service *each, void *arg)
{
	DIR *dir = opendir(pam_dir);

	if (!dir)
		return -errno;
	for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
		scoped_free char *text = NULL;
		char path[PATH_MAX];

		if (d->d_name[0] == '.' || read_service(pam_dir, d->d_name, &text) < 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", pam_dir, d->d_name);
		each(arg, d->d_name, path, text);
	}
	(void)closedir(dir);
	return 0;
}

/* Carrel's lines belong into a service's own file: elsewhere they come along with whatever includes it. */
static void check_includer(void *arg, const char *name, const char *path, const char *text)
{
	const struct shared_file *s = arg;
	struct pam_include found;

	(void)name;
	if (!pam_stack_includes(text, s->name, &found))
		return;
	find(s->f, WARNING, path, found.line, "take carrel out of that file; carrelctl enable for each service that is meant",
	     "this line brings in carrel, which is in %s/%s", s->pam_dir, s->name);
	if (s->opens && found.after)
		find(s->f, ERROR, path, found.after, "take carrel out of that file; carrelctl enable for each service that is meant",
		     "this session line comes behind carrel's open, which %s/%s brings in, and runs inside the room", s->pam_dir,
		     s->name);
}

static void check_one_service(void *arg, const char *name, const char *path, const char *text)
{
	struct shared_file s = *(struct shared_file *)arg;
	struct pam_stack stack;

	check_service(s.f, path, text);
	pam_stack_read(text, &stack);
	if (!stack.open && !stack.close)
		return;
	(void)snprintf(s.name, sizeof(s.name), "%s", name);
	s.opens = stack.open > 0;
	crl_ignore(for_services(s.pam_dir, check_includer, &s) < 0);
}

static bool has_networks(const struct crl_config *config)
{
	const struct crl_rules *rules = config ? crl_config_rules(config) : NULL;

	for (size_t i = 0; rules && i < rules->len; i++)
		if (rules->item[i].is[CRL_COND_RHOST].len || rules->item[i].not[CRL_COND_RHOST].len)
			return true;
	return false;
}

/* sshd asks PAM only where it is told to. */
static void check_sshd(struct findings *f, const char *pam_dir, const struct crl_config *config)
{
	scoped_free char *text = NULL;
	struct pam_stack stack = {0};
	struct sshd_value v;

	if (read_service(pam_dir, "sshd", &text) == 0)
		pam_stack_read(text, &stack);
	if (!stack.open || sshd_config_find(SSHD_CONFIG, "UsePAM", &v) < 0)
		return;
	if (strcasecmp(v.text, "yes") != 0)
		find(f, ERROR, v.text[0] ? v.file : SSHD_CONFIG, v.line, "UsePAM yes",
		     "%s: sshd never asks PAM, and nobody who comes by ssh is isolated",
		     v.text[0] ? "UsePAM is not yes" : "UsePAM is not set, which means no");
	if (has_networks(config) && sshd_config_find(SSHD_CONFIG, "UseDNS", &v) == 0 && strcasecmp(v.text, "yes") == 0)
		find(f, WARNING, v.file, v.line, "UseDNS no",
		     "sshd tells names instead of addresses, which no network in rhost of a rule matches");
}

void check_pam(struct findings *f, const struct ctl *c, const struct crl_config *config)
{
	struct shared_file s = {.f = f, .pam_dir = c->pam_dir};
	int r = for_services(c->pam_dir, check_one_service, &s);

	if (r < 0) {
		find(f, ERROR, c->pam_dir, 0, "give the right directory", "cannot be read: %s", strerrordesc_np(-r));
		return;
	}
	if (f->wired == 0)
		find(f, WARNING, c->pam_dir, 0, "carrelctl enable sshd", "no service uses carrel: nobody is isolated");
	check_sshd(f, c->pam_dir, config);
}
