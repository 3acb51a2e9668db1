// SPDX-License-Identifier: Apache-2.0
/* PAM stacks that carrel is in. */
#include "ctl/check/pam.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/check/sshd.h"
#include "ctl/check/sudo.h"
#include "ctl/host/pamstack.h"
#include "ctl/host/pamunits.h"
#include "ctl/host/pamview.h"
#include "ctl/host/services.h"
#include "ctl/shell/publish.h"

#define OWN_LINES "take carrel out of that file; carrelctl enable for each service that is meant"

static void check_service(struct ctl_findings *f, const char *path, const char *text)
{
	struct ctl_pam_stack s;

	ctl_pam_stack_read(text, &s);
	if (!s.open && !s.close)
		return;
	if (s.strange)
		ctl_find(f, CTL_ERROR, path, s.strange, "write it as in pam.d(5)",
			 "this line is not understood, or libpam refuses the file for it");
	f->wired++;
	if (!s.open)
		ctl_find(f, CTL_ERROR, path, s.close, "carrelctl disable, then enable",
			 "carrel closes but never opens: nobody is isolated");
	else if (!s.close)
		ctl_find(f, CTL_ERROR, path, s.open,
			 "session optional pam_carrel.so close, before all other session lines",
			 "carrel opens but never closes");
	if (s.opens > 1 || s.closes > 1)
		ctl_find(f, CTL_ERROR, path, s.open, "carrelctl disable, then enable",
			 "carrel is in this stack more than once");
	if (s.open && !s.open_is_binding)
		ctl_find(f, CTL_ERROR, path, s.open, "session requisite pam_carrel.so open",
			 "its control lets a login go on that carrel has refused");
	if (s.after_open)
		ctl_find(f, CTL_ERROR, path, s.after_open, "move carrel's open behind it",
			 "this session line comes behind carrel's open and runs inside the room");
	if (s.close && s.before_close && s.before_close < s.close)
		ctl_find(f, CTL_ERROR, path, s.before_close, "move carrel's close before it",
			 "this session line comes before carrel's close and closes inside the room");
	if (s.ends_early)
		ctl_find(f, CTL_ERROR, path, s.ends_early, "another control than that",
			 "this session line can end the stack before carrel is asked");
}

/* A service with all that it includes. */
struct whole {
	struct ctl_findings *f;
	const char *service;
	const char *path;
	const struct ctl_pam_sessions *s;
	const struct ctl_pam_step *open; /* the last one; NULL = none */
	const struct ctl_pam_step
		*brought; /* the first line of carrel's that is not in the service's own file; NULL = none */
	size_t opens;
	size_t own_opens;
};

/* "su-l" that includes "su" is the same door: what is enabled for the one is meant for the other. */
static bool is_same_door(const char *service, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t len = strlen(name);

	return strncmp(service, name, len) == 0 && service[len] == '-';
}

/* Carrel's lines belong into a service's own file: elsewhere they come along with whatever includes it. */
static void check_brought(const struct whole *w)
{
	const struct ctl_pam_step *b = w->brought;

	if (w->own_opens > 0)
		ctl_find(w->f, CTL_ERROR, w->path, b->via, "carrelctl disable for the one of the two",
			 "this line brings in carrel, which is in %s, and the file has lines of carrel of its own",
			 b->path);
	else if (is_same_door(w->service, b->path))
		ctl_find(w->f, CTL_WARNING, w->path, b->via, "nothing, if that is meant",
			 "this line brings in carrel, which is in %s: %s is isolated as well", b->path, w->service);
	else
		ctl_find(w->f, CTL_ERROR, w->path, b->via, OWN_LINES, "this line brings in carrel, which is in %s",
			 b->path);
	if (w->opens > w->own_opens + 1)
		ctl_find(w->f, CTL_ERROR, w->path, b->via, OWN_LINES,
			 "carrel is in this stack more than once, by what it includes");
}

static void check_behind(const struct whole *w, const struct ctl_pam_step *step)
{
	if (w->open->own && step->own)
		return; /* told of the file itself */
	ctl_find(w->f, CTL_ERROR, step->path, step->line.number,
		 w->open->own ? "move carrel's open behind it" : OWN_LINES,
		 "this session line comes behind carrel's open, which %s brings in for service %s, and runs inside the "
		 "room",
		 w->open->path, w->service);
}

/* @left  lines between it and carrel's open */
static void check_before(const struct whole *w, const struct ctl_pam_step *step, size_t left)
{
	bool ends = ctl_pam_control_can_end(step->line.control) && !step->in_substack && !step->own;

	if (ends || (!step->in_substack && ctl_pam_control_jump(step->line.control) > left))
		ctl_find(w->f, CTL_ERROR, step->path, step->line.number, "another control than that",
			 "this session line can %s carrel is asked for service %s",
			 ends ? "end the stack before" : "jump past the line where", w->service);
}

/* Does a line before it, which cannot fail, lead past it? So pam-auth-update(8) writes its pam_deny. */
static bool is_passed_over(const struct ctl_pam_step *step, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (strcmp(step[before].line.module, "pam_permit.so") == 0 &&
		    ctl_pam_control_jump(step[before].line.control) >= i - before)
			return true;
	return false;
}

/* What has failed before carrel was asked ends there, and sudo takes PAM_SESSION_ERR for no error. */
static void check_sudo(const struct whole *w, size_t i)
{
	const struct ctl_pam_step *step = &w->s->step[i];

	if (strncmp(w->service, "sudo", 4) != 0 || step->in_substack || !ctl_pam_control_dies(step->line.control) ||
	    strcmp(step->line.module, "pam_permit.so") == 0 || is_passed_over(w->s->step, i))
		return;
	ctl_find(w->f, CTL_ERROR, step->path, step->line.number, "required in its place",
		 "this session line ends the stack of service %s when it fails, before carrel is asked: sudo goes on "
		 "after PAM_SESSION_ERR, and the command runs without a room",
		 w->service);
}

static void check_order(const struct whole *w)
{
	const struct ctl_pam_step *step = w->s->step;
	size_t open = (size_t)(w->open - step);

	for (size_t i = 0; i < w->s->len; i++) {
		if (step[i].line.opens || step[i].line.closes)
			continue;
		if (i > open)
			check_behind(w, &step[i]);
		else {
			check_before(w, &step[i], open - i - 1);
			check_sudo(w, i);
		}
	}
}

/* What a unit's session would do to it. */
static void check_unit(const struct whole *w)
{
	char unit[PATH_MAX];

	if (ctl_pam_is_of_unit(w->service, unit, sizeof(unit)))
		ctl_find(w->f, CTL_ERROR, w->path, w->open->via,
			 w->open->own ? "carrelctl disable: it must not be isolated" : OWN_LINES,
			 "service %s is that of %s: what opens its session is not what runs, and it would not start",
			 w->service, unit);
}

/* Its program may be one that does not work in a room, or does not know that it has none. */
static void check_program(const struct whole *w)
{
	bool enabling = w->f->enabling && strcmp(w->f->enabling, w->service) == 0;
	char mend[100];
	const char *why;

	if (ctl_service_known(w->service, &why) == CTL_SERVICE_WORKS)
		return;
	(void)snprintf(mend, sizeof(mend), "%s%.60s",
		       enabling ? "leave it without, or try it with " : "carrelctl disable ",
		       enabling ? "--force" : w->service);
	ctl_find(w->f, enabling ? CTL_ERROR : CTL_WARNING, w->path, w->open->via, mend, "service %s: %s", w->service,
		 why);
}

static void check_whole(struct ctl_findings *f, const struct ctl_pam_view *v, const char *service, const char *path)
{
	struct ctl_pam_sessions s;
	struct whole w = {.f = f, .service = service, .path = path, .s = &s};

	if (ctl_pam_view_sessions(v, service, &s) < 0)
		return;
	for (size_t i = 0; i < s.len; i++) {
		const struct ctl_pam_step *step = &s.step[i];

		if (step->line.opens) {
			w.open = step;
			w.opens++;
			w.own_opens += step->own;
		}
		if (!w.brought && !step->own && (step->line.opens || step->line.closes))
			w.brought = step;
	}
	if (w.brought)
		check_brought(&w);
	if (w.open) {
		check_order(&w);
		check_unit(&w);
		check_program(&w);
	}
	if (w.open && s.lost)
		ctl_find(f, CTL_WARNING, path, w.open->via, "mend the include",
			 "an include of this service cannot be read, so it is not known whole");
	ctl_pam_sessions_done(&s);
}

struct pam_look {
	struct ctl_findings *f;
	const struct ctl_pam_view *v;
};

static void check_one_service(void *arg, const char *service)
{
	const struct pam_look *l = arg;
	scoped_free char *text = NULL;
	char path[PATH_MAX];

	if (ctl_pam_view_read(l->v, service, &text) < 0)
		return;
	ctl_pam_view_path(l->v, service, path, sizeof(path));
	check_service(l->f, path, text);
	check_whole(l->f, l->v, service, path);
}

/* Rooms that carrel-shell makes alone need no line of PAM's. */
static void tell_unwired(struct ctl_findings *f, const struct ctl_pam_view *v)
{
	scoped_free uint32_t *all = NULL;
	size_t len = 0;
	char mend[100];

	if (ctl_shell_all(&all, &len, NULL) < 0)
		len = 0;
	if (len > 0)
		ctl_find(
			f, CTL_NOTE, v->dir, 0, "none, where carrel-shell is meant to be the only door",
			"no service uses carrel: rooms are made by carrel-shell alone, for the %zu users whom a policy "
			"is published for, and for nobody else",
			len);
	(void)snprintf(mend, sizeof(mend), "carrelctl enable %.60s", ctl_service_of_sshd());
	if (len == 0)
		ctl_find(f, CTL_WARNING, v->dir, 0, mend, "no service uses carrel: nobody is isolated");
}

void ctl_check_pam(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config)
{
	struct pam_look l = {.f = f, .v = v};
	int rc = ctl_pam_view_each(v, check_one_service, &l);

	if (rc < 0) {
		ctl_find(f, CTL_ERROR, v->dir, 0, "give the right directory", "cannot be read: %s",
			 strerrordesc_np(-rc));
		return;
	}
	if (f->wired == 0)
		tell_unwired(f, v);
	ctl_check_sshd(f, v, config);
	ctl_check_sudo(f, v);
}
