# The library for Windows (mingw-w64), as src/base/windows.h says: it captions, and writes no files.
set(headers ${PROJECT_BINARY_DIR}/windows)
foreach(header poll.h dlfcn.h endian.h sys/mman.h sys/auxv.h)
  file(WRITE ${headers}/${header} "")
endforeach()
foreach(source file_writer sandbox ranks)
  list(REMOVE_ITEM library_sources ${PROJECT_SOURCE_DIR}/src/base/${source}.c)
endforeach()
target_include_directories(caption_settings SYSTEM INTERFACE ${headers})
target_compile_definitions(caption_settings INTERFACE _FILE_OFFSET_BITS=64 __USE_MINGW_ANSI_STDIO=1)
# Stacks are aligned to 16 bytes there, and gcc reads wider vectors from them as if they were aligned (its bug 54412).
target_compile_options(caption_settings INTERFACE -include ${PROJECT_SOURCE_DIR}/src/base/windows.h
                       -Wa,-muse-unaligned-vector-move
                       -Wno-format -Wno-format-extra-args -Wno-conversion) # what %z is there, and how wide a size
