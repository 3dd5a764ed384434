/* The sanitizers that a file is compiled for, which gcc and clang say in different ways. */
#ifndef CAPTION_BASE_SANITIZERS_H
#define CAPTION_BASE_SANITIZERS_H

#ifdef __has_feature
#define SANITIZER_ADDRESS __has_feature(address_sanitizer)
#define SANITIZER_MEMORY __has_feature(memory_sanitizer)
#define SANITIZER_THREAD __has_feature(thread_sanitizer)
#else
#ifdef __SANITIZE_ADDRESS__
#define SANITIZER_ADDRESS 1
#else
#define SANITIZER_ADDRESS 0
#endif
#ifdef __SANITIZE_THREAD__
#define SANITIZER_THREAD 1
#else
#define SANITIZER_THREAD 0
#endif
#define SANITIZER_MEMORY 0 /* clang's alone */
#endif

#endif
