//! The figures of the instrument in `docs/METHODOLOGY.md` are what the committed self-tests say.
//!
//! With `AUTHBENCH_SPLICE=1` they are rewritten instead.

mod splice;

use authbench_reports::selftest::{Overall, RowVerdict, SelftestFile, read, repeats_markdown};

const FOLDER: &str = "reports/published/selftests";

/// In the order of their seeds.
fn committed() -> Vec<SelftestFile> {
    let folder = std::fs::read_dir(splice::path(FOLDER)).expect("the folder");
    let paths = folder.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<SelftestFile> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| read(&path).expect("a self-test"))
        .collect();
    files.sort_by_key(|file| file.seed);
    files
}

#[test]
fn the_page_shows_the_committed_self_tests() {
    let table = repeats_markdown(&committed());
    splice::check(
        "docs/METHODOLOGY.md",
        "selftests",
        FOLDER,
        &table,
        "methodology",
    );
}

#[test]
fn the_committed_self_tests_are_whole_and_of_one_optimised_build() {
    let files = committed();
    assert!(files.len() >= 3, "{}", files.len());
    for file in &files {
        assert_eq!(file.manifest.build, "release");
        assert_eq!(file.manifest.git_revision, files[0].manifest.git_revision);
        assert!(file.only.is_empty() && file.injected.is_none());
        assert_eq!(file.verdict, Overall::of(&file.rows));
    }
}

/// What the page says of them: the one figure that was missed is that of another tool.
#[test]
fn no_figure_is_missed_but_the_cost_beside_oha() {
    for file in committed() {
        let failed = file
            .rows
            .iter()
            .filter(|row| row.verdict == RowVerdict::Fail);
        let quantities: Vec<&str> = failed.map(|row| row.quantity.as_str()).collect();
        assert!(
            quantities
                .iter()
                .all(|it| *it == "CPU per request over oha's"),
            "{quantities:?}"
        );
    }
}
