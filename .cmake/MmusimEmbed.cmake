# mmusim_embed_texts(OUTPUT HEADER TYPE PREFIX LIST...): a C source with the texts of files, as EmbedTexts.cmake
# describes it. Each LIST argument is a list's name, an equals sign, and its files, separated by commas.
set(MMUSIM_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/EmbedTexts.cmake")
function(mmusim_embed_texts output header type prefix)
    set(files "")
    foreach(list ${ARGN})
        string(REGEX REPLACE "^[a-z]+=" "" list "${list}")
        string(REPLACE "," ";" list "${list}")
        list(APPEND files ${list})
    endforeach()
    string(REPLACE ";" ":" lists "${ARGN}")
    add_custom_command(
        OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DHEADER=${header}" "-DTYPE=${type}" "-DPREFIX=${prefix}"
                "-DLISTS=${lists}" -P "${MMUSIM_EMBED_SCRIPT}"
        DEPENDS "${MMUSIM_EMBED_SCRIPT}" ${files}
        VERBATIM)
endfunction()
