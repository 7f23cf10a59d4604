# Compiler instrumentation of the whole build: MMUSIM_SANITIZE, MMUSIM_COVERAGE, MMUSIM_FUZZ.
set(MMUSIM_INSTRUMENTATION "")
if(MMUSIM_SANITIZE)
    list(JOIN MMUSIM_SANITIZE "," sanitizers)
    list(APPEND MMUSIM_INSTRUMENTATION -fsanitize=${sanitizers})
endif()
if(MMUSIM_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "MMUSIM_FUZZ needs clang, not ${CMAKE_C_COMPILER_ID}: libFuzzer is a part of clang. "
            "Use the preset (cmake --preset fuzz), or -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++")
    endif()
    list(APPEND MMUSIM_INSTRUMENTATION -fsanitize=fuzzer-no-link,address,undefined)
endif()
if(MMUSIM_COVERAGE)
    list(APPEND MMUSIM_INSTRUMENTATION --coverage)
endif()
if(MMUSIM_INSTRUMENTATION)
    add_compile_options(${MMUSIM_INSTRUMENTATION} -fno-omit-frame-pointer)
    add_link_options(${MMUSIM_INSTRUMENTATION})
endif()
if(MMUSIM_SANITIZE MATCHES "undefined" OR MMUSIM_FUZZ)
    add_compile_options(-fno-sanitize-recover=undefined) # a finding ends the program, and so the test
endif()

# mmusim_hot_library(TARGET): in release builds, code of this library and of its users is optimised across files.
# Fat objects keep `nm` and linking without link-time optimisation possible.
function(mmusim_hot_library target)
    if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_C_COMPILER_ID STREQUAL "GNU" AND NOT MMUSIM_SANITIZE)
        target_compile_options(${target} PRIVATE -flto=auto -ffat-lto-objects)
        target_link_options(${target} INTERFACE "$<BUILD_INTERFACE:-flto=auto>")
    endif()
endfunction()
