// SPDX-License-Identifier: Apache-2.0
/* Who could change what a room has for a root; found out from outside. */
#pragma once

#include "ctl/rehearse/rehearsal.h"

/* Both NOT_HERE for a policy whose root is the host's. */

/* Put another file into the place of the image's: tried, with a file of its own in a store of its own. */
#define CTL_ATTACK_IMAGE_SWAP "put another image in its place"
#define CTL_ATTACK_IMAGE_SWAP_WEIGHT 6
enum ctl_answer ctl_attack_image_swap(const struct ctl *c, const char *policy, char *detail);

/* Have a version of the image run that the policy's author has not seen. */
#define CTL_ATTACK_IMAGE_VERSION "have what is built later run"
#define CTL_ATTACK_IMAGE_VERSION_WEIGHT 2
enum ctl_answer ctl_attack_image_version(const struct ctl *c, const char *policy, char *detail);
