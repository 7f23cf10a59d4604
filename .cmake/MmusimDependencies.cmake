# Every library that mmusim uses, found by pkg-config, as an imported target PkgConfig::NAME. Imported targets'
# headers are system headers to the compiler, so our warnings do not reach into them.
#
# What is missing is collected first and told in one message, with the one line that installs all of it.

# The C++ standard that Debian's SystemC is built as. Its headers refer to a symbol that names the standard
# (`sc_api_version_2_3_4_cxx201703L`), so an application in another one fails at link.
set(MMUSIM_SYSTEMC_STANDARD 17)

# mmusim_find(NAME MODULE PACKAGE): target PkgConfig::NAME from the pkg-config module; PACKAGE is Debian's.
macro(mmusim_find name module package)
    if(PKG_CONFIG_FOUND)
        pkg_check_modules(${name} QUIET IMPORTED_TARGET ${module})
    endif()
    if(NOT ${name}_FOUND)
        list(APPEND MMUSIM_MISSING "  ${module} (Debian package ${package})")
        list(APPEND MMUSIM_MISSING_PACKAGES ${package})
    endif()
endmacro()

function(mmusim_check_standard)
    if(DEFINED CMAKE_CXX_STANDARD AND NOT CMAKE_CXX_STANDARD EQUAL MMUSIM_SYSTEMC_STANDARD)
        message(FATAL_ERROR
            "CMAKE_CXX_STANDARD is ${CMAKE_CXX_STANDARD}, but must be ${MMUSIM_SYSTEMC_STANDARD}: SystemC 2.3.4 is "
            "built as C++${MMUSIM_SYSTEMC_STANDARD}, and an application in another standard fails at link with an "
            "undefined sc_api_version_2_3_4_cxx symbol. Configure again without -DCMAKE_CXX_STANDARD (cmake -U "
            "CMAKE_CXX_STANDARD forgets it). Only the C libraries, -DMMUSIM_CORE_ONLY=ON, do without SystemC.")
    endif()
endfunction()

# The same for a SystemC of the user's own that was built otherwise: link the smallest program once.
function(mmusim_check_systemc_links)
    include(CheckCXXSourceCompiles)
    set(CMAKE_CXX_STANDARD ${MMUSIM_SYSTEMC_STANDARD})
    set(CMAKE_REQUIRED_LIBRARIES PkgConfig::systemc)
    set(CMAKE_REQUIRED_QUIET ON)
    check_cxx_source_compiles("#include <systemc>
        int sc_main(int, char **) { return sc_core::SC_ZERO_TIME == sc_core::sc_time(1, sc_core::SC_NS); }"
        MMUSIM_SYSTEMC_LINKS)
    if(NOT MMUSIM_SYSTEMC_LINKS)
        unset(MMUSIM_SYSTEMC_LINKS CACHE) # so that the cure is seen by the next configure
        message(FATAL_ERROR
            "A program in C++${MMUSIM_SYSTEMC_STANDARD} does not link with the SystemC that pkg-config found "
            "(version ${systemc_VERSION}, libraries ${systemc_LINK_LIBRARIES}). It was probably built in another C++ "
            "standard, or CMAKE_CXX_FLAGS asks for one; details are in CMakeFiles/CMakeError.log. Debian's fits: "
            "apt-get install libsystemc-dev")
    endif()
endfunction()

set(MMUSIM_MISSING "")
set(MMUSIM_MISSING_PACKAGES "")
find_package(PkgConfig QUIET)
if(NOT PKG_CONFIG_FOUND)
    list(APPEND MMUSIM_MISSING "  pkg-config itself (Debian package pkg-config), so no library can be found")
    list(APPEND MMUSIM_MISSING_PACKAGES pkg-config)
endif()
mmusim_find(libarchive libarchive libarchive-dev)
if(NOT DEFINED BUILD_TESTING OR BUILD_TESTING)
    mmusim_find(cmocka cmocka libcmocka-dev)
endif()
if(NOT MMUSIM_CORE_ONLY)
    mmusim_check_standard()
    mmusim_find(systemc systemc libsystemc-dev)
    mmusim_find(tlm tlm libsystemc-dev)
    mmusim_find(lua lua5.4 liblua5.4-dev)
    mmusim_find(sqlite3 sqlite3 libsqlite3-dev)
    mmusim_find(capstone capstone libcapstone-dev)
endif()

if(MMUSIM_MISSING)
    list(REMOVE_DUPLICATES MMUSIM_MISSING_PACKAGES)
    list(JOIN MMUSIM_MISSING "\n" missing_text)
    list(JOIN MMUSIM_MISSING_PACKAGES " " packages_text)
    message(FATAL_ERROR "mmusim needs what pkg-config does not find:\n${missing_text}\n"
        "This installs all of it:\n  apt-get install ${packages_text}\n")
endif()
if(NOT MMUSIM_CORE_ONLY)
    mmusim_check_systemc_links()
endif()
