//! Parts of pages that are made from committed files: a test sees to it that they are what the files say, or writes them.

use std::path::{Path, PathBuf};

/// Whether pages are to be written and not checked.
pub(crate) fn is_wanted() -> bool {
    std::env::var("AUTHBENCH_SPLICE").is_ok()
}

/// A file of the repository.
pub(crate) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// That `page` has `text` between `<!-- KIND: SOURCE -->` and `<!-- /KIND -->`; with `AUTHBENCH_SPLICE=1` it has it afterwards.
///
/// # Panics
/// When it has something else, or no such place. `test` is the one that would write it.
pub(crate) fn check(page: &str, kind: &str, source: &str, text: &str, test: &str) {
    let (begin, end) = (
        format!("<!-- {kind}: {source} -->\n"),
        format!("<!-- /{kind} -->"),
    );
    let whole = std::fs::read_to_string(path(page)).expect("the page");
    let (before, rest) = whole.split_once(&begin).expect("the place for it");
    let (shown, after) = rest.split_once(&end).expect("the end of that place");
    if is_wanted() {
        let whole = format!("{before}{begin}{text}\n{end}{after}");
        std::fs::write(path(page), whole).expect("a writable page");
        return;
    }
    assert_eq!(
        shown.trim_end(),
        text.trim_end(),
        "run AUTHBENCH_SPLICE=1 cargo test --test {test}"
    );
}
