"""A test for each fixture that goes wrong."""


def test_well(well):
    pass


def test_raises(raises):
    pass


def test_needs_one_that_raises(needs_one_that_raises):
    pass


def test_skips(skips):
    pass


def test_fails(fails):
    pass


def test_hangs(hangs):
    pass


def test_hangs_in_native_code(hangs_in_native_code):
    pass


def test_exits(exits):
    pass


def test_leaves(leaves):
    pass


def test_leaves_with_a_code(leaves_with_a_code):
    pass


def test_kills_itself(kills_itself):
    pass


def test_terminates_itself(terminates_itself):
    pass


def test_segfaults(segfaults):
    pass


def test_overflows_the_stack(overflows_the_stack):
    pass


def test_out_of_memory(out_of_memory):
    pass


def test_leaves_a_process(leaves_a_process):
    pass


def test_leaves_a_daemon(leaves_a_daemon):
    pass


def test_leaves_a_thread(leaves_a_thread):
    pass


def test_leaves_a_thread_that_is_no_daemon(leaves_a_thread_that_is_no_daemon):
    pass


def test_teardown_raises(teardown_raises):
    pass


def test_teardown_hangs(teardown_hangs):
    pass


def test_forks_without_end(forks_without_end):
    pass


def test_reads_stdin(reads_stdin):
    pass


def test_floods(floods):
    pass


def test_changes_folder(changes_folder):
    pass


def test_deletes_its_folder(deletes_its_folder):
    pass


def test_deletes_the_temporary_folder(deletes_the_temporary_folder):
    pass


def test_ignores_signals(ignores_signals):
    pass


def test_changes_environment(changes_environment):
    pass


def test_mocks_time(mocks_time):
    pass


def test_mocks_os_and_gc(mocks_os_and_gc):
    pass


def test_traces(traces):
    pass


def test_needs_a_server(needs_a_server):
    pass


def test_only_once(only_once):
    pass


def test_closes_descriptors(closes_descriptors):
    pass


def test_raises_an_odd_error(raises_an_odd_error):
    pass


def test_in_order(opens_the_shop, needs_another_of_the_test):
    pass
