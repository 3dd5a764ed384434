#include "nn/precision.h"

#include "nn/packed_low.h"

enum precision precision_best(void) {
    const bool native = packed_low_is_fast(PACKED_LOW_BF16) && packed_low_is_fast(PACKED_LOW_BYTES);
    return native ? PRECISION_INT8 : PRECISION_F32;
}
