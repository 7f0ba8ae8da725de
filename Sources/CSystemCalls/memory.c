#include "CSystemCalls.h"
#include <malloc.h>

int martlet_keep_freed_memory(int mapped, int kept) {
    return mallopt(M_MMAP_THRESHOLD, mapped) && mallopt(M_TRIM_THRESHOLD, kept);
}
