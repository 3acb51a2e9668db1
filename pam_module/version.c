// SPDX-License-Identifier: Apache-2.0
/*
 * The version of this module, for carrelctl, which loads it the way libpam does and compares.
 *
 * Runs in: nothing; data only.
 */
#include "wire/version.h"

extern const char carrel_module_version[];

__attribute__((visibility("default"))) const char carrel_module_version[] = CRL_VERSION_TEXT;
