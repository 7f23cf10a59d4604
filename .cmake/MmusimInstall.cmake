# `cmake --install`: the program, the libraries with their public headers, and what others find them by: pkg-config
# files and a CMake package. All of it is relocatable.
#
# Public headers are named here; a header of this list that includes another one which is not fails the test `install`.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(MMUSIM_PUBLIC_HEADERS
    pagetables/abstract_map.h pagetables/checked.h pagetables/conform/conform.h pagetables/entry.h
    pagetables/environment.h pagetables/ept.h pagetables/flat_memory.h pagetables/frame.h pagetables/interpret.h
    pagetables/pagetable.h pagetables/plugin.h pagetables/plugin_load.h pagetables/riscv.h pagetables/two_stage.h
    pagetables/vmsa.h pagetables/vmsa_registers.h pagetables/walk.h pagetables/x86.h
    tlb/replacement.h tlb/tlb.h
    traces/decode.h traces/info.h traces/trace.h
    mmu/config.h mmu/counters.h mmu/event.h mmu/frame_allocator.h mmu/guest.h mmu/histogram.h mmu/machine.h mmu/memory.h
    mmu/setup.h mmu/stream.h
    mmu/systemc/lockstep.h mmu/systemc/mmu_extension.h mmu/systemc/mmu_module.h mmu/systemc/program_host.h
    mmu/systemc/tlm_memory.h)

# ---- Headers: as <mmusim/FOLDER/FILE.h>, with one include folder for all of them ----

install(CODE "
    set(SOURCE \"${CMAKE_SOURCE_DIR}\")
    set(HEADERS \"${MMUSIM_PUBLIC_HEADERS}\")
    set(WORK \"${CMAKE_BINARY_DIR}\")
    set(INCLUDEDIR \"${CMAKE_INSTALL_INCLUDEDIR}\")
    include(\"${CMAKE_CURRENT_LIST_DIR}/InstallHeaders.cmake\")")

# ---- Libraries ----

# mmusim_install_libraries(COMPONENT LIBRARY=NAME...): static libraries, in the package as mmusim::NAME.
function(mmusim_install_libraries component)
    foreach(pair ${ARGN})
        string(REPLACE "=" ";" pair "${pair}")
        list(GET pair 0 library)
        list(GET pair 1 name)
        set_target_properties(${library} PROPERTIES EXPORT_NAME ${name})
        target_include_directories(${library} INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
        install(TARGETS ${library} EXPORT mmusim_${component} ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    endforeach()
    install(EXPORT mmusim_${component} NAMESPACE mmusim:: FILE mmusim-${component}.cmake
            DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/mmusim")
endfunction()

# mmusim_install_pkgconfig(NAME [DESCRIPTION text] [REQUIRES module...] [LIBRARIES flag...])
function(mmusim_install_pkgconfig name)
    cmake_parse_arguments(PC "" "DESCRIPTION" "REQUIRES;LIBRARIES" ${ARGN})
    set(PC_NAME "${name}")
    list(JOIN PC_REQUIRES " " PC_REQUIRES)
    set(PC_LIBS "")
    if(PC_LIBRARIES)
        list(JOIN PC_LIBRARIES " " PC_LIBS)
        set(PC_LIBS "-L\${libdir} ${PC_LIBS}")
    endif()
    # From the folder of the file to the prefix, so that the whole may be moved.
    file(RELATIVE_PATH PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
    string(REGEX REPLACE "/$" "" PC_PREFIX "${PC_PREFIX}")
    configure_file("${CMAKE_SOURCE_DIR}/.cmake/mmusim.pc.in" "${CMAKE_BINARY_DIR}/${name}.pc" @ONLY)
    install(FILES "${CMAKE_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

# A plug-in sees headers and links with nothing: what it calls and does not define is an error of its build.
target_link_options(mmusim_plugin INTERFACE "$<INSTALL_INTERFACE:LINKER:-z,defs>")
mmusim_install_libraries(plugin mmusim_plugin=plugin)
mmusim_install_libraries(core mmusim_pagetables=pagetables mmusim_plugins=plugin_loader mmusim_tlb=tlb mmusim_mmu=mmu
                        mmusim_conform=conform)
mmusim_install_libraries(traces mmusim_traces=traces)
mmusim_install_pkgconfig(mmusim-plugin DESCRIPTION "Headers for page tables as plug-ins of mmusim")
mmusim_install_pkgconfig(mmusim DESCRIPTION "${PROJECT_DESCRIPTION}: page tables, TLBs, the machine"
    LIBRARIES -lmmusim_conform -lmmusim_mmu -lmmusim_tlb -lmmusim_plugins -lmmusim_pagetables -ldl -lm)
mmusim_install_pkgconfig(mmusim-traces DESCRIPTION "Traces of memory accesses, read and written"
    REQUIRES libarchive LIBRARIES -lmmusim_traces)
set(components plugin core traces)
if(NOT MMUSIM_CORE_ONLY)
    mmusim_install_libraries(decode mmusim_decode=decode)
    mmusim_install_libraries(systemc mmusim_systemc=systemc)
    mmusim_install_pkgconfig(mmusim-decode DESCRIPTION "Classes of instructions in traces"
        REQUIRES capstone LIBRARIES -lmmusim_decode)
    mmusim_install_pkgconfig(mmusim-systemc DESCRIPTION "The MMU as a SystemC module with TLM-2.0 sockets"
        REQUIRES mmusim systemc tlm LIBRARIES -lmmusim_systemc)
    list(APPEND components decode systemc)
endif()

# ---- The CMake package ----

set(MMUSIM_COMPONENTS "${components}")
configure_package_config_file("${CMAKE_SOURCE_DIR}/.cmake/mmusim-config.cmake.in"
    "${CMAKE_BINARY_DIR}/mmusim-config.cmake" INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/mmusim")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/mmusim-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/mmusim-config.cmake" "${CMAKE_BINARY_DIR}/mmusim-config-version.cmake"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/mmusim")

# ---- What an author begins with ----

install(DIRECTORY "${CMAKE_SOURCE_DIR}/pagetables/template/" DESTINATION "${CMAKE_INSTALL_DATADIR}/mmusim/template")

# ---- Plug-ins of our own, to be named by their path ----

install(TARGETS radix-verified LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/mmusim")
