// SPDX-License-Identifier: Apache-2.0
/* See explain_ports.h. Whether somebody has them now is asked at the login. */
#include "ctl/conf/explain_ports.h"

#include "policy/publish.h"

const struct ctl_column ctl_ports_column[CTL_PORTS_COLUMNS] = {{"PORT", true}, {"PROTO", false}, {"IN THE ROOM", true}};

void ctl_explain_ports(const struct crl_policy *p, uint32_t uid, struct ctl_table *table)
{
	struct crl_publish_port port[CRL_PUBLISH_MAX];
	size_t len = 0;

	if (crl_publish_ports(p, uid, port, &len, NULL) < 0)
		return;
	for (size_t i = 0; i < len; i++) {
		ctl_cell(table, "%u", port[i].port);
		ctl_cell(table, "%s", crl_publish_proto_name(port[i].proto));
		ctl_cell(table, "%u", port[i].to);
	}
}
