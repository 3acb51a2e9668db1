// SPDX-License-Identifier: Apache-2.0
/* Whom a login asks for names, and is there a way to it. Private to this folder. */
#pragma once

#include "ctl/rehearse/rehearsal.h"

/*
 * The first name server of the room's resolv.conf. Its detail names all of them, and the file below /etc/netns that the
 * room's network has in that one's place (network.mode = "join").
 */
ctl_probe ctl_try_dns;

/* Outside of all rooms: what the host does not have, no policy promises. */
bool ctl_host_has_dns(void);
