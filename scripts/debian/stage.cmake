# Run by CPack over the staged files: what Debian has elsewhere than `cmake --install` puts it, or compressed, or in a form of its own.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(documents ${root}/usr/share/doc/mig)
file(COPY ${documents}/migd.toml DESTINATION ${root}/etc/mig)
file(COPY ${documents}/migd.service DESTINATION ${root}/lib/systemd/system)
file(REMOVE ${documents}/migd.toml ${documents}/migd.service)
file(REMOVE_RECURSE ${root}/usr/share/zsh/site-functions)  # Debian's zsh looks into vendor-completions

file(COPY ${CMAKE_CURRENT_LIST_DIR}/copyright DESTINATION ${documents})
file(COPY ${CMAKE_CURRENT_LIST_DIR}/lintian-overrides DESTINATION ${root}/usr/share/lintian/overrides)
file(RENAME ${root}/usr/share/lintian/overrides/lintian-overrides ${root}/usr/share/lintian/overrides/mig)
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${documents}/changelog
  "mig (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n  * See CHANGELOG.md.gz.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${now}\n")

file(GLOB_RECURSE compressed ${root}/usr/share/man/* ${documents}/changelog ${documents}/CHANGELOG.md)
execute_process(COMMAND gzip -9n ${compressed} COMMAND_ERROR_IS_FATAL ANY)
