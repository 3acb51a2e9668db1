// SPDX-License-Identifier: Apache-2.0
/* See explain_devices.h. A device's permissions are the host's, and told as they are now. */
#include "ctl/conf/explain_devices.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#include "apply/mounts/host_devices.h"
#include "base/scope.h"
#include "policy/policy.h"

const struct ctl_column ctl_devices_column[CTL_DEVICES_COLUMNS] = {
	{"DEVICE", false}, {"OWNER", false}, {"MODE", false}, {"IN THE ROOM", false}};

struct device_rows {
	struct ctl_table *table;
	size_t met;
};

static void put_owner(struct ctl_table *t, const struct stat *st)
{
	const struct passwd *pw = getpwuid(st->st_uid);
	const struct group *gr = getgrgid(st->st_gid);
	char user[40], group[40];

	(void)snprintf(user, sizeof(user), "%u", st->st_uid);
	(void)snprintf(group, sizeof(group), "%u", st->st_gid);
	ctl_cell(t, "%s:%s", pw ? pw->pw_name : user, gr ? gr->gr_name : group);
}

static int add(void *arg, const struct crl_device_found *f)
{
	struct device_rows *r = arg;

	r->met++;
	ctl_cell(r->table, "%s", f->path);
	if (f->st)
		put_owner(r->table, f->st);
	else
		ctl_no_cell(r->table);
	if (f->st)
		ctl_cell(r->table, "%04o", f->st->st_mode & 07777);
	else
		ctl_no_cell(r->table);
	ctl_cell(r->table, "%s%s", f->why_not ? "no: " : "yes", f->why_not ? f->why_not : "");
	return 0;
}

void ctl_explain_devices(const struct crl_policy *p, struct ctl_table *table)
{
	const struct crl_strv *list[] = {&p->devices_required, &p->devices};
	scoped_fd dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t k = 0; k < CRL_ARRAY_LEN(list); k++) {
		for (size_t i = 0; i < list[k]->len; i++) {
			struct device_rows r = {.table = table};
			int rc = crl_find_devices(dev, list[k]->item[i], add, &r);

			if (rc == 0 && r.met > 0)
				continue;
			ctl_cell(table, "%s", list[k]->item[i]);
			ctl_no_cell(table);
			ctl_no_cell(table);
			ctl_cell(table, "%s", rc < 0 ? "not known: /dev cannot be read" : "no: there is none now");
		}
	}
}
