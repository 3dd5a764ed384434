#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/decode.h"

#ifdef CAPTION_WITH_LCMS

#include <lcms2.h>
#include <lcms2_plugin.h>

struct color {
    cmsContext context; /* of the transform */
    cmsHTRANSFORM transform;
    enum color_kind kind; /* of the photo */
    bool grey;            /* so is the profile: `greys` is made of the transform */
    uint8_t greys[256][3];
    size_t size;
    uint8_t profile[]; /* [size]: what it was made of */
};

static bool is_near(double value, double wanted, double tolerance) {
    return fabs(value - wanted) <= tolerance;
}

/* Of IEC 61966-2-1, adapted to D50 as profiles are. */
static bool has_srgb_primaries(cmsHPROFILE profile) {
    static const struct {
        cmsTagSignature tag;
        double x, y, z;
    } primaries[] = {{cmsSigRedColorantTag, 0.4361, 0.2225, 0.0139},
                     {cmsSigGreenColorantTag, 0.3851, 0.7169, 0.0971},
                     {cmsSigBlueColorantTag, 0.1431, 0.0606, 0.7139}};
    const double tolerance = 0.003;
    for (size_t i = 0; i < sizeof primaries / sizeof *primaries; i++) {
        const cmsCIEXYZ *found = cmsReadTag(profile, primaries[i].tag);
        if (!found || !is_near(found->X, primaries[i].x, tolerance) ||
            !is_near(found->Y, primaries[i].y, tolerance) ||
            !is_near(found->Z, primaries[i].z, tolerance))
            return false;
    }
    return true;
}

static bool has_srgb_curves(cmsHPROFILE profile) {
    static const cmsTagSignature curves[] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};
    static const struct {
        float value;
        double light;
    } points[] = {{0.1F, 0.0100}, {0.2F, 0.0331}, {0.5F, 0.2140}, {0.8F, 0.6038}};
    const double tolerance = 0.002;
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        const cmsToneCurve *curve = cmsReadTag(profile, curves[i]);
        if (!curve) return false;
        for (size_t k = 0; k < sizeof points / sizeof *points; k++)
            if (!is_near((double)cmsEvalToneCurveFloat(curve, points[k].value), points[k].light,
                         tolerance))
                return false;
    }
    return true;
}

/* Most photos that have a profile have this one: they keep their pixels, and cost no transform. */
static bool is_srgb(cmsHPROFILE profile) {
    return cmsIsMatrixShaper(profile) && has_srgb_primaries(profile) && has_srgb_curves(profile);
}

/* A profile may list thousands of steps there, each in the same bytes, and no photo's profile needs
 * that tag. */
static bool has_any_steps(cmsHPROFILE profile) {
    return cmsIsTag(profile, cmsSigDToB0Tag);
}

/* Whether a profile is of such pixels. A photo that is grey may have one of RGB. */
static bool is_of_kind(cmsHPROFILE profile, enum color_kind kind) {
    const cmsColorSpaceSignature space = cmsGetColorSpace(profile);
    if (kind == COLOR_INK) return space == cmsSigCmykData;
    return space == cmsSigRgbData || (kind == COLOR_GREY && space == cmsSigGrayData);
}

static cmsHTRANSFORM new_transform(cmsContext context, cmsHPROFILE profile, enum color_kind kind) {
    if (!is_of_kind(profile, kind) || has_any_steps(profile)) return NULL;
    const cmsColorSpaceSignature space = cmsGetColorSpace(profile);
    if (space == cmsSigRgbData && is_srgb(profile)) return NULL;
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR(context);
    if (!srgb) return NULL;
    const cmsUInt32Number from = space == cmsSigCmykData   ? TYPE_CMYK_8_REV
                                 : space == cmsSigGrayData ? TYPE_GRAY_8
                                                           : TYPE_RGB_8;
    cmsHTRANSFORM transform =
        cmsCreateTransformTHR(context, profile, from, srgb, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    cmsCloseProfile(srgb);
    return transform;
}

/* False where all greys stay as they are, but for rounding. */
static bool make_greys(struct color *color) {
    uint8_t values[256];
    for (size_t i = 0; i < sizeof values; i++) values[i] = (uint8_t)i;
    cmsDoTransform(color->transform, values, color->greys, sizeof values);
    for (int i = 0; i < 256; i++)
        for (size_t c = 0; c < 3; c++)
            if (abs(color->greys[i][c] - i) > 1) return true;
    return false;
}

/* The largest tables are those that lie in a profile: a few bytes may claim larger ones. */
enum {
    LARGEST_PROFILE = 4 << 20 /* those of printers are about 1 MB */,
    LARGEST_TABLE = 4 * LARGEST_PROFILE
};

static void *table_new(cmsContext context, cmsUInt32Number size) {
    (void)context;
    return size <= LARGEST_TABLE ? malloc(size) : NULL;
}

static void *table_resize(cmsContext context, void *table, cmsUInt32Number size) {
    (void)context;
    return size <= LARGEST_TABLE ? realloc(table, size) : NULL;
}

static void table_free(cmsContext context, void *table) {
    (void)context;
    free(table);
}

static cmsContext context_new(void) {
    cmsPluginMemHandler memory = {.base = {.Magic = cmsPluginMagicNumber,
                                           .ExpectedVersion = 2000,
                                           .Type = cmsPluginMemHandlerSig},
                                  .MallocPtr = table_new,
                                  .FreePtr = table_free,
                                  .ReallocPtr = table_resize};
    return cmsCreateContext(&memory, NULL);
}

static bool make_transform(struct color *color) {
    cmsHPROFILE profile =
        cmsOpenProfileFromMemTHR(color->context, color->profile, (cmsUInt32Number)color->size);
    if (!profile) return false;
    color->grey = cmsGetColorSpace(profile) == cmsSigGrayData;
    color->transform = new_transform(color->context, profile, color->kind);
    cmsCloseProfile(profile);
    return color->transform && (!color->grey || make_greys(color));
}

static void color_free(struct color *color) {
    if (!color) return;
    if (color->transform) cmsDeleteTransform(color->transform);
    if (color->context) cmsDeleteContext(color->context);
    free(color);
}

static struct color *color_new(const uint8_t *bytes, size_t size, enum color_kind kind) {
    struct color *color = malloc(sizeof *color + size);
    if (!color) return NULL;
    *color = (struct color){.context = context_new(), .kind = kind, .size = size};
    memcpy(color->profile, bytes, size);
    if (color->context && make_transform(color)) return color;
    color_free(color);
    return NULL;
}

static bool is_of(const struct color *color, const uint8_t *profile, size_t size,
                  enum color_kind kind) {
    return color->kind == kind && color->size == size && memcmp(color->profile, profile, size) == 0;
}

struct color *color_take(struct color_cache *cache, const uint8_t *profile, size_t size,
                         enum color_kind kind) {
    if (!profile || size == 0 || size > LARGEST_PROFILE) return NULL;
    struct color *last = cache ? cache->last : NULL;
    if (!last || !is_of(last, profile, size, kind)) return color_new(profile, size, kind);
    cache->last = NULL;
    return last;
}

void color_put(struct color_cache *cache, struct color *color) {
    if (!color) return;
    struct color *replaced = color;
    if (cache) {
        replaced = cache->last;
        cache->last = color;
    }
    color_free(replaced);
}

void color_cache_free(struct color_cache *cache) {
    color_free(cache->last);
    cache->last = NULL;
}

void color_convert(const struct color *color, const uint8_t *from, size_t count, uint8_t *rgb) {
    const size_t most = 1 << 20;
    if (color->grey) {
        for (size_t i = 0; i < count; i++) memcpy(rgb + 3 * i, color->greys[from[3 * i]], 3);
        return;
    }
    const size_t channels = (size_t)T_CHANNELS(cmsGetTransformInputFormat(color->transform));
    for (; count > 0;) {
        const size_t part = count < most ? count : most;
        cmsDoTransform(color->transform, from, rgb, (cmsUInt32Number)part);
        from += part * channels;
        rgb += part * 3;
        count -= part;
    }
}

#else

struct color *color_take(struct color_cache *cache, const uint8_t *profile, size_t size,
                         enum color_kind kind) {
    (void)cache;
    (void)profile;
    (void)size;
    (void)kind;
    return NULL;
}

void color_put(struct color_cache *cache, struct color *color) {
    (void)cache;
    (void)color;
}

void color_cache_free(struct color_cache *cache) {
    (void)cache;
}

void color_convert(const struct color *color, const uint8_t *from, size_t count, uint8_t *rgb) {
    (void)color;
    (void)from;
    (void)count;
    (void)rgb;
}

#endif

/* Colours by code points, which need no library. */

enum primaries { UNSPECIFIED = 2, BT_2020 = 9, DISPLAY_P3 = 12 };
enum transfer {
    BT_709 = 1,
    BT_601 = 6,
    SRGB = 13,
    BT_2020_10 = 14,
    BT_2020_12 = 15,
    PQ = 16,
    HLG = 18
};

bool cicp_is_hdr(struct cicp cicp) {
    return cicp.transfer == PQ || cicp.transfer == HLG;
}

/* Programs write BT.709's for what is shown by sRGB's curve, and mean that. */
static bool is_sdr(unsigned transfer) {
    return transfer == BT_709 || transfer == BT_601 || transfer == SRGB || transfer == BT_2020_10 ||
           transfer == BT_2020_12;
}

/* IEC 61966-2-1. */
static double srgb_light(double value) {
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* SMPTE ST 2084. ITU-R BT.2408, 2.1: white is 203 of its 10,000 cd/m2. */
static double pq_light(double value) {
    const double white = 203.0 / 10000, c1 = 0.8359375, c2 = 18.8515625, c3 = 18.6875;
    const double root = pow(value, 1 / 78.84375);
    return pow(fmax(root - c1, 0) / (c2 - c3 * root), 1 / 0.1593017578125) / white;
}

/* ITU-R BT.2100, table 5: light of the scene. White is at 0.75 of the signal (BT.2408, 2.1). The
 * system gamma is left at 1, as it is for a screen of 334 cd/m2 (BT.2100, note 5f): one as bright
 * as those that sRGB is shown on. */
static double hlg_light(double value) {
    const double a = 0.17883277, b = 0.28466892, c = 0.55991073, white = 0.264962560;
    return (value <= 0.5 ? value * value / 3 : (exp((value - c) / a) + b) / 12) / white;
}

/* To the primaries of sRGB; ITU-R BT.2087, and SMPTE EG 432-1 with the white of sRGB. */
static void choose_matrix(unsigned primaries, float matrix[3][3]) {
    static const float same[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    static const float from_bt_2020[3][3] = {{1.660491F, -0.587641F, -0.072850F},
                                             {-0.124550F, 1.132900F, -0.008350F},
                                             {-0.018151F, -0.100579F, 1.118730F}};
    static const float from_display_p3[3][3] = {{1.224940F, -0.224940F, 0},
                                                {-0.042057F, 1.042057F, 0},
                                                {-0.019638F, -0.078636F, 1.098274F}};
    const float(*chosen)[3] = primaries == BT_2020      ? from_bt_2020
                              : primaries == DISPLAY_P3 ? from_display_p3
                                                        : same;
    memcpy(matrix, chosen, sizeof same);
}

bool cicp_begin(struct cicp cicp, bool has_profile, struct cicp_tables *tables) {
    const bool hdr = cicp_is_hdr(cicp);
    const bool wide = cicp.primaries == BT_2020 || cicp.primaries == DISPLAY_P3;
    if (!hdr && (has_profile || !wide || !is_sdr(cicp.transfer))) return false;
    /* BT.2100 has both curves with the primaries of BT.2020 alone. */
    const bool unsaid = cicp.primaries == 0 || cicp.primaries == UNSPECIFIED;
    choose_matrix(hdr && unsaid ? BT_2020 : cicp.primaries, tables->matrix);
    tables->hdr = hdr;
    for (size_t i = 0; i < 256; i++) {
        const double value = (double)i / 255;
        tables->light[i] = (float)(cicp.transfer == PQ    ? pq_light(value)
                                   : cicp.transfer == HLG ? hlg_light(value)
                                                          : srgb_light(value));
    }
    unsigned value = 0;
    double next = srgb_light(0.5 / 255);
    for (size_t i = 0; i <= CICP_STEPS; i++) {
        while (value < 255 && (double)i / CICP_STEPS >= next) {
            value++;
            next = srgb_light((value + 0.5) / 255);
        }
        tables->values[i] = (uint8_t)value;
    }
    return true;
}

/* Lights far above white come down to it bit by bit: cut off, they would be white all over. */
static float roll_off(float light) {
    const float knee = 0.9F, left = 1 - knee;
    if (light <= knee) return light;
    const float above = (light - knee) / left;
    return knee + left * above / (1 + above);
}

void cicp_convert(const struct cicp_tables *tables, const uint8_t *from, size_t count,
                  uint8_t *rgb) {
    for (size_t i = 0; i < count; i++, from += 3, rgb += 3) {
        const float red = tables->light[from[0]], green = tables->light[from[1]],
                    blue = tables->light[from[2]];
        for (size_t c = 0; c < 3; c++) {
            const float *weights = tables->matrix[c];
            float light = weights[0] * red + weights[1] * green + weights[2] * blue;
            if (tables->hdr) light = roll_off(light);
            light = light < 0 ? 0 : light > 1 ? 1 : light;
            rgb[c] = tables->values[(size_t)(light * CICP_STEPS + 0.5F)];
        }
    }
}
