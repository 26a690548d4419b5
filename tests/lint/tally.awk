# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/tally.awk - sums the cases of every test program out of a `ctest -V` log.
#
# A program that fails without a failed case, and one that counts no case, is itself a failed case.
# The last line is "N passed, M failed"; the exit status is 0 only when some passed and none failed.

# "12: 3 passed, 0 failed": program number 12 has counted its cases.
match($0, /^[0-9]+: [0-9]+ passed, [0-9]+ failed$/) {
    split($0, word, /[: ]+/)
    held[word[1]] += word[2]
    broken[word[1]] += word[4]
}

# " 7/30 Test #12: unit_schema_test_csv ....   Passed    0.21 sec"
/ Test +#[0-9]+: / && / sec$/ {
    id = $0
    sub(/.* Test +#/, "", id)
    name = id
    sub(/:.*/, "", id)
    sub(/^[0-9]+: /, "", name)
    sub(/ .*/, "", name)
    ok = $0 ~ / Passed +[0-9.]+ sec$/
    if (held[id] + broken[id] == 0 || (!ok && broken[id] == 0))
        broken[id]++
    passed += held[id]
    failed += broken[id]
    if (broken[id])
        print "FAILED  " name
}

END {
    printf "%d passed, %d failed\n", passed, failed
    exit passed == 0 || failed > 0
}
