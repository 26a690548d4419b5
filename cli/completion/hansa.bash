# SPDX-License-Identifier: Apache-2.0
# Completion of hansa for bash: the command itself knows what fits. Source it, or install it as
# share/bash-completion/completions/hansa.
_hansa() {
    local IFS=$'\n'
    COMPREPLY=($(hansa __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _hansa hansa
