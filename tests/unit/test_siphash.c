#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "data/formats.h"
#include "text/vocabulary.h"

/* Rust's (core/tests/hash/sip.rs) with the key 0 .. 15, and CPython's
 * (hash of bytes with PYTHONHASHSEED=0) with the key 0. */
static void values_are_those_of_other_programs(void **state) {
    (void)state;
    static const struct siphash_key counted = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    assert_true(siphash(counted, "", 0) == 0xabac0158050fc4dcu);
    static const struct siphash_key none = {0, 0};
    assert_true(siphash(none, "abcdefghi", 9) == 0xf89b34a3d11eb6e5u);
    assert_true(siphash(none, "abcdefghijklmnop", 16) == 0x94f60d3d29e6a312u);
    assert_true(siphash(none, "abcdefghijklmnopqrstuvw", 23) == 0xd9c26100b33ee39cu);
}

enum { WORDS = 20000, LENGTH = 8 };

/* Words that the tables of version 0.1, which had no key, put into few places: FNV-1a over bytes,
 * folded, and FNV-1a with the finaliser of MurmurHash3. */
static size_t place_of_vocabulary(const char *word) {
    uint64_t value = 14695981039346656037u;
    for (; *word; word++) value = (value ^ (unsigned char)*word) * 1099511628211u;
    return (size_t)(value ^ value >> 32);
}

static size_t place_of_names(const char *name) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
    return (size_t)(hash ^ hash >> 33);
}

static size_t no_place(const char *word) {
    (void)word;
    return 0;
}

/* (WORDS, LENGTH): words whose places, of 2^16, are among the first 64. */
static char *make_words(size_t (*place)(const char *word)) {
    char *words = malloc(WORDS * LENGTH);
    assert_non_null(words);
    size_t count = 0;
    for (unsigned long number = 0; count < WORDS; number++) {
        char *word = words + count * LENGTH;
        unsigned long left = number;
        for (int i = 0; i < LENGTH - 1; i++, left /= 26) word[i] = (char)('a' + left % 26);
        word[LENGTH - 1] = 0;
        count += (place(word) & 0xffff) < 64;
    }
    return words;
}

static double seconds_of_vocabulary(const char *words) {
    struct vocabulary vocabulary;
    caption_error error;
    const clock_t started = clock();
    assert_true(vocabulary_init(&vocabulary, &error));
    for (size_t i = 0; i < WORDS; i++)
        assert_true(vocabulary_count(&vocabulary, words + i * LENGTH, 1, &error));
    vocabulary_free(&vocabulary);
    return (double)(clock() - started) / CLOCKS_PER_SEC;
}

static double seconds_of_names(const char *words) {
    struct name_index index = {0};
    caption_error error;
    const clock_t started = clock();
    for (size_t i = 0; i < WORDS; i++)
        assert_true(name_index_add(&index, words + i * LENGTH, i, &error));
    name_index_free(&index);
    return (double)(clock() - started) / CLOCKS_PER_SEC;
}

static void compare(double (*seconds_of)(const char *words), size_t (*place)(const char *word)) {
    char *ordinary = make_words(no_place), *colliding = make_words(place);
    const double usual = seconds_of(ordinary), seconds = seconds_of(colliding);
    if (seconds > 0.05 + 20 * usual)
        fail_msg("%d words made to collide: %.3f s, others %.3f s", WORDS, seconds, usual);
    free(ordinary);
    free(colliding);
}

static void words_made_to_collide_take_no_longer(void **state) {
    (void)state;
    compare(seconds_of_vocabulary, place_of_vocabulary);
}

static void names_made_to_collide_take_no_longer(void **state) {
    (void)state;
    compare(seconds_of_names, place_of_names);
}

static void every_key_is_another(void **state) {
    (void)state;
    const struct siphash_key a = siphash_key_new(), b = siphash_key_new();
    assert_true(a.first != b.first && a.second != b.second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_other_programs),
        cmocka_unit_test(words_made_to_collide_take_no_longer),
        cmocka_unit_test(names_made_to_collide_take_no_longer),
        cmocka_unit_test(every_key_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
