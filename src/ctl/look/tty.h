// SPDX-License-Identifier: Apache-2.0
/* The terminals that sshd has made for logins. */
#pragma once

struct crl_rooms;

/* Put them into the records, where they are "ssh". */
void ctl_name_terminals(struct crl_rooms *rooms);
