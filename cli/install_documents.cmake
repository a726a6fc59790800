# Writes manual pages and completions, as they are installed below share/: cmake -D MIG=... -D FOLDER=... -P THIS
function(write_output file)
  execute_process(COMMAND ${MIG} ${ARGN} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE ${FOLDER}/${file} "${text}")
endfunction()

file(REMOVE_RECURSE ${FOLDER})
write_output(man/man1/mig.1 help --man)
execute_process(COMMAND ${MIG} help --json OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
string(JSON count LENGTH "${help}" commands)
math(EXPR last "${count} - 1")
foreach(index RANGE ${last})
  string(JSON command GET "${help}" commands ${index} name)
  write_output(man/man1/mig-${command}.1 help ${command} --man)
endforeach()
write_output(bash-completion/completions/mig completion bash)
write_output(fish/vendor_completions.d/mig.fish completion fish)
write_output(zsh/site-functions/_mig completion zsh)
write_output(zsh/vendor-completions/_mig completion zsh) # where Debian's zsh looks below /usr
