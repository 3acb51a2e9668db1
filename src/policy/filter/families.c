// SPDX-License-Identifier: Apache-2.0
/*
 * See families.h. What has no name here stays refused: above all AF_VSOCK, which reaches the hypervisor from any room,
 * since no namespace holds it.
 */
#include "policy/filter/families.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const struct {
	const char *name;
	int family;
} families[] = {
	{"unix", AF_UNIX},       {"inet", AF_INET},     {"inet6", AF_INET6},
	{"netlink", AF_NETLINK}, {"packet", AF_PACKET}, {"alg", AF_ALG},
	{"can", AF_CAN},         {"rds", AF_RDS},       {"bluetooth", AF_BLUETOOTH},
	{"ib", AF_IB},           {"tipc", AF_TIPC},     {"xdp", AF_XDP},
	{"phonet", AF_PHONET},   {"nfc", AF_NFC},       {"key", AF_KEY},
	{"qipcrtr", AF_QIPCRTR}, {"kcm", AF_KCM},       {"smc", AF_SMC},
};

_Static_assert(CRL_ARRAY_LEN(families) <= CRL_FAMILIES_MAX, "each family is taken once");

int crl_family_find(const char *name)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(families); i++)
		if (strcmp(families[i].name, name) == 0)
			return families[i].family;
	return -ENOENT;
}

const char *crl_family_name(size_t i)
{
	return i < CRL_ARRAY_LEN(families) ? families[i].name : NULL;
}
