// SPDX-License-Identifier: Apache-2.0
/*
 * The version that module, helper and carrelctl tell of themselves: what belongs together says the same text.
 *
 * Header only.
 */
#pragma once

#include "proto/proto.h"

#define CRL_TEXT_OF(number) #number
#define CRL_TEXT(number)    CRL_TEXT_OF(number)

#define CRL_VERSION_TEXT CRL_VERSION " (protocol " CRL_TEXT(CRL_PROTO_VERSION) ")"

/* The module's; a symbol of that name is read by carrelctl. */
#define CRL_MODULE_VERSION_SYMBOL "carrel_module_version"
