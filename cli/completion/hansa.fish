# SPDX-License-Identifier: Apache-2.0
# Completion of hansa for fish: the command itself knows what fits. Install it as
# share/fish/vendor_completions.d/hansa.fish.
complete -c hansa -a '(hansa __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
