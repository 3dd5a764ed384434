#include "nn/precision.h"

#include "nn/packed_narrow.h"

enum precision precision_best(void) {
    return packed_narrow_fast(PRECISION_BF16) ? PRECISION_BF16 : PRECISION_F32;
}
