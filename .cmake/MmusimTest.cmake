# mmusim_add_test(NAME SOURCES file... [LIBRARIES lib...] [LABEL tier])
#
# One cmocka program, run by CTest under NAME. The tier is a CTest label: `unit` (the default, seconds),
# `system` (runs the program), `long` (by name only; CI leaves it out).
function(mmusim_add_test name)
    cmake_parse_arguments(TEST "" "LABEL" "SOURCES;LIBRARIES" ${ARGN})
    if(NOT TEST_LABEL)
        set(TEST_LABEL unit)
    endif()
    add_executable(${name} ${TEST_SOURCES})
    target_link_libraries(${name} PRIVATE ${TEST_LIBRARIES} PkgConfig::cmocka)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${TEST_LABEL})
endfunction()
