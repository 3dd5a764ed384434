# What `cmake --install` puts where, and the Debian package that `cpack` makes of it. Everything is found
# relative to the prefix, which may be moved.
include(CMakePackageConfigHelpers)

# Manual pages of commands and completions are printed by the program, from its tables of flags.
set(printed ${PROJECT_BINARY_DIR}/printed)
file(MAKE_DIRECTORY ${printed})
set(manuals ${printed}/caption.3.gz ${printed}/caption-data.5.gz)
set(completions)
function(caption_prints file list)
  add_custom_command(OUTPUT ${file} COMMAND caption ${ARGN} > ${file} DEPENDS caption VERBATIM)
  set(${list} ${${list}} ${file} PARENT_SCOPE)
endfunction()
function(caption_compresses source file)
  add_custom_command(OUTPUT ${file} COMMAND gzip -9nc ${source} > ${file} DEPENDS ${source} VERBATIM)
endfunction()

caption_prints(${printed}/caption.1 pages --help-man)
file(READ ${PROJECT_SOURCE_DIR}/src/cli/main.c commands)
string(REGEX MATCHALL "{\"[a-z]+\", command_" commands "${commands}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cli/main.c)
foreach(command ${commands})
  string(REGEX REPLACE ".*\"([a-z]+)\".*" "\\1" command "${command}")
  caption_prints(${printed}/caption-${command}.1 pages ${command} --help-man)
endforeach()
foreach(page ${pages})
  caption_compresses(${page} ${page}.gz)
  list(APPEND manuals ${page}.gz)
endforeach()

# The page about data sets is a part of the training guide.
set(guide ${PROJECT_SOURCE_DIR}/src/train/README.md)
set(data_page ${CMAKE_CURRENT_LIST_DIR}/data_page.awk)
add_custom_command(OUTPUT ${printed}/caption-data.5 DEPENDS ${data_page} ${guide}
                   COMMAND awk -f ${data_page} ${guide} > ${printed}/caption-data.5 VERBATIM)
caption_compresses(${printed}/caption-data.5 ${printed}/caption-data.5.gz)
caption_compresses(${CMAKE_CURRENT_LIST_DIR}/caption.3 ${printed}/caption.3.gz)
caption_compresses(${CMAKE_CURRENT_LIST_DIR}/changelog ${printed}/changelog.gz)
foreach(shell bash zsh fish)
  caption_prints(${printed}/caption.${shell} completions --help-${shell})
endforeach()

# One target for all: they are printed once each.
add_custom_target(caption_printed ALL DEPENDS ${manuals} ${completions} ${printed}/changelog.gz)

# The program, its model and their terms.
set(share ${CMAKE_INSTALL_DATADIR})
set(weights ${PROJECT_SOURCE_DIR}/weights)
install(TARGETS caption COMPONENT program)
if(MPI_C_FOUND)
  install(TARGETS caption_mpi LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/caption COMPONENT mpi)
endif()
install(FILES ${weights}/caption.safetensors DESTINATION ${share}/caption COMPONENT program OPTIONAL)
install(FILES ${weights}/README.md DESTINATION ${share}/caption COMPONENT program)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/copyright ${printed}/changelog.gz
        DESTINATION ${share}/doc/caption COMPONENT program)
install(FILES ${printed}/caption.bash RENAME caption COMPONENT program
        DESTINATION ${share}/bash-completion/completions)
install(FILES ${printed}/caption.zsh RENAME _caption COMPONENT program
        DESTINATION ${share}/zsh/site-functions)
install(FILES ${printed}/caption.fish COMPONENT program
        DESTINATION ${share}/fish/vendor_completions.d)
list(FILTER manuals INCLUDE REGEX "\\.1\\.gz$")
install(FILES ${manuals} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${printed}/caption-data.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT program)

# The library, for pkg-config and find_package(caption), which both find it from where they lie.
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/caption)
install(TARGETS caption_static COMPONENT library)
install(TARGETS caption_shared EXPORT caption-targets COMPONENT library
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/src/caption.h TYPE INCLUDE COMPONENT library)
install(FILES ${printed}/caption.3.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT library)
file(RELATIVE_PATH include_from_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig
     ${CMAKE_INSTALL_FULL_INCLUDEDIR})
set(static_libs) # what libcaption.a is linked with; as Requires.private, every program would need their headers
foreach(part CJSON STB JPEG PNG GIF WEBP LCMS EXIF EXPAT)
  list(APPEND static_libs ${${part}_STATIC_LDFLAGS})
endforeach()
list(REMOVE_DUPLICATES static_libs)
list(JOIN static_libs " " static_libs)
configure_file(${CMAKE_CURRENT_LIST_DIR}/caption.pc.in caption.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/caption.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT library)
install(EXPORT caption-targets FILE caption-config.cmake NAMESPACE caption:: DESTINATION ${config}
        COMPONENT library)
write_basic_package_version_file(caption-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/caption-config-version.cmake DESTINATION ${config}
        COMPONENT library)

# The Python package: see src/python. Its build installs this alone. It captions, and does not search.
if(SKBUILD)
  find_package(Python REQUIRED COMPONENTS Interpreter)
  set(model ${PROJECT_BINARY_DIR}/caption.safetensors)
  set(captions_only ${CMAKE_CURRENT_LIST_DIR}/captions_only.py)
  add_custom_command(OUTPUT ${model} DEPENDS ${captions_only} ${weights}/caption.safetensors
                     COMMAND Python::Interpreter ${captions_only} ${weights}/caption.safetensors ${model})
  add_custom_target(caption_python DEPENDS ${model} caption_shared)
  install(FILES $<TARGET_FILE:caption_shared> RENAME libcaption.so DESTINATION caption
          COMPONENT python)
  install(FILES ${model} ${weights}/README.md ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION caption
          COMPONENT python)
endif()

# The Debian package: program, model and library together. dpkg-shlibdeps finds what they are linked with, dpkg
# the packages of what they load when it is needed; OpenBLAS is a choice of the system's.
set(loaded)
if(OPENBLAS_FOUND)
  list(APPEND loaded libopenblas0)
endif()
find_program(CAPTION_DPKG dpkg)
foreach(file ${CAPTION_LOADED})
  if(CAPTION_DPKG)
    get_filename_component(file ${file} REALPATH)
    execute_process(COMMAND ${CAPTION_DPKG} -S ${file} OUTPUT_VARIABLE owner ERROR_QUIET)
    string(REGEX MATCH "^[^:]+" owner "${owner}")
    list(APPEND loaded ${owner})
  endif()
endforeach()
list(JOIN loaded ", " loaded)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME caption)
# Who makes a package is its maintainer, if the environment says who that is, as Debian's tools have it.
set(maintainer "The caption authors <authors@caption.invalid>")
if(DEFINED ENV{DEBEMAIL} AND DEFINED ENV{DEBFULLNAME})
  set(maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
endif()
set(CPACK_PACKAGE_CONTACT "${maintainer}" CACHE STRING "The maintainer that the package names")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL program library debian)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION non-free/graphics) # the terms of the weights
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "${loaded}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
file(WRITE ${PROJECT_BINARY_DIR}/debian/triggers "activate-noawait ldconfig\n")
file(WRITE ${PROJECT_BINARY_DIR}/debian/shlibs "libcaption 0.2 caption (>= ${PROJECT_VERSION})\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/debian/triggers ${PROJECT_BINARY_DIR}/debian/shlibs)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "describe photos in a sentence, offline")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "A photo goes in, a sentence comes out. The program comes with its weights and
with the trainer that made them. It needs no network and no graphics
processor, and gives the same answer every time.")
install(FILES ${CMAKE_CURRENT_LIST_DIR}/lintian-overrides RENAME caption DESTINATION ${share}/lintian/overrides
        COMPONENT debian EXCLUDE_FROM_ALL)
include(CPack)
