# mmusim_add_fuzzer(NAME SOURCES file... [LIBRARIES lib...] [CORPUS folder])
#
# One libFuzzer program: a source defines LLVMFuzzerTestOneInput. Built only with MMUSIM_FUZZ (preset fuzz), all of
# them by the target `fuzzers`, and run for ten seconds each by CTest under the label `fuzz`. CORPUS is a folder with
# inputs to start from; what the fuzzer finds beyond them is kept in the build folder.
if(MMUSIM_FUZZ)
    add_custom_target(fuzzers)
endif()

function(mmusim_add_fuzzer name)
    if(NOT MMUSIM_FUZZ)
        return()
    endif()
    cmake_parse_arguments(FUZZER "" "CORPUS" "SOURCES;LIBRARIES" ${ARGN})
    add_executable(${name} ${FUZZER_SOURCES})
    target_link_libraries(${name} PRIVATE ${FUZZER_LIBRARIES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${name})
    set(found "${CMAKE_CURRENT_BINARY_DIR}/${name}.corpus")
    file(MAKE_DIRECTORY "${found}")
    if(BUILD_TESTING)
        add_test(NAME ${name} COMMAND ${name} -max_total_time=10 -timeout=5 -rss_limit_mb=2048 -print_final_stats=1
            "-artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/${name}-" "${found}" ${FUZZER_CORPUS}
            WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
        set_tests_properties(${name} PROPERTIES LABELS fuzz)
    endif()
endfunction()
