// SPDX-License-Identifier: Apache-2.0
/* By what the steward is found; helper, carrel-steward and carrelctl share that. */
#pragma once

#define CRL_STEWARD_PROGRAM "carrel-steward"
#define CRL_STEWARD_LOCK "steward.lock" /* below STATE; held by the one that lives */
