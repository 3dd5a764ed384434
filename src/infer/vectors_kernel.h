/* What the kernels of products and of depthwise convolutions share, for one instruction set:
 * included by kernel files (see simd_instances.h). Vectors of floats are converted to and from
 * low-precision numbers; the compiler's own conversions between vectors of bytes and of floats are
 * scalar. */

/* Adds a row of floats to a row of sums. */
KERNEL_TARGET SIMD_INLINE void KERNEL(add_row)(size_t vectors, const float *row,
                                               KERNEL(vector) * sums) {
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        KERNEL(vector) added;
        SIMD_LOAD(added, row + v * KERNEL_WIDTH);
        sums[v] += added;
    }
}

typedef uint32_t KERNEL(bits) __attribute__((vector_size(KERNEL_WIDTH * sizeof(uint32_t))));

/* Stores the upper halves of floats, rounded to nearest, to even. */
KERNEL_TARGET SIMD_INLINE void KERNEL(store_bf16)(KERNEL(vector) numbers, uint16_t *at) {
    KERNEL(bits) bits = (KERNEL(bits))numbers;
    bits = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
#if KERNEL_WIDTH == 16
    _mm256_storeu_si256((void *)at, _mm512_cvtepi32_epi16((__m512i)bits));
#elif KERNEL_WIDTH == 8
    const __m256i packed = _mm256_packus_epi32((__m256i)bits, (__m256i)bits);
    _mm_storeu_si128((void *)at, _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08)));
#elif defined(SIMD_X86)
    /* (The only packing of 32 bits to 16 is a signed one.) */
    const __m128i extended = _mm_srai_epi32(_mm_slli_epi32((__m128i)bits, 16), 16);
    _mm_storel_epi64((void *)at, _mm_packs_epi32(extended, extended));
#elif defined(SIMD_NEON)
    vst1_u16(at, vmovn_u32((uint32x4_t)bits));
#else
    for (size_t i = 0; i < KERNEL_WIDTH; i++) at[i] = (uint16_t)bits[i];
#endif
}

/* Rounds to nearest, ties to even, and clamps to 0..255. */
KERNEL_TARGET SIMD_INLINE void KERNEL(store_bytes)(KERNEL(vector) numbers, uint8_t *at) {
    const KERNEL(vector) least = {0}, most = least + 255;
    numbers = KERNEL_LESSER(KERNEL_GREATER(numbers, least), most);
#if KERNEL_WIDTH == 16
    _mm_storeu_si128((void *)at, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(numbers)));
#elif KERNEL_WIDTH == 8
    const __m256i whole = _mm256_cvtps_epi32(numbers);
    const __m128i halves =
        _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
    _mm_storel_epi64((void *)at, _mm_packus_epi16(halves, halves));
#elif defined(SIMD_X86)
    const __m128i whole = _mm_cvtps_epi32((__m128)numbers);
    const __m128i halves = _mm_packs_epi32(whole, whole);
    const int32_t word = _mm_cvtsi128_si32(_mm_packus_epi16(halves, halves));
    memcpy(at, &word, sizeof word);
#elif defined(SIMD_NEON)
    const uint16x4_t halves = vmovn_u32(vcvtnq_u32_f32((float32x4_t)numbers));
    const uint32_t word =
        vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(halves, halves))), 0);
    memcpy(at, &word, sizeof word);
#else
    for (size_t i = 0; i < KERNEL_WIDTH; i++) at[i] = (uint8_t)lrintf(numbers[i]);
#endif
}

/* The same in 16 bits, clamped to 0..steps, which a signed number of 16 bits holds. */
KERNEL_TARGET SIMD_INLINE void KERNEL(store_wide)(KERNEL(vector) numbers, float steps,
                                                  uint16_t *at) {
    const KERNEL(vector) least = {0}, most = least + steps;
    numbers = KERNEL_LESSER(KERNEL_GREATER(numbers, least), most);
#if KERNEL_WIDTH == 16
    _mm256_storeu_si256((void *)at, _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(numbers)));
#elif KERNEL_WIDTH == 8
    const __m256i whole = _mm256_cvtps_epi32(numbers);
    _mm_storeu_si128((void *)at, _mm_packus_epi32(_mm256_castsi256_si128(whole),
                                                  _mm256_extracti128_si256(whole, 1)));
#elif defined(SIMD_X86)
    const __m128i whole = _mm_cvtps_epi32((__m128)numbers);
    _mm_storel_epi64((void *)at, _mm_packs_epi32(whole, whole));
#elif defined(SIMD_NEON)
    vst1_u16(at, vmovn_u32(vcvtnq_u32_f32((float32x4_t)numbers)));
#else
    for (size_t i = 0; i < KERNEL_WIDTH; i++) at[i] = (uint16_t)lrintf(numbers[i]);
#endif
}

/* `vectors` of them as activations in two bytes, through ReLU6. */
KERNEL_TARGET SIMD_INLINE void
KERNEL(store_activations)(size_t vectors, const KERNEL(vector) * numbers, uint16_t *at) {
    size_t v = 0;
    /* Two of them by one instruction. (What is below zero, or no number, becomes a whole number
     * below zero, and that a zero.) */
#if KERNEL_WIDTH == 16
    const KERNEL(vector) most = (KERNEL(vector)){0} + WIDE_ACTIVATION;
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    SIMD_UNROLL
    for (; v + 2 <= vectors; v += 2) {
        const __m512i low = _mm512_cvtps_epi32(KERNEL_LESSER(most, numbers[v]));
        const __m512i high = _mm512_cvtps_epi32(KERNEL_LESSER(most, numbers[v + 1]));
        const __m512i packed = _mm512_permutexvar_epi64(order, _mm512_packus_epi32(low, high));
        _mm512_storeu_si512((void *)(at + v * KERNEL_WIDTH), packed);
    }
#elif KERNEL_WIDTH == 8
    const KERNEL(vector) most = (KERNEL(vector)){0} + WIDE_ACTIVATION;
    SIMD_UNROLL
    for (; v + 2 <= vectors; v += 2) {
        const __m256i low = _mm256_cvtps_epi32(KERNEL_LESSER(most, numbers[v]));
        const __m256i high = _mm256_cvtps_epi32(KERNEL_LESSER(most, numbers[v + 1]));
        const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0xd8);
        _mm256_storeu_si256((void *)(at + v * KERNEL_WIDTH), packed);
    }
#endif
    SIMD_UNROLL
    for (; v < vectors; v++) {
        KERNEL(store_wide)(numbers[v], WIDE_ACTIVATION, at + v * KERNEL_WIDTH);
    }
}
