# mmusim_add_plugin(NAME SOURCES file... [LIBRARIES lib...]): a plug-in NAME.so in the current build folder, which
# sees what an author outside sees: the headers, as <mmusim/plugin.h>, and nothing to link with.
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/include/mmusim/plugin.h" CONTENT [[
/* What a plug-in includes, here in the build tree. */
#include "pagetables/plugin.h"
]] @ONLY)

add_library(mmusim_plugin INTERFACE)
add_library(mmusim::plugin ALIAS mmusim_plugin)

function(mmusim_add_plugin name)
    cmake_parse_arguments(PLUGIN "" "" "SOURCES;LIBRARIES" ${ARGN})
    add_library(${name} MODULE ${PLUGIN_SOURCES})
    target_link_libraries(${name} PRIVATE mmusim_plugin ${PLUGIN_LIBRARIES})
    target_include_directories(${name} PRIVATE "${CMAKE_BINARY_DIR}/include")
    set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" C_VISIBILITY_PRESET hidden
                                             CXX_VISIBILITY_PRESET hidden)
endfunction()
