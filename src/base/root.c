// SPDX-License-Identifier: Apache-2.0
/* See root.h. */
#include "base/root.h"

static uid_t known_as;
static bool told;
static bool has_adopted;
static dev_t adopted;

bool crl_hostroot_owns(const struct stat *st)
{
	return st->st_uid == known_as || (has_adopted && st->st_dev == adopted);
}

void crl_hostroot_is(uid_t uid)
{
	known_as = uid;
	told = true;
}

void crl_hostroot_adopt(dev_t dev)
{
	adopted = dev;
	has_adopted = true;
}

bool crl_hostroot_is_alone(void)
{
	return told;
}
