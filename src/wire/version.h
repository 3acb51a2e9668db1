// SPDX-License-Identifier: Apache-2.0
/*
 * The version that module, helper and carrelctl tell of themselves: what belongs together says the same text.
 *
 * Header only.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "wire/proto.h"

#define CRL_TEXT_OF(number) #number
#define CRL_TEXT(number) CRL_TEXT_OF(number)

#define CRL_VERSION_TEXT CRL_VERSION " (protocol " CRL_TEXT(CRL_PROTO_VERSION) ")"

/* Which build a program is; the Makefile links it into each. */
extern const char crl_version_build[];

/* Returns whether "--version" is all that was asked; then version and build have been printed. */
static inline bool crl_version_told(int argc, char *const *argv)
{
	if (argc != 2 || strcmp(argv[1], "--version") != 0)
		return false;
	(void)printf("%s\nbuild %s\n", CRL_VERSION_TEXT, crl_version_build);
	return true;
}

/* The module's; a symbol of that name is read by carrelctl. */
#define CRL_MODULE_VERSION_SYMBOL "carrel_module_version"
