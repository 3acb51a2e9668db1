// SPDX-License-Identifier: Apache-2.0
/* What mark.c says and inject.c hears: prctl(FAULT_MARK, 1) before carrel's line of a PAM stack, 0 after it. */
#pragma once

#define FAULT_MARK 0x6661756c /* "faul"; no option of prctl(2) */
