// SPDX-License-Identifier: Apache-2.0
/* Are module, helper and carrelctl there, root's alone, and of one version? */
#include "ctl/check/module.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/path.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/host/module.h"
#include "ctl/host/pamstack.h"
#include "ctl/host/pamview.h"
#include "state/errand_place.h"
#include "state/steward.h"
#include "wire/version.h"

#define NAMES_MAX 16 /* different modules or helpers that PAM lines name */

/* Where a name stands. */
struct module_place {
	const char *path; /* "" = nowhere yet */
	int line;
};

static void check_owner(struct ctl_findings *f, const char *path)
{
	char dir[PATH_MAX];
	scoped_fd fd = -EBADF;
	struct crl_err err = {0};
	struct stat st;

	(void)snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	if (crl_path_open_trusted(dir[0] ? dir : "/", CRL_PATH_DIR, CRL_STAGE_CONFIG, &fd, &err) < 0)
		ctl_find(f, CTL_ERROR, path, 0, "chown root, chmod 755 for all directories above it",
			 "not root's alone: %s", err.text);
	else if (stat(path, &st) == 0 && (st.st_uid != 0 || (st.st_mode & 022) != 0))
		ctl_find(f, CTL_ERROR, path, 0, "chown root, chmod 644", "the module is not root's alone");
}

static void check_one_module(struct ctl_findings *f, const char *name, const struct module_place *at)
{
	scoped_free struct ctl_module *m = malloc(sizeof(*m));
	char mend[PATH_MAX + 100];

	if (!m)
		return;
	ctl_module_ask(name, m);
	(void)snprintf(mend, sizeof(mend),
		       m->libpam_dir[0] && name[0] != '/' ? CTL_MEND_INSTALL " PAMDIR=%s"
							  : CTL_MEND_INSTALL
			       "%.0s; or write the right path into the line",
		       m->libpam_dir);
	if (!m->asked)
		ctl_find(f, CTL_WARNING, at->path, at->line, "log in once before the last shell is closed",
			 "it is not known whether %s can be loaded: %s", name, m->why);
	else if (!m->loaded)
		ctl_find(f, CTL_ERROR, at->path, at->line, mend,
			 "libpam cannot load %s: every login is refused, root's too, whatever carrel.conf says (%s)",
			 name, m->why);
	else if (!m->whole)
		ctl_find(f, CTL_ERROR, at->path, at->line, mend, "%s, which libpam loads, is no module of carrel's",
			 m->path);
	else if (strcmp(m->version, CRL_VERSION_TEXT) != 0)
		ctl_find(f, CTL_ERROR, m->path, 0, CTL_MEND_INSTALL,
			 "libpam loads a module of version %s, and this is carrelctl " CRL_VERSION_TEXT
			 ": logins may be refused",
			 m->version[0] ? m->version : "unknown, since it tells none");
	if (m->loaded)
		check_owner(f, m->path);
}

/* What the helper finds beside itself, and does without when it is missing, or when others could have written it. */
static void check_beside(struct ctl_findings *f, const char *helper)
{
	static const struct {
		const char *name;
		const char *without; /* NULL: it need not be there */
	} kinds[] = {
		{CRL_STEWARD_PROGRAM,
		 "rooms do not follow the host, and nobody in them can change a password or send mail"},
		{CRL_ERRAND_PROGRAM, "nobody in a room can change a password or send mail"},
		{"carrel-bus", NULL},
		{"carrel-net", NULL},
	};

	for (size_t i = 0; i < CRL_ARRAY_LEN(kinds); i++) {
		char path[PATH_MAX];
		struct stat st;

		(void)snprintf(path, sizeof(path), "%.*s/%s", (int)(strrchr(helper, '/') - helper), helper,
			       kinds[i].name);
		if (stat(path, &st) < 0) {
			if (kinds[i].without && errno == ENOENT)
				ctl_find(f, CTL_WARNING, path, 0, CTL_MEND_INSTALL, "is not there: %s",
					 kinds[i].without);
		} else if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022) != 0) {
			ctl_find(f, CTL_WARNING, path, 0, "chown root, chmod 755",
				 "is not root's alone, so the helper does not use it");
		} else if ((st.st_mode & 0111) == 0) {
			ctl_find(f, CTL_WARNING, path, 0, "chmod 755", "is no program, so the helper cannot use it");
		}
	}
}

static void check_one_helper(struct ctl_findings *f, const char *path)
{
	char version[64] = "";
	struct stat st;
	int rc;

	if (stat(path, &st) < 0)
		ctl_find(f, CTL_ERROR, path, 0, CTL_MEND_INSTALL, "the helper is not there: every login is refused");
	else if (st.st_uid != 0 || (st.st_mode & 022) != 0)
		ctl_find(f, CTL_ERROR, path, 0, "chown root, chmod 755", "the helper is not root's alone");
	else if (st.st_mode & (S_ISUID | S_ISGID))
		ctl_find(f, CTL_ERROR, path, 0, "chmod 755",
			 "the helper has a set-id bit, which it refuses to run with");
	else if (geteuid() == 0) { /* it runs for nobody else */
		rc = ctl_helper_version(path, version);
		if (rc < 0)
			ctl_find(f, CTL_ERROR, path, 0, CTL_MEND_INSTALL,
				 "the helper does not tell its version: it is older, or does not run here");
		else if (strcmp(version, CRL_VERSION_TEXT) != 0)
			ctl_find(f, CTL_ERROR, path, 0, CTL_MEND_INSTALL,
				 "the helper is version %s, and this is carrelctl " CRL_VERSION_TEXT
				 ": logins may be refused",
				 version);
	}
	if (strrchr(path, '/') && access(path, F_OK) == 0)
		check_beside(f, path);
}

/* Each name once. */
struct names {
	struct ctl_findings *f;
	const struct ctl *c;
	char module[NAMES_MAX][PAM_WORD_BYTES];
	size_t modules;
	char helper[NAMES_MAX][PAM_WORD_BYTES];
	size_t helpers;
};

static bool is_new(char list[][PAM_WORD_BYTES], size_t *len, const char *name)
{
	for (size_t i = 0; i < *len; i++)
		if (strcmp(list[i], name) == 0)
			return false;
	if (*len == NAMES_MAX)
		return false;
	(void)snprintf(list[(*len)++], PAM_WORD_BYTES, "%s", name);
	return true;
}

static void look_at_line(void *arg, const char *service, const struct ctl_pam_step *step)
{
	struct names *n = arg;
	const struct module_place at = {.path = step->path, .line = step->line.number};
	char helper[PAM_WORD_BYTES];

	(void)service;
	if (is_new(n->module, &n->modules, step->line.module))
		check_one_module(n->f, step->line.module, &at);
	if (!ctl_pam_line_argument(&step->line, "helper", helper))
		(void)snprintf(helper, sizeof(helper), "%s", CRL_HELPER_PATH);
	if (is_new(n->helper, &n->helpers, helper))
		check_one_helper(n->f, helper);
}

void ctl_check_module(struct ctl_findings *f, const struct ctl *c, const struct ctl_pam_view *v)
{
	scoped_free struct names *n = calloc(1, sizeof(*n));

	if (!n)
		return;
	n->f = f;
	n->c = c;
	ctl_pam_view_wired(v, look_at_line, n);
	if (n->modules == 0) /* what enable would write */
		check_one_module(f, c->module ? c->module : CTL_MODULE_NAME, &(struct module_place){.path = ""});
	if (n->helpers == 0)
		check_one_helper(f, c->helper);
}
