//! The tables of `docs/microbenchmarks.md` are what the committed file says.
//!
//! With `AUTHBENCH_SPLICE=1` they are rewritten instead.

mod splice;

use authbench_reports::microbenchmarks::{MicrobenchmarksFile, attribution, markdown, read};

const FILE: &str = "reports/published/microbenchmarks.json";

fn committed() -> MicrobenchmarksFile {
    read(&splice::path(FILE)).expect("the committed file")
}

#[test]
fn the_page_shows_the_committed_file() {
    let tables = markdown(&committed());
    splice::check(
        "docs/microbenchmarks.md",
        "microbenchmarks",
        FILE,
        &tables,
        "microbenchmarks",
    );
}

#[test]
fn every_operation_that_explains_cpu_was_measured() {
    let file = committed();
    for id in attribution::operations() {
        assert!(file.operation(id).is_some(), "{id}");
    }
}

#[test]
fn the_committed_file_is_of_an_optimised_build() {
    assert_eq!(committed().manifest.build, "release");
}
