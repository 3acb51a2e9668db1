// SPDX-License-Identifier: Apache-2.0
/* See services.h. */
#include "ctl/host/services.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/scope.h"
#include "ctl/host/sshdconf.h"

static const char *const works[] = {
	"sshd", "login",  "remote", "su",    "su-l", "runuser", "runuser-l",
	"sudo", "sudo-i", "cron",   "crond", "atd",  "vsftpd",
};

static const struct {
	const char *service, *why;
} breaks[] = {
	{"cockpit",
	 "cockpit-session goes on in the process that opened the session, and is refused under a policy with a "
	 "PID namespace"},
	{"samba",
	 "smbd goes on in the process that opened the session, with threads, and is refused under a policy with a "
	 "PID namespace"},
	{"dovecot", "a worker of Dovecot's opens sessions of many users, and is refused from the second on"},
	{"jupyterhub",
	 "JupyterHub has threads, so its sessions are refused, and it goes on without: users' servers run "
	 "outside of rooms"},
};

#define UNTRIED \
	"whether its program works in a room is not known: one that goes on in the process that opened the session " \
	"can " \
	"start no threads there, has no /proc/self, and serves one user only"

const char *ctl_service_of_sshd(void)
{
	static struct ctl_sshd_value v;
	static bool asked;

	if (!asked && ctl_sshd_config_find(SSHD_CONFIG, "PAMServiceName", &v) < 0)
		v.text[0] = '\0';
	asked = true;
	return v.text[0] ? v.text : "sshd";
}

enum ctl_service_works ctl_service_known(const char *service, const char **ret_why)
{
	*ret_why = NULL;
	for (size_t i = 0; i < CRL_ARRAY_LEN(works); i++)
		if (strcmp(service, works[i]) == 0)
			return CTL_SERVICE_WORKS;
	if (strcmp(service, ctl_service_of_sshd()) == 0)
		return CTL_SERVICE_WORKS;
	for (size_t i = 0; i < CRL_ARRAY_LEN(breaks); i++) {
		*ret_why = breaks[i].why;
		if (strcmp(service, breaks[i].service) == 0)
			return CTL_SERVICE_BREAKS;
	}
	*ret_why = UNTRIED;
	return CTL_SERVICE_UNTRIED;
}
