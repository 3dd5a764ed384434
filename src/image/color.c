#include "image/decode.h"

#ifdef CAPTION_WITH_LCMS

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lcms2.h>
#include <lcms2_plugin.h>

struct color {
    cmsContext context; /* of the transform */
    cmsHTRANSFORM transform;
    bool ink;
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

static cmsHTRANSFORM new_transform(cmsContext context, cmsHPROFILE profile, bool ink) {
    if (cmsGetColorSpace(profile) != (ink ? cmsSigCmykData : cmsSigRgbData)) return NULL;
    if (has_any_steps(profile) || (!ink && is_srgb(profile))) return NULL;
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR(context);
    if (!srgb) return NULL;
    cmsHTRANSFORM transform =
        cmsCreateTransformTHR(context, profile, ink ? TYPE_CMYK_8_REV : TYPE_RGB_8, srgb,
                              TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    cmsCloseProfile(srgb);
    return transform;
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
    color->transform = new_transform(color->context, profile, color->ink);
    cmsCloseProfile(profile);
    return color->transform != NULL;
}

static void color_free(struct color *color) {
    if (!color) return;
    if (color->transform) cmsDeleteTransform(color->transform);
    if (color->context) cmsDeleteContext(color->context);
    free(color);
}

static struct color *color_new(const uint8_t *bytes, size_t size, bool ink) {
    struct color *color = malloc(sizeof *color + size);
    if (!color) return NULL;
    *color = (struct color){.context = context_new(), .ink = ink, .size = size};
    memcpy(color->profile, bytes, size);
    if (color->context && make_transform(color)) return color;
    color_free(color);
    return NULL;
}

static bool is_of(const struct color *color, const uint8_t *profile, size_t size, bool ink) {
    return color->ink == ink && color->size == size && memcmp(color->profile, profile, size) == 0;
}

struct color *color_take(struct color_cache *cache, const uint8_t *profile, size_t size, bool ink) {
    if (!profile || size == 0 || size > LARGEST_PROFILE) return NULL;
    struct color *last = cache ? cache->last : NULL;
    if (!last || !is_of(last, profile, size, ink)) return color_new(profile, size, ink);
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

struct color *color_take(struct color_cache *cache, const uint8_t *profile, size_t size, bool ink) {
    (void)cache;
    (void)profile;
    (void)size;
    (void)ink;
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
