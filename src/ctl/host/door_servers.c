// SPDX-License-Identifier: Apache-2.0
/* Servers that look as if they were isolated: they have carrel's lines, or ask PAM, and open no session: doors.h. */

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/scope.h"
#include "ctl/host/doors.h"

/* One setting of a file of "name = value" lines; the last one counts. */
struct setting {
	const char *name;
	char value[64];
	int line;
};

static bool read_setting(void *arg, const char *line, int number)
{
	struct setting *s = arg;
	const char *text = line + strspn(line, " \t"), *value = strchr(text, '=');
	size_t len = value ? (size_t)(value - text) : 0;

	while (len > 0 && strchr(" \t", text[len - 1]))
		len--;
	if (len != strlen(s->name) || strncasecmp(text, s->name, len) != 0)
		return true;
	value += 1 + strspn(value + 1, " \t");
	(void)snprintf(s->value, sizeof(s->value), "%.*s", (int)strcspn(value, " \t\r;#"), value);
	s->line = number;
	return true;
}

static bool is_yes(const char *value)
{
	return strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 || strcmp(value, "1") == 0;
}

static void look_at_vsftpd(const struct ctl_doors *d)
{
	struct setting service = {.name = "pam_service_name", .value = "ftp"}, opens = {.name = "session_support"};
	char file[PATH_MAX];

	if (!ctl_door_finds(d, "/etc/vsftpd.conf /etc/vsftpd/vsftpd.conf", file))
		return;
	crl_ignore(ctl_door_lines(d, file, read_setting, &service));
	crl_ignore(ctl_door_lines(d, file, read_setting, &opens));
	if (ctl_door_has_carrel(d, service.value) && !is_yes(opens.value))
		ctl_door_say(d, file, opens.line, "session_support=YES",
			     "vsftpd opens no PAM session, so nobody who comes by it is isolated, although service %s "
			     "has carrel",
			     service.value);
}

static void look_at_samba(const struct ctl_doors *d)
{
	struct setting obey = {.name = "obey pam restrictions"};

	if (!ctl_door_has_carrel(d, "samba"))
		return;
	crl_ignore(ctl_door_lines(d, "/etc/samba/smb.conf", read_setting, &obey));
	if (!is_yes(obey.value))
		ctl_door_say(d, "/etc/samba/smb.conf", obey.line, "carrelctl disable samba",
			     "smbd opens no PAM session, so carrel in service samba isolates nobody; with obey pam "
			     "restrictions it "
			     "would, and be refused");
}

static void look_at_jupyterhub(const struct ctl_doors *d)
{
	char program[PATH_MAX];

	if (ctl_door_finds(d,
			   "/usr/bin/jupyterhub /usr/local/bin/jupyterhub /opt/jupyterhub/bin/jupyterhub "
			   "/opt/tljh/hub/bin/jupyterhub",
			   program) &&
	    ctl_door_is_served(d, "jupyterhub"))
		ctl_door_say(d, program, 0,
			     "keep isolated users out of it, or start their servers by a login (ssh, su) of theirs",
			     "JupyterHub starts users' servers outside of rooms: it opens no PAM session, or one that "
			     "is refused "
			     "since it has threads");
}

void ctl_door_servers(const struct ctl_doors *d)
{
	look_at_vsftpd(d);
	look_at_samba(d);
	look_at_jupyterhub(d);
}
