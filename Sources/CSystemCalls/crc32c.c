#include "CSystemCalls.h"

#include <string.h>

// Bitwise table for machines without the instruction; built once, before main.
static uint32_t table[256];

__attribute__((constructor)) static void build_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) {
            value = (value >> 1) ^ (0x82F63B78u & (0u - (value & 1u)));
        }
        table[byte] = value;
    }
}

static uint32_t portable(uint32_t crc, const uint8_t *bytes, size_t count) {
    while (count-- > 0) {
        crc = (crc >> 8) ^ table[(crc ^ *bytes++) & 0xFF];
    }
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t accelerated(uint32_t crc, const uint8_t *bytes, size_t count) {
    uint64_t wide = crc;
    while (count >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        wide = _mm_crc32_u64(wide, word);
        bytes += 8;
        count -= 8;
    }
    crc = (uint32_t)wide;
    while (count-- > 0) {
        crc = _mm_crc32_u8(crc, *bytes++);
    }
    return crc;
}

uint32_t martlet_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return ~(__builtin_cpu_supports("sse4.2") ? accelerated(~crc, bytes, count) : portable(~crc, bytes, count));
}
#else
uint32_t martlet_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return ~portable(~crc, bytes, count);
}
#endif
